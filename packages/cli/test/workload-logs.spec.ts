import { once } from 'node:events';
import { meta, NotFoundError, observe } from '@aurae/proto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestRoot, untilAborted } from '../../client/test/support/test-daemon.js';
import { runCli, runShell, startCli } from './support/run-cli.js';

const timestamp = BigInt(Date.UTC(2026, 0, 2, 3, 4, 5, 6));
const item = (partial: object) => observe.LogItem.fromPartial({ channel: 'stdout', timestamp, ...partial });
const batches = [
  [
    item({ line: 'one', sequence: 1n }),
    item({ line: 'par', sequence: 2n, partial: true }),
    item({ line: 'careful', sequence: 3n, channel: 'stderr' }),
    item({ line: 'tial', sequence: 4n }),
  ],
  [],
  [
    item({ line: 'bad �', lineBytes: Buffer.of(0x62, 0xff, 0x1b), sequence: 5n }),
    item({ line: 'late', sequence: 129n, dropped: 123n }),
    item({ line: 'prompt> ', sequence: 130n, partial: true }),
  ],
];

let root: TestRoot;
let lastRequest: observe.GetWorkloadLogStreamRequest | undefined;
const processRequests: observe.GetSubProcessStreamRequest[] = [];

beforeAll(async () => {
  root = await TestRoot.make();
  await root.serve({
    observe: {
      async *getWorkloadLogStream(context, request) {
        lastRequest = request;
        if (request.workload?.name === 'nobody') throw new NotFoundError('Cannot find the executable "nobody"');
        if (request.workload?.name === 'endless') {
          for (;;) yield { items: [item({ line: 'x'.repeat(1000) })], logId: '' };
        }
        for (const items of batches) yield { items, logId: '' };
        if (request.follow) await untilAborted(context);
      },
      async *getSubProcessStream(_context, request) {
        processRequests.push(request);
        if (request.processId === 1n) throw new NotFoundError('Cannot find the process 1');
        const isError = request.channelType === observe.LogChannelType.CHANNEL_STDERR;
        yield item({ line: isError ? 'err' : 'out', channel: isError ? 'stderr' : 'stdout' });
      },
    },
  });
});
afterAll(() => root[Symbol.asyncDispose]());

function logs(...args: string[]) {
  return runCli(['--root', root.dir, 'logs', ...args]);
}

test('the exact bytes arrive, each channel in its own, and losses are told', async () => {
  const { code, stdoutBytes, stderr } = await logs('web');
  expect(code).toBe(0);
  expect(stdoutBytes.toString('latin1')).toBe('one\npartial\nb\xff\x1b\nlate\nprompt> ');
  expect(stderr).toBe('careful\n… 123 lines lost\n');
});

test('both channels in one file keep their order', async () => {
  const { stdout } = await runShell('aurae logs web 2>&1', { AURAE_ROOT: root.dir });
  expect(stdout.startsWith('one\nparcareful\ntial\n')).toBe(true);
});

test('every option is in the request', async () => {
  await logs('web', '--tail', '5', '--since', '2026-01-01T00:00:00Z', '--until', '2026-01-02T00:00:00Z');
  expect(lastRequest).toEqual(
    observe.GetWorkloadLogStreamRequest.fromPartial({
      workload: { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name: 'web' },
      tail: 5,
      sinceMs: BigInt(Date.UTC(2026, 0, 1)),
      untilMs: BigInt(Date.UTC(2026, 0, 2)),
    }),
  );
  await logs('web', '--channel', 'stderr', '--since', '10m');
  expect(lastRequest?.channel).toBe('stderr');
  const tenMinutesAgo = Date.now() - 600_000;
  expect(Number(lastRequest?.sinceMs)).toBeLessThanOrEqual(tenMinutesAgo);
  expect(Number(lastRequest?.sinceMs)).toBeGreaterThan(tenMinutesAgo - 60_000);
});

