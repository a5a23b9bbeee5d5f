import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { callContext, FailedPreconditionError, InvalidSpecError, meta, runtime, ShuttingDownError } from '@aurae/proto';
import { describe, expect, test } from 'vitest';
import { ProcessRuntime } from '../../src/index.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { Executables } from './executables.js';

const { STATUS_ACTIVE, STATUS_ERROR, STATUS_STANDBY } = meta.Status;
const { START_STEP_DIRECTORY, START_STEP_PROGRAM, START_STEP_USER } = runtime.StartStep;
const isRoot = process.getuid?.() === 0;

type Request = Partial<Omit<runtime.Executable, 'meta' | 'limits' | 'criteria'>> & {
  meta?: { name: string };
  limits?: { memoryBytes: bigint };
  criteria?: { readyWithinMs: number };
};

function check(executables: Executables, request: Request): Promise<runtime.ExecutableStatus> {
  return executables.processes.check(callContext(), runtime.Executable.fromPartial(request));
}

/** What a check said, once a start of the same has said so too. */
async function checkedAgainstStart(request: Request): Promise<runtime.ExecutableStatus> {
  const executables = await Executables.open();
  const checked = await check(executables, request);
  const started = await executables.processes.start(callContext(), runtime.Executable.fromPartial(request));
  const said = ({ errorCode, failedStep, meta: named }: runtime.ExecutableStatus) => ({ errorCode, failedStep, named });
  expect(checked.status).toBe(started.status === STATUS_ACTIVE ? STATUS_STANDBY : started.status);
  expect(said(checked)).toEqual(said(started));
  return checked;
}

function file(name: string, content: string | Buffer, mode = 0o755): string {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

test('what could be started is on standby, and nothing is left of the question', async () => {
  const executables = await Executables.open();
  const status = await check(executables, { meta: { name: 'web' }, argv: ['sleep', '1000'] });
  expect(status).toMatchObject({ status: STATUS_STANDBY, meta: { name: 'web', message: '' }, errorCode: '' });
  expect(await executables.list()).toEqual([]);
  expect(existsSync(join(executables.stateDir, 'workloads'))).toBe(false);
  expect(readdirSync(join(executables.stateDir, 'sockets'))).toEqual([]);
});

test('it is told the name that it would have', async () => {
  const executables = await Executables.open();
  expect((await check(executables, { command: 'sleep 1000' })).meta?.name).toBe('sleep 1000');
  expect((await check(executables, { argv: ['sleep', '1 2'] })).meta?.name).toBe("sleep '1 2'");
});

test('a name that is in use is nothing in the way', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sleep', '1000']);
  expect(await check(executables, { meta: { name: 'web' }, argv: ['sleep', '1'] })).toMatchObject({
    status: STATUS_STANDBY,
  });
});

test('there is no more to a shell command than its shell', async () => {
  expect(await checkedAgainstStart({ meta: { name: 'job' }, command: 'no-such-program | cat; true' })).toMatchObject({
    status: STATUS_STANDBY,
  });
});

