import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childrenOf, openDescriptors } from './auraed-fixture.js';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const packages = ['packages/proto', 'packages/observe-logs', 'packages/runtime-process'];
const examples = ['start.mjs', 'adopt.mjs'];
const run = promisify(execFile);

const scratch = mkdtempSync(join(tmpdir(), 'aurae-packed-'));
const folder = join(scratch, 'empty');
const nowhere = join(scratch, 'no-programs');
let installed = false;

beforeAll(async () => {
  if (process.env['CI'] === undefined && !(await reachesRegistry())) return;
  mkdirSync(folder);
  mkdirSync(nowhere);
  const workspaces = packages.flatMap((name) => ['-w', name]);
  await npm(repository, 'pack', '--ignore-scripts', ...workspaces, '--pack-destination', folder);
  // Else npm would look for a project in the directories above.
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const tarballs = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  expect(tarballs).toHaveLength(packages.length);
  await npm(folder, 'install', ...tarballs.map((name) => `./${name}`));
  for (const name of examples) cpSync(join(repository, 'examples/library-executables', name), join(folder, name));
  installed = true;
}, 300_000);

afterAll(() => {
  for (const shim of shims()) {
    for (const pid of [...childrenOf(shim), shim]) kill(pid);
  }
  rmSync(scratch, { recursive: true });
});

describe('the packed packages in an empty folder', () => {
  it('one program starts an executable and ends, another finds it and stops it', async ({ skip }) => {
    skip(!installed, 'npm reaches no registry from here');
    const started = await node('start.mjs');
    const [, pid] =
      /^Started ticker \(pid (\d+)\)\n1 tick 1\n2 tick 2\n3 tick 3\nLeaving it running\n$/.exec(started) ?? [];
    expect(started).toContain(`Started ticker (pid ${pid})`);
    expect(commandOf(Number(pid))).toBe('sh');

    expect(await node('adopt.mjs')).toBe(
      `Found ticker (pid ${pid})\n1 tick 1\n2 tick 2\n3 tick 3\n4 tick 4\n5 tick 5\n` +
        'Exit code 143. Ended by SIGTERM. It was stopped.\n',
    );
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  it('run the program of their README', async ({ skip }) => {
    skip(!installed, 'npm reaches no registry from here');
    const readme = readFileSync(join(folder, 'node_modules/@aurae/runtime-process/README.md'), 'utf8');
    const [, program = ''] = /^```js\n(.*?)^```$/ms.exec(readme) ?? [];
    writeFileSync(join(folder, 'readme.mjs'), program.replaceAll('/tmp/greeter', join(folder, 'greeter')));
    expect(await node('readme.mjs')).toBe(
      "0 Linux\nstdout hello, world\n[ 'greeter' ]\n143 Ended by SIGTERM. It was stopped.\n",
    );
  });

  it('need no gRPC', async ({ skip }) => {
    skip(!installed, 'npm reaches no registry from here');
    const program = [
      "import { createRequire } from 'node:module';",
      "await import('@aurae/runtime-process');",
      'const loaded = Object.keys(createRequire(import.meta.url).cache);',
      "console.log(loaded.some((path) => path.endsWith('.node')), loaded.filter((path) => path.includes('grpc')));",
    ];
    writeFileSync(join(folder, 'loaded.mjs'), program.join('\n'));
    expect(await node('loaded.mjs')).toBe('true []\n');
  });

  it('say in one sentence what their installation lacks', async ({ skip }) => {
    skip(!installed, 'npm reaches no registry from here');
    const script = join(folder, 'node_modules/@aurae/runtime-process/scripts/preinstall.js');
    const failure: unknown = await run(process.execPath, [script], { env: { PATH: nowhere } }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 1, stdout: '' });
    expect((failure as { stderr: string }).stderr).toMatch(
      /^@aurae\/runtime-process compiles its native part, and this machine lacks a C compiler, a C\+\+ compiler, make and Python 3: install with `(sudo )?apt-get install -y --no-install-recommends gcc g\+\+ make python3`, then try again\n$/,
    );
  });
});

async function node(program: string): Promise<string> {
  return (await run(process.execPath, [program], { cwd: folder, timeout: 60_000 })).stdout;
}

async function npm(cwd: string, ...args: string[]): Promise<void> {
  await run('npm', args, { cwd, env: npmEnvironment(), maxBuffer: 16 * 1024 * 1024 });
}

async function reachesRegistry(): Promise<boolean> {
  return npm(repository, 'ping', '--fetch-retries=0', '--fetch-timeout=5000').then(
    () => true,
    () => false,
  );
}

/** Without what tells an npm which project the npm that runs these tests works on. */
function npmEnvironment(): NodeJS.ProcessEnv {
  const foreign = ['npm_config_local_prefix', 'npm_package_json', 'INIT_CWD', 'NODE_ENV'];
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.includes(name)));
}

/** Those that keep files of the examples open; none, unless a test failed. */
function shims(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isShim(pid) && openDescriptors(pid).some((path) => path.startsWith(folder)));
}

function isShim(pid: number): boolean {
  try {
    return commandOf(pid) === 'aurae-shim';
  } catch {
    return false;
  }
}

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
