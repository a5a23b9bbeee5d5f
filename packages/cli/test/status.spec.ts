import { meta, observe } from '@aurae/proto';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { formatStatus } from '../src/commands/format-status.js';
import { TestRoot } from '../../client/test/support/test-daemon.js';
import { runCli, runOnTerminal } from './support/run-cli.js';

const status = observe.StatusResponse.fromPartial({
  version: '0.1.0',
  uptimeMs: 11_525_000n,
  proc: { pid: 4711 },
  node: 'machine',
  identity: 'spiffe://aurae.local/client/admin',
  workloads: [
    { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, status: meta.Status.STATUS_ACTIVE, count: 2 },
    { kind: meta.WorkloadKind.WORKLOAD_KIND_CONTAINER, status: meta.Status.STATUS_COMPLETE, count: 1 },
  ],
  backends: [
    {
      kind: 'executable',
      source: 'built-in',
      description: {
        name: 'process',
        version: '0.1.0',
        health: { state: meta.HealthState.HEALTH_STATE_SERVING },
      },
    },
    {
      kind: 'container',
      source: 'some-module',
      description: {
        name: 'oci\u001b[31m',
        health: {
          state: meta.HealthState.HEALTH_STATE_UNAVAILABLE,
          reason: 'runc is not installed',
          remedy: 'apt-get install runc',
        },
      },
    },
  ],
});

test('shows the daemon, its workloads and the health of its backends', async () => {
  await using root = await TestRoot.make();
  await root.serve({ observe: { status: async () => status } });
  expect(await runCli(['status', '--root', root.dir])).toMatchObject({
    code: 0,
    stderr: '',
    stdout: `auraed     0.1.0, pid 4711
uptime     3h 12m
node       machine
identity   spiffe://aurae.local/client/admin
workloads  2 executables active, 1 container complete
scheduled  none

BACKEND     NAME         VERSION  SOURCE       HEALTH
executable  process      0.1.0    built-in     serving
container   oci\\x1b[31m  -        some-module  unavailable: runc is not installed (try: apt-get install runc)
`,
  });
});

test('what is scheduled is told in the words of its table, in a fixed order, and what is wrong with all of it', () => {
  const { STATUS_ACTIVE, STATUS_STANDBY, STATUS_ERROR, STATUS_COMPLETE, STATUS_PASSIVE } = meta.Status;
  const statuses = [STATUS_PASSIVE, STATUS_COMPLETE, STATUS_ERROR, STATUS_STANDBY, STATUS_ACTIVE];
  const scheduled = statuses.map((code, index) => ({ kind: 1, status: code, count: index + 1 }));
  const shown = (fields: object) =>
    formatStatus(observe.StatusResponse.fromPartial(fields), (_style, text) => text).split('\n');
  const words =
    '5 executables well, 4 executables waiting, 3 executables failed, 2 executables done, 1 executable disabled';
  expect(shown({ scheduled })).toContain(`scheduled  ${words}`);
  expect(shown({}).join()).not.toContain('notice');
  expect(shown({ scheduleNotice: 'its store was damaged' })).toContain('notice     its store was damaged');
});

test('on a terminal the last column fits its width', async () => {
  const width = 80;
  const lines = formatStatus(status, (_style, text) => text, width).split('\n');
  expect(lines.filter((line) => line.length > width)).toEqual([]);
  expect(lines.slice(-3)).toEqual([
    'container   oci\\x1b[31m  -        some-module  unavailable: runc is not',
    '                                               installed (try: apt-get install',
    '                                               runc)',
  ]);
});

test.runIf(existsSync('/usr/bin/script'))('a real terminal is asked for its width', async () => {
  await using root = await TestRoot.make();
  await root.serve({ observe: { status: async () => status } });
  const line = 'stty cols 72 && aurae status';
  const variables = { AURAE_ROOT: root.dir, TERM: 'dumb' };
  const { stdout } = await runOnTerminal(line, variables);
  expect(stdout).toContain('unavailable: runc is not');
  expect(stdout.split('\r\n').filter((text) => text.length > 72)).toEqual([]);
});

test('as JSON is the answer of the API', async () => {
  await using root = await TestRoot.make();
  await root.serve({ observe: { status: async () => status } });
  const { code, stdout } = await runCli(['--output=json', 'status'], { AURAE_ROOT: root.dir });
  expect(code).toBe(0);
  expect(observe.StatusResponse.fromJSON(JSON.parse(stdout))).toEqual(status);
});

test('without a daemon says so in one line, and how to start one', async () => {
  const result = await runCli(['status', '--socket', '/nonexistent/aurae.sock', '--root', '/nonexistent']);
  expect(result).toMatchObject({
    code: 1,
    stdout: '',
    stderr:
      'aurae: No auraed answers on "/nonexistent/aurae.sock": start it with "auraed" (from a checkout: "npm start"), ' +
      'or name the socket of a running one with --socket or AURAE_SOCKET\n',
  });
});
