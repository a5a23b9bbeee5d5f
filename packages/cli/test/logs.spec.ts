import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { observe } from '@aurae/proto';
import { expect, test } from 'vitest';
import { TestRoot, type TestServices, untilAborted } from '../../client/test/support/test-daemon.js';
import { resultOf, runCli, startCli } from './support/run-cli.js';

const timestamp = BigInt(Date.UTC(2026, 0, 2, 3, 4, 5, 6));
const items = [
  { line: 'serving', level: 'info', fieldsJson: '{"socket":"/run/a b","pid":7,"deep":{"a":1}}' },
  { line: 'bad\u001b]0;title\u0007\nline', level: 'warn', dropped: 12n },
  { line: 'odd', fieldsJson: 'not json', dropped: 1n },
].map((item, index) => observe.LogItem.fromPartial({ timestamp, sequence: index + 1, channel: 'daemon', ...item }));

const requests: observe.GetAuraeDaemonLogStreamRequest[] = [];

const services: TestServices = {
  observe: {
    async *getAuraeDaemonLogStream(context, request) {
      requests.push(request);
      yield* items;
      if (!request.backlogOnly) await untilAborted(context);
    },
  },
};

const endless: TestServices = {
  observe: {
    async *getAuraeDaemonLogStream() {
      for (;;) yield observe.LogItem.fromPartial({ timestamp, line: 'x'.repeat(1000) });
    },
  },
};

test('shows time, level, message and fields; controls escaped; losses told', async () => {
  await using root = await TestRoot.make();
  await root.serve(services);
  const result = await runCli(['logs', '--daemon', '--tail', '3', '--root', root.dir]);
  expect(result).toMatchObject({
    code: 0,
    stderr: '',
    stdout: `2026-01-02T03:04:05.006Z INFO  serving socket="/run/a b" pid=7 deep={"a":1}
… 12 lines lost
2026-01-02T03:04:05.006Z WARN  bad\\x1b]0;title\\x07\\nline
… 1 line lost
2026-01-02T03:04:05.006Z DAEMON odd fields=not json
`,
  });
  expect(requests.at(-1)).toEqual(observe.GetAuraeDaemonLogStreamRequest.fromPartial({ backlogOnly: true, tail: 3 }));
});

test('as JSON is one object a line', async () => {
  await using root = await TestRoot.make();
  await root.serve(services);
  const { stdout } = await runCli(['logs', '--daemon', '--output', 'json', '--root', root.dir]);
  const parsed = stdout
    .trimEnd()
    .split('\n')
    .map((line) => observe.LogItem.fromJSON(JSON.parse(line)));
  expect(parsed).toEqual(items);
});

test('following goes on until Ctrl-C, which ends it with 130', async () => {
  await using root = await TestRoot.make();
  await root.serve(services);
  const child = startCli(['logs', '--daemon', '-f', '--root', root.dir]);
  const lines = createInterface(child.stdout);
  let seen = 0;
  for await (const line of lines) {
    seen += 1;
    if (line.includes('odd')) break;
  }
  expect(seen).toBe(5);
  expect(requests.at(-1)?.backlogOnly).toBe(false);
  const ended = once(child, 'close');
  child.kill('SIGINT');
  expect((await ended)[0]).toBe(130);
});

test('a reader that leaves ends it quietly', async () => {
  await using root = await TestRoot.make();
  await root.serve(endless);
  const child = startCli(['logs', '--daemon', '-f', '--root', root.dir]);
  await once(child.stdout, 'data');
  const ended = once(child, 'close');
  const complaints: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
  child.stdout.destroy();
  expect((await ended)[0]).toBe(0);
  expect(Buffer.concat(complaints).toString()).toBe('');
});

test('what auraed is to look for is in the request', async () => {
  await using root = await TestRoot.make();
  await root.serve(services);
  const time = '2026-01-01T00:00:00Z';
  const options = ['--since', time, '--until', '2026-01-02T00:00:00Z', '--level', 'warn', '--component', 'schedule'];
  await runCli(['logs', '--daemon', ...options, '--root', root.dir]);
  expect(requests.at(-1)).toEqual({
    backlogOnly: true,
    tail: 0,
    sinceMs: BigInt(Date.UTC(2026, 0, 1)),
    untilMs: BigInt(Date.UTC(2026, 0, 2)),
    minimumLevel: 'warn',
    component: 'schedule',
  });
});

test('--grep finds what is shown of a line, and keeps what was lost before it', async () => {
  await using root = await TestRoot.make();
  await root.serve(services);
  const grep = async (...args: string[]) => (await runCli(['logs', '--daemon', '--root', root.dir, ...args])).stdout;
  expect(await grep('--grep', 'pid=7')).toBe(
    '2026-01-02T03:04:05.006Z INFO  serving socket="/run/a b" pid=7 deep={"a":1}\n',
  );
  expect(await grep('--grep', 'ODD', '-i')).toBe(
    '… 13 lines lost\n2026-01-02T03:04:05.006Z DAEMON odd fields=not json\n',
  );
  const last = JSON.parse(await grep('--grep', 's', '--tail', '1', '--output', 'json')) as { line: string };
  expect(last.line).toBe('odd');
});

test("who follows goes on with the next daemon's log, which begins anew", async () => {
  await using root = await TestRoot.make();
  const serving = (lines: readonly string[], from: number): TestServices => ({
    observe: {
      status: async () => observe.StatusResponse.fromPartial({}),
      async *getAuraeDaemonLogStream(context, { sinceMs, backlogOnly }) {
        const all = lines.map((line, index) => {
          return observe.LogItem.fromPartial({ line, sequence: index + 1, timestamp: from + index });
        });
        yield* all.filter((item) => item.timestamp >= sinceMs);
        if (!backlogOnly) await untilAborted(context);
      },
    },
  });
  const daemon = await root.serve(serving(['one', 'two'], 1000));
  const child = startCli(['logs', '--daemon', '-f', '--output', 'json', '--root', root.dir]);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => (JSON.parse((await lines.next()).value as string) as { line: string }).line;
  expect([await next(), await next()]).toEqual(['one', 'two']);
  daemon.kill();
  const second = await root.serve(serving(['begins', 'serves', 'works'], 2000));
  expect([await next(), await next(), await next()]).toEqual(['begins', 'serves', 'works']);
  second.kill();
  // The connection alone broke off.
  await root.serve(serving(['begins', 'serves', 'works', 'goes on'], 2000));
  expect(await next()).toBe('goes on');
  const ended = once(child, 'close');
  child.kill('SIGINT');
  expect((await ended)[0]).toBe(130);
});

test('no daemon at all is told, also to who wants to follow', async () => {
  await using root = await TestRoot.make();
  const { code, stderr } = await runCli(['logs', '--daemon', '-f', '--root', root.dir]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^aurae: No auraed answers on ".*"/);
});

test('a daemon that dies is told to who does not follow', async () => {
  await using root = await TestRoot.make();
  const daemon = await root.serve(endless);
  const child = startCli(['logs', '--daemon', '--root', root.dir]);
  child.stdout.once('data', () => daemon.kill());
  const result = await resultOf(child);
  expect(result.code).toBe(1);
  expect(result.stderr).toMatch(/^aurae: The connection to auraed on ".*" broke off before the call ended\. .*\n$/);
});

test('whose log must be said', async () => {
  expect(await runCli(['logs'])).toMatchObject({
    code: 2,
    stderr:
      'aurae: say whose log: "aurae logs NAME..." shows those of workloads, "aurae logs --daemon" auraed\'s own\n',
  });
});
