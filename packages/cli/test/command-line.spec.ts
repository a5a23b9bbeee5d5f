import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runCli, runShell } from './support/run-cli.js';

test.each([
  [[]],
  [['exec']],
  [['start']],
  [['stop']],
  [['kill']],
  [['rm']],
  [['ps']],
  [['enable']],
  [['disable']],
  [['destroy']],
  [['restart']],
  [['schedule']],
  [['schedule', 'export']],
  [['schedule', 'import']],
  [['why']],
  [['apply']],
  [['attach']],
  [['status']],
  [['top']],
  [['logs']],
  [['events']],
  [['log-level']],
  [['pki']],
  [['pki', 'issue']],
])('the help of %j shows an example and the global options', async (command) => {
  const result = await runCli([...command, '--help']);
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(result.stdout).toMatch(/Examples?:\n {2}(sudo )?aurae /);
  expect(result.stdout).toContain('--socket <address>');
  expect(result.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test('no command shows the help', async () => {
  const result = await runCli([]);
  expect(result.code).toBe(2);
  expect(result.stderr).toContain('Usage: aurae');
});

test('the version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  expect(await runCli(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
});

test.each([
  [['statsu'], 'aurae: unknown command \'statsu\' (Did you mean status?): see "aurae --help"\n'],
  [
    ['status', '--sokcet', '/x'],
    'aurae: unknown option \'--sokcet\' (Did you mean --socket?): see "aurae status --help"\n',
  ],
  [['status', 'all'], "aurae: too many arguments for 'status'. Expected 0 arguments but got 1.\n"],
  [
    ['logs', '--daemon', '--tail', 'x'],
    "aurae: option '-n, --tail <lines>' argument 'x' is invalid. Allowed are whole numbers from 0 up.\n",
  ],
  [['pki', 'issue'], "aurae: missing required argument 'name'\n"],
  [['nosuch', '--help'], 'aurae: unknown command \'nosuch\': see "aurae --help"\n'],
  [['--root', '/x', 'statsu', '-h'], 'aurae: unknown command \'statsu\' (Did you mean status?): see "aurae --help"\n'],
  [['help', 'statsu'], 'aurae: unknown command \'statsu\' (Did you mean status?): see "aurae --help"\n'],
  [['pki', 'isue', '--help'], 'aurae: unknown command \'isue\' (Did you mean issue?): see "aurae pki --help"\n'],
])('%j is refused with 2 and a hint', async (args, stderr) => {
  expect(await runCli(args)).toMatchObject({ code: 2, stdout: '', stderr });
});

const emptyGlobals = ['--socket', '--config', '--root', '--ca-crt', '--client-crt', '--client-key'];
test.each([
  ...emptyGlobals.map((flag) => [['status', flag]]),
  [['pki', 'issue', 'alice', '--out']],
  [['pki', 'issue', 'alice', '--pki-dir']],
])('an empty value is refused after %j', async (words) => {
  const flag = words.at(-1);
  const { code, stderr } = await runCli([...words, '']);
  expect(code).toBe(2);
  expect(stderr).toMatch(new RegExp(`^aurae: option '${flag} <.*>' argument '' is invalid. It must not be empty.\\n$`));
});

test('empty variables count as unset', async () => {
  const variables = { AURAE_ROOT: '', AURAE_SOCKET: '', AURAE_CONFIG: '', HOME: '/nonexistent' };
  const { code, stderr } = await runCli(['status', '--root', '/none'], variables);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('"/none/run/aurae/aurae.sock"') });
});

test('messages call the options as they are typed', async () => {
  const files = ['--ca-crt', '/no/ca', '--client-crt', '/no/crt', '--client-key', '/no/key'];
  const message = async (...args: string[]) => (await runCli(['status', ...args])).stderr;
  expect(await message('--config', '/none')).toContain('"/none" (--config): it does not exist');
  expect(await message('--socket', 'localhost:99999')).toContain(
    'Cannot use the socket "localhost:99999" (--socket): the port 99999 is not from 1 to 65535',
  );
  expect(await message('--socket', 'localhost:1', ...files)).toContain('the CA certificate "/no/ca" (--ca-crt)');
});

test.each(['aurae --help', 'aurae exec --help', 'aurae --version', 'aurae help pki'])(
  '%s is quiet when its reader has left',
  async (command) => {
    const dir = mkdtempSync(join(tmpdir(), 'aurae-cli-'));
    try {
      const fifo = join(dir, 'fifo');
      execFileSync('mkfifo', [fifo]);
      const withoutReader = `exec 3<>'${fifo}' 4>'${fifo}'; exec 3>&-; ${command} >&4`;
      expect(await runShell(withoutReader)).toMatchObject({ code: 0, stdout: '', stderr: '' });
      expect((await runShell(`${withoutReader} 2>&4`)).code).toBe(0);
      expect(await runShell(`exec 3<>'${fifo}' 4>'${fifo}'; exec 3>&-; aurae 2>&4`)).toMatchObject({
        code: 2,
        stdout: '',
      });
    } finally {
      rmSync(dir, { recursive: true });
    }
  },
);

test('output that cannot be written is told in one line', async () => {
  expect(await runShell('aurae --help >/dev/full')).toMatchObject({
    code: 1,
    stderr: 'aurae: Cannot write the output: no space left on device\n',
  });
});

test('as JSON a wrong command line is told as JSON', async () => {
  const { code, stderr } = await runCli(['--output', 'json', 'statsu']);
  expect(code).toBe(2);
  expect(JSON.parse(stderr)).toEqual({
    error: { reason: 'USAGE', message: 'unknown command \'statsu\' (Did you mean status?): see "aurae --help"' },
  });
});

test('a config file that cannot be right is told', async () => {
  const { code, stderr } = await runCli([
    'status',
    '--config',
    fileURLToPath(new URL('../package.json', import.meta.url)),
  ]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^aurae: Cannot read the client config file ".*package.json": line 1, column 1: .*\n$/);
});

test('help loads no gRPC', () => {
  const bin = fileURLToPath(new URL('../bin/aurae.js', import.meta.url));
  const probe = `process.argv[1] = ${JSON.stringify(bin)}; process.argv.push('--help');
    process.on('exit', () => console.log(Object.keys(require.cache).filter((name) => name.includes('@grpc')).length));
    import(${JSON.stringify(bin)});`;
  expect(execFileSync(process.execPath, ['-e', probe]).toString().trim().split('\n').at(-1)).toBe('0');
});

test('a checkout that is not built says so', () => {
  const dir = mkdtempSync(join(tmpdir(), 'aurae-cli-'));
  try {
    cpSync(fileURLToPath(new URL('../bin', import.meta.url)), join(dir, 'bin'), { recursive: true });
    cpSync(fileURLToPath(new URL('../package.json', import.meta.url)), join(dir, 'package.json'));
    expect(() => execFileSync(join(dir, 'bin/aurae.js'), ['--help'], { stdio: 'pipe' })).toThrow(/npm run build/);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