describe('an obstacle is told in the words of a failed start', () => {
  const cases: readonly (readonly [what: string, code: string, step: runtime.StartStep, request: () => Request])[] = [
    ['no program on PATH', 'ENOENT', START_STEP_PROGRAM, () => ({ argv: ['no-such-program'] })],
    ['no program of a command', 'ENOENT', START_STEP_PROGRAM, () => ({ command: 'no-such-program --port 80' })],
    ['no such file', 'ENOENT', START_STEP_PROGRAM, () => ({ argv: ['/srv/no-such/program'] })],
    ['a file for a directory', 'ENOTDIR', START_STEP_PROGRAM, () => ({ argv: ['/etc/passwd/program'] })],
    ['a directory for a program', 'EACCES', START_STEP_PROGRAM, () => ({ argv: ['/etc'] })],
    ['a file that is not executable', 'EACCES', START_STEP_PROGRAM, () => ({ argv: [file('text', 'x', 0o644)] })],
    ['a name too long for a file', 'ENAMETOOLONG', START_STEP_PROGRAM, () => ({ argv: ['x'.repeat(256)] })],
    ['a link to itself', 'ELOOP', START_STEP_PROGRAM, () => ({ argv: [loop()] })],
    ['no interpreter', 'ENOENT', START_STEP_PROGRAM, () => ({ argv: [file('script', '#!/no/such/shell\n')] })],
    ['a useless interpreter', 'EACCES', START_STEP_PROGRAM, () => ({ argv: [file('script', '#!/etc/passwd\n')] })],
    ['an interpreter without its own', 'ENOENT', START_STEP_PROGRAM, () => ({ argv: [nested()] })],
    ['no dynamic linker', 'ENOENT', START_STEP_PROGRAM, () => ({ argv: [withoutLinker()] })],
    [
      'no program on the PATH asked for',
      'ENOENT',
      START_STEP_PROGRAM,
      () => ({ argv: ['sleep', '9'], env: { PATH: '/etc' } }),
    ],
    [
      'none executable on PATH',
      'EACCES',
      START_STEP_PROGRAM,
      () => ({ argv: ['passwd'], env: { PATH: '/none:/etc' } }),
    ],
    ['an argument too long', 'E2BIG', START_STEP_PROGRAM, () => ({ argv: ['sleep', 'x'.repeat(131_072)] })],
    ['a variable too long', 'E2BIG', START_STEP_PROGRAM, () => ({ argv: ['sleep'], env: { A: 'x'.repeat(131_070) } })],
    ['no directory', 'ENOENT', START_STEP_DIRECTORY, () => ({ argv: ['sleep', '9'], cwd: '/no/such' })],
    ['a file as its directory', 'ENOTDIR', START_STEP_DIRECTORY, () => ({ argv: ['sleep', '9'], cwd: '/etc/passwd' })],
  ];

  test.each(cases)('%s: %s', async (_, errorCode, failedStep, request) => {
    const status = await checkedAgainstStart({ meta: { name: 'web' }, ...request() });
    expect(status).toMatchObject({ status: STATUS_ERROR, errorCode, failedStep });
    expect(status.meta?.message).not.toBe('');
  });

  function loop(): string {
    const path = join(temporaryDirectory(), 'loop');
    symlinkSync(path, path);
    return path;
  }

  function nested(): string {
    return file('outer', `#!${file('inner', '#!/no/such/shell\n')}\n`);
  }

  function withoutLinker(): string {
    const program = readFileSync('/bin/sleep');
    const at = program.indexOf('/lib');
    program.write('/bil', at);
    return file('program', program);
  }
});

describe('no obstacle', () => {
  const cases: readonly (readonly [what: string, request: () => Request])[] = [
    ['a script without an interpreter line', () => ({ argv: [file('script', 'exec sleep 1000\n')] })],
    ['a script of a script', () => ({ argv: [file('outer', `#!${file('inner', '#!/bin/sh\nexec sleep 9\n')}\n`)] })],
    ['a path from its directory', () => ({ argv: ['bin/sleep', '1000'], cwd: '/usr' })],
    ['an argument just short enough', () => ({ argv: ['sleep', '1000', 'x'.repeat(131_071)] })],
    ['an empty PATH', () => ({ argv: ['sleep', '1000'], cwd: '/usr/bin', env: { PATH: '' } })],
    ['a later directory of PATH', () => ({ argv: ['sleep', '1000'], env: { PATH: '/none:/etc/passwd:/usr/bin' } })],
  ];

  test.each(cases)('%s', async (_, request) => {
    expect(await checkedAgainstStart({ meta: { name: 'web' }, ...request() })).toMatchObject({
      status: STATUS_STANDBY,
    });
  });
});

