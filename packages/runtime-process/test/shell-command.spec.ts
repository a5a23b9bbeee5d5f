import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { InvalidSpecError } from '@aurae/proto';
import { parseShellCommand } from '@aurae/runtime-process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const fixture = fileURLToPath(new URL('./fixtures/print-arguments.sh', import.meta.url));

function outcome(argv: readonly string[]): { stdout: string; status: number | null } {
  const [file = '', ...rest] = argv;
  const { stdout, status, error } = spawnSync(file, rest, { encoding: 'latin1', env: {}, cwd: '/' });
  if (error) throw error;
  return { stdout, status };
}

const viaShell = (command: string) => outcome(['/bin/sh', '-c', command]);

describe('parseShellCommand', () => {
  test.each([
    ['/bin/ls -l', ['/bin/ls', '-l']],
    ['  ls\t -l  ', ['ls', '-l']],
    [`ls 'a b' "c d" e\\ f`, ['ls', 'a b', 'c d', 'e f']],
    [`ls '' ""`, ['ls', '', '']],
    [`ls "\\$x \\\\ \\q"`, ['ls', '$x \\ \\q']],
    [`ls a'b'"c"d`, ['ls', 'abcd']],
    ['ls a=b', ['ls', 'a=b']],
    ["ls '*' '$x' '|'", ['ls', '*', '$x', '|']],
  ])('runs %j directly', (command, argv) => {
    expect(parseShellCommand(command)).toEqual({ kind: 'direct', argv });
  });

  test.each([
    'ls | wc',
    'ls &',
    'ls; ls',
    'ls > x',
    'ls < x',
    '(ls)',
    'ls $x',
    'ls `x`',
    'ls *',
    'ls ?',
    'ls [a]',
    'ls # x',
    'ls ~',
    'ls {a,b}',
    '! ls',
    'ls\nls',
    "ls '",
    'ls "',
    'ls \\',
    'ls "$x"',
    'A=b ls',
    'A=b',
    'A+=b ls',
    'if',
    'cd /',
    '"cd" /',
    'exit 3',
    'echo hi',
    '. x',
    ':',
    'type ls',
    'exec ls',
    '[ a ]',
    'ulimit -n',
  ])('gives %j to the shell', (command) => {
    expect(parseShellCommand(command)).toEqual({ kind: 'shell', argv: ['/bin/sh', '-c', command] });
  });

  test.each(['', ' ', '\t\n ', 'ls \0', '\0'])('refuses %j', (command) => {
    expect(() => parseShellCommand(command)).toThrow(InvalidSpecError);
  });

  test('gives the same result as /bin/sh, whichever way it chooses', () => {
    const piece = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('a', 'b c', ' ', '\t', 'ü', '-n', '=', 'x=y', '%', '^', ',', ':', '@') },
      {
        weight: 4,
        arbitrary: fc.constantFrom("'", '"', '\\', "''", '""', "'a b'", '"a b"', '\\ ', '\\"', "\\'", '"\\$"'),
      },
      { weight: 1, arbitrary: fc.constantFrom('$', '#', '~', '!', '{', '}', '*', '\n', ';', '|', '\\\n', '\r', '\v') },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 3 }).filter((text) => !/[\0<>&]/.test(text)) },
    );
    let direct = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const command = `${fixture} ${pieces.join('')}`;
        // Two dollars may be the shell's pid, which is another each time.
        fc.pre((command.match(/\$/g) ?? []).length < 2);
        const parsed = parseShellCommand(command);
        if (parsed.kind === 'direct') direct++;
        expect(outcome(parsed.argv)).toEqual(viaShell(command));
      }),
      { numRuns: 500 },
    );
    expect(direct).toBeGreaterThan(50);
  });

  test('leaves no trace of the way in which a long script reaches the shell', () => {
    const filler = `# ${'ü😀'.repeat(40_000)}`;
    const script = `${filler}\nprintf '%s|' "$0" "$#" "\${aurae_script-unset}" 'ü😀'; cat; exit 7`;
    expect(Buffer.byteLength(script)).toBeGreaterThan(200_000);
    const short = script.replace(filler, '#');
    expect(outcome(parseShellCommand(script).argv)).toEqual(viaShell(short));
    expect(viaShell(short)).toMatchObject({ status: 7 });
  });
});
