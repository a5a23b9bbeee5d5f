import { type CallContext, bindService, meta, NotFoundError, runtime } from '@aurae/proto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestRoot } from '../../client/test/support/test-daemon.js';
import { FakeSchedule } from './support/fake-schedule.js';
import { runCli } from './support/run-cli.js';

let root: TestRoot;
const fake = new FakeSchedule();
const events: string[] = [];

/** Only what a restart asks for. */
const stops = {
  executableStop: async (_context: CallContext, request: runtime.WorkloadStopRequest) => {
    const name = request.meta?.name ?? '';
    events.push(`stop ${name}`);
    if (name === 'down') throw new NotFoundError('Cannot stop "down": it does not run');
    return runtime.ExecutableStatus.fromPartial({ meta: { name }, exitCode: '0' });
  },
} as unknown as runtime.Runtime<CallContext>;

const open = () => ({
  context: { signal: new AbortController().signal, callId: 'test', identity: 'test' },
  close: () => {},
});

beforeAll(async () => {
  root = await TestRoot.make();
  await fake.serve(root, (server) =>
    server.addService(runtime.RuntimeService, bindService(runtime.RuntimeService, stops, open)),
  );
});
afterAll(async () => {
  fake[Symbol.dispose]();
  await root[Symbol.asyncDispose]();
});
beforeEach(() => {
  fake.clear();
  events.length = 0;
  fake.answer = (spec) => {
    events.push(`enable ${spec.value.meta?.name}`);
    return 'runs as pid 123';
  };
});

function restart(...args: string[]) {
  return runCli(['--root', root.dir, 'restart', ...args]);
}

test('stops, and enables as it was', async () => {
  fake.executable('web', {}, { env: { SECRET: 'x' } });
  expect(await restart('web')).toMatchObject({ code: 0, stdout: 'Restarted web: runs as pid 123\n', stderr: '' });
  expect(events).toEqual(['stop web', 'enable web']);
  expect(fake.enabled[0]?.value).toMatchObject({ env: { SECRET: 'x' } });
});

test('starts what does not run', async () => {
  fake.executable('down');
  expect(await restart('down')).toMatchObject({ code: 0, stdout: 'Restarted down: runs as pid 123\n' });
  expect(events).toEqual(['stop down', 'enable down']);
});

test.each([
  [
    'nobody',
    'Cannot restart "nobody": it is not scheduled; what was started by hand: "aurae stop nobody", then "aurae start" again',
  ],
  ['wbe', 'Cannot restart "wbe": it is not scheduled: did you mean "web"?'],
  ['off', 'Cannot restart "off": it is disabled: "aurae enable off" starts it'],
])('refuses "%s", and still restarts the others', async (name, message) => {
  fake.executable('web').executable('off', { enabled: false });
  expect(await restart(name, 'web')).toMatchObject({
    code: 1,
    stdout: 'Restarted web: runs as pid 123\n',
    stderr: `aurae: ${message}\n`,
  });
});

test('what has a timer is stopped while it runs, and only then', async () => {
  const timer = { when: { $case: 'intervalMs' as const, value: 3_600_000n } };
  fake.executable('job', {}, { criteria: { timer } });
  fake.history = { workload: { status: meta.Status.STATUS_STANDBY, nextStartAtMs: 1_767_225_600_000n } };
  const { code, stderr } = await restart('job');
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^aurae: Cannot restart "job": it does not run now: it runs by its timer; next start 20.* \(every 1h\)\n$/,
  );
  expect(events).toEqual([]);
  fake.history = { workload: { status: meta.Status.STATUS_ACTIVE } };
  expect((await restart('job')).stdout).toMatch(/^Stopped job: /);
  expect(events).toEqual(['stop job', 'enable job']);
});
