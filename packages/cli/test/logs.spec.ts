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
  expect(requests.at(-1)).toEqual({ backlogOnly: true, tail: 3 });
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

test('a daemon that dies is told', async () => {
  await using root = await TestRoot.make();
  const daemon = await root.serve(services);
  const child = startCli(['logs', '--daemon', '-f', '--root', root.dir]);
  child.stdout.once('data', () => daemon.kill());
  const result = await resultOf(child);
  expect(result.code).toBe(1);
  expect(result.stderr).toMatch(/^aurae: The connection to auraed on ".*" broke off before the call ended\. .*\n$/);
});

test('whose log must be said', async () => {
  expect(await runCli(['logs'])).toMatchObject({
    code: 2,
    stderr:
      'aurae: say whose log: "aurae logs NAME" shows that of an executable, "aurae logs --daemon" auraed\'s own\n',
  });
});