test('times stand before each line, and not inside of one', async () => {
  const { stdout, stderr } = await logs('web', '--timestamps');
  const time = '2026-01-02T03:04:05.006Z';
  expect(stdout.split('\n').slice(0, 2)).toEqual([`${time} one`, `${time} partial`]);
  expect(stderr).toBe(`${time} careful\n… 123 lines lost\n`);
});

test('as JSON is one object a line, of both channels', async () => {
  const { stdout, stderr } = await logs('web', '--output', 'json');
  const parsed = stdout
    .trimEnd()
    .split('\n')
    .map((line) => observe.LogItem.fromJSON(JSON.parse(line)));
  expect(parsed).toEqual(batches.flat());
  expect(stderr).toBe('');
});

test('following goes on until Ctrl-C, which ends it with 130', async () => {
  const child = startCli(['--root', root.dir, 'logs', '-f', 'web']);
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.endsWith('prompt> ')) break;
  }
  const ended = once(child, 'close');
  child.kill('SIGINT');
  expect((await ended)[0]).toBe(130);
});

test('a reader that leaves ends it quietly', async () => {
  const { code, stdout, stderr } = await runShell('exec 3>&1; { aurae logs endless; echo $? >&3; } | head -c 3 >&2', {
    AURAE_ROOT: root.dir,
  });
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '0\n', stderr: 'xxx' });
});

test('who is not known is told', async () => {
  expect(await logs('nobody')).toMatchObject({ code: 1, stderr: 'aurae: Cannot find the executable "nobody"\n' });
});

test('--pid shows both channels of a process, or one', async () => {
  expect(await logs('--pid', '4711')).toMatchObject({ code: 0, stdout: 'out\n', stderr: 'err\n' });
  processRequests.length = 0;
  expect(await logs('--pid', '4711', '--channel', 'stderr')).toMatchObject({ code: 0, stdout: '', stderr: 'err\n' });
  expect(processRequests).toEqual([{ channelType: observe.LogChannelType.CHANNEL_STDERR, processId: 4711n }]);
});

test('--pid of nobody is told once', async () => {
  expect(await logs('--pid', '1')).toMatchObject({ code: 1, stderr: 'aurae: Cannot find the process 1\n' });
});

test('--pid ends quietly when its reader has left', async () => {
  const child = startCli(['--root', root.dir, 'logs', '--pid', '4711', '--channel', 'stdout']);
  child.stdout.destroy();
  const complaints: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
  expect((await once(child, 'close'))[0]).toBe(0);
  expect(Buffer.concat(complaints).toString()).toBe('');
});

test.each([
  [['web', '--daemon'], 'say one kind of log, and not several'],
  [['web', '--pid', '5'], 'say one kind of log, and not several'],
  [['--pid', '0'], "argument '0' is invalid"],
  [['web', '--tail', '0'], 'option --tail 0 shows nothing: it is for --follow'],
  [['--pid', '5', '--tail', '3'], 'option --tail does not go with --pid: it is for "aurae logs NAME"'],
  [['--daemon', '--channel', 'stderr'], 'option --channel does not go with --daemon: it is for "aurae logs NAME"'],
  [['web', '--level', 'warn'], 'option --level does not go with a name: it is for "aurae logs --daemon"'],
  [['web', '-v'], 'option --invert-match says how to look for what --grep gives'],
  [
    ['web', '--grep', 'a(b'],
    "option '--grep <regexp>' argument 'a(b' is invalid: Unterminated group. Allowed are regular expressions of JavaScript",
  ],
  [['web', '--channel', 'both'], 'Allowed choices are stdout, stderr.'],
  [['web', '--since', 'yesterday'], "argument 'yesterday' is invalid. Allowed are 10m or 2h (so long ago)"],
])('a wrong command line is 2: %j', async (args, message) => {
  const { code, stdout, stderr } = await logs(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
});
