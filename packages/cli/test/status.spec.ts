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

const logStore = { bytes: 1_288_490_189n, maxBytes: 10n * 1024n ** 3n, uncompressedBytes: 5n * 1024n ** 3n };
const sinkOf = (fields: object) => ({
  name: 'loki',
  health: { state: meta.HealthState.HEALTH_STATE_SERVING },
  ...fields,
});

function shownStatus(fields: object): string[] {
  return formatStatus(observe.StatusResponse.fromPartial(fields), (_style, text) => text).split('\n');
}

test('logs and events take a line each, and so does each sink, while all is well', () => {
  const logSinks = [sinkOf({}), sinkOf({ name: 'file', writtenRecords: 5n, retries: 1n, lastError: 'once' })];
  const lines = shownStatus({ logStore, logSinks, oldestEvent: 12n, newestEvent: 4711n });
  expect(lines.slice(6)).toEqual([
    'logs       1.2G of 10G',
    'log sinks  2 well',
    'events     12 to 4711',
    '',
    'LOG SINK  WRITTEN  PENDING  DROPPED  HEALTH',
    'loki      0        0        0        serving',
    'file      5        0        0        serving',
  ]);
});

test('what bounds the logs is told, what was removed for that, and what is wrong', () => {
  const bounds = { maxBytesPerWorkload: 1024n ** 3n, maxAgeMs: 7n * 86_400_000n };
  const removed = { removedBytes: 125_829_120n, removedSegments: 14n, spilledBytes: 2048n, notice: 'it is full' };
  const lines = shownStatus({ logStore: { ...logStore, ...bounds, ...removed } });
  const kept = '1.2G of 10G, of each at most 1G, none older than 7d';
  expect(lines).toContain(`logs       ${kept}; 120M in 14 segments removed; 2K kept beyond that for log sinks`);
  expect(lines).toContain('notice     it is full');
});

test('log sinks are in their own table alone, by the names they are configured by', () => {
  const description = { name: 'file', version: '0.1.0', health: sinkOf({}).health };
  const backends = [{ kind: 'log-sink', source: 'built-in', description }];
  const lines = shownStatus({ backends: [...status.backends, ...backends], logSinks: [sinkOf({ name: 'archive' })] });
  expect(lines.filter((line) => line.startsWith('log-sink'))).toEqual([]);
  expect(lines.slice(-5)).toEqual([
    expect.stringMatching(/^executable /),
    expect.stringMatching(/^container /),
    '',
    'LOG SINK  WRITTEN  PENDING  DROPPED  HEALTH',
    'archive   0        0        0        serving',
  ]);
  expect(shownStatus({ backends }).join()).not.toContain('BACKEND');
});

test('a log sink that has once dropped lines is well when it serves', () => {
  const dropped = sinkOf({ droppedRecords: 3n, pendingRecords: 20_000n, lastError: 'refused' });
  const lines = shownStatus({ logSinks: [dropped, sinkOf({ name: 'file', health: undefined })] });
  expect(lines).toContain('log sinks  1 of 2 well');
  expect(lines.slice(-2)).toEqual([
    'loki      0        20000    3        serving; last failure: refused',
    'file      0        0        0        unknown',
  ]);
});

test('a log sink that is not well has its numbers', () => {
  const bad = sinkOf({
    name: 'loki\u001b',
    health: { state: meta.HealthState.HEALTH_STATE_DEGRADED, reason: 'answers 500' },
    writtenRecords: 10n,
    droppedRecords: 3n,
    pendingRecords: 7n,
    spilledBytes: 4096n,
    lastError: 'connection refused',
    lastErrorAtMs: BigInt(Date.now() - 65_000),
  });
  const lines = shownStatus({ logSinks: [sinkOf({ name: 'file' }), bad] });
  expect(lines).toContain('log sinks  1 of 2 well');
  expect(lines.slice(-3)).toEqual([
    'LOG SINK  WRITTEN  PENDING  DROPPED  SPILLED  HEALTH',
    'file      0        0        0        0B       serving',
    'loki\\x1b  10       7        3        4K       degraded: answers 500; last failure 1m 5s ago: connection refused',
  ]);
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