describe.skipIf(!isRoot)('for another user (only root may)', () => {
  const asNobody = (request: Request): Request => ({ meta: { name: 'web' }, user: 'nobody', ...request });

  test('what it may do is no obstacle', async () => {
    const request = asNobody({ argv: ['sleep', '1000'], cwd: '/tmp' });
    expect(await checkedAgainstStart(request)).toMatchObject({ status: STATUS_STANDBY });
  });

  // Where systemd answers for users of its own, only it knows who is nobody.
  test.skipIf(existsSync('/run/systemd/userdb')).each(['no-such-user', 'nobody:no-such-group', '61234'])(
    'there is no user %j',
    async (user) => {
      const status = await checkedAgainstStart(asNobody({ argv: ['sleep', '1000'], user }));
      expect(status).toMatchObject({ status: STATUS_ERROR, errorCode: 'ENOENT', failedStep: START_STEP_USER });
    },
  );

  test('a directory that it may not enter is in the way', async () => {
    const cwd = closedDirectory();
    const status = await checkedAgainstStart(asNobody({ argv: ['sleep', '1000'], cwd }));
    expect(status).toMatchObject({ errorCode: 'EACCES', failedStep: START_STEP_DIRECTORY });
    expect(status.meta?.message).toContain(`"${cwd}" is not accessible to the user "nobody"`);
  });

  test('so is a program in one, also behind a link', async () => {
    const program = join(closedDirectory(), 'program');
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
    const link = join(temporaryDirectory(), 'link');
    symlinkSync(program, link);
    for (const argv of [[program], [link]]) {
      expect(await checkedAgainstStart(asNobody({ argv }))).toMatchObject({
        errorCode: 'EACCES',
        failedStep: START_STEP_PROGRAM,
      });
    }
  });

  test('so is a program that is for others', async () => {
    const argv = [file('program', '#!/bin/sh\n', 0o750)];
    expect(await checkedAgainstStart(asNobody({ argv }))).toMatchObject({ errorCode: 'EACCES' });
  });

  test('a group that it is given counts', async () => {
    const argv = [file('program', '#!/bin/sh\nexec sleep 1000\n', 0o755)];
    chmodSync(argv[0] ?? '', 0o710);
    // The file is of the group of root.
    expect(await checkedAgainstStart(asNobody({ argv, user: 'nobody' }))).toMatchObject({ errorCode: 'EACCES' });
    const status = await check(await Executables.open(), asNobody({ argv, user: '65534:0' }));
    expect(status).toMatchObject({ status: STATUS_STANDBY });
  });

  function closedDirectory(): string {
    const path = join(temporaryDirectory(), 'closed');
    mkdirSync(path, { mode: 0o700 });
    return path;
  }
});

test('a request that cannot be right is refused, as by a start', async () => {
  const executables = await Executables.open();
  const refused: Request[] = [
    { meta: { name: 'a/b' }, argv: ['sleep'] },
    { argv: [] },
    { argv: ['sleep'], cwd: 'relative' },
    { argv: ['sleep'], umask: '9' },
    { argv: ['sleep'], env: { 'A=B': 'x' } },
    { argv: ['sleep'], limits: { memoryBytes: 1n } },
    { argv: ['sleep'], criteria: { readyWithinMs: 1 } },
  ];
  for (const request of refused) {
    await expect(check(executables, request), JSON.stringify(Object.keys(request))).rejects.toThrow(InvalidSpecError);
  }
});

test('without a state directory nothing can be started', async () => {
  const processes = new ProcessRuntime();
  const request = runtime.Executable.fromPartial({ argv: ['sleep'] });
  const refusal = await processes.start(callContext(), request).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(FailedPreconditionError);
  await expect(processes.check(callContext(), request)).rejects.toThrow((refusal as Error).message);
  await processes.dispose();
  await expect(processes.check(callContext(), request)).rejects.toThrow(ShuttingDownError);
});
