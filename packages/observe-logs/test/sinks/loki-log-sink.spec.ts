import { hostname } from 'node:os';
import { lokiLogSinkRegistration } from '@aurae/observe-logs';
import { callContext, meta } from '@aurae/proto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { record } from '../fixtures/records.js';
import { HttpReceiver } from './fixtures/http-receiver.js';
import { MadeSinks, optionFaults } from './fixtures/made-sinks.js';
import { numbered, web } from './fixtures/workload-records.js';

const sinks = new MadeSinks();
let server: HttpReceiver;
beforeEach(async () => {
  server = await HttpReceiver.listen();
});
afterEach(() => server[Symbol.asyncDispose]());

const make = (options: Readonly<Record<string, unknown>> = {}) =>
  sinks.make(lokiLogSinkRegistration, { endpoint: server.url, ...options });
const sent = (index = 0) => JSON.parse(server.requests[index]?.body ?? '') as unknown;

it('sends a stream for each channel of each workload, in order, with what differs as metadata', async () => {
  const db = { kind: meta.WorkloadKind.WORKLOAD_KIND_CONTAINER, name: 'db' };
  const at = { timestamp: 1_700_000_000_123n, level: '' };
  const records = [
    record({ ...at, line: 'one', channel: 'stdout', sequence: 41n }, web),
    record({ ...at, line: 'oops', channel: 'stderr', sequence: 42n }, web),
    record({ ...at, line: 'two', channel: 'stdout', sequence: 2_000_043n, dropped: 5n, partial: true }, web),
    record({ ...at, line: 'up', channel: 'stdout', sequence: 1n }, db),
    record({ timestamp: -5n, line: 'Slow', channel: 'api', level: 'warn', sequence: 7n, fieldsJson: '{"ms":12}' }),
    record({ timestamp: 5n, line: 'Quick', channel: 'api', level: 'info', sequence: 8n }),
  ];
  await (await make({ labels: { job: 'edge', zone: 'b' } })).write(callContext(), { records });
  const labels = { job: 'edge', zone: 'b', host: hostname() };
  expect(sent()).toEqual({
    streams: [
      {
        stream: { ...labels, kind: 'executable', workload: 'web', channel: 'stdout' },
        values: [
          ['1700000000123000041', 'one', { sequence: '41' }],
          ['1700000000123000043', 'two', { sequence: '2000043', dropped: '5', partial: 'true' }],
        ],
      },
      {
        stream: { ...labels, kind: 'executable', workload: 'web', channel: 'stderr' },
        values: [['1700000000123000042', 'oops', { sequence: '42' }]],
      },
      {
        stream: { ...labels, kind: 'container', workload: 'db', channel: 'stdout' },
        values: [['1700000000123000001', 'up', { sequence: '1' }]],
      },
      {
        stream: { ...labels, kind: 'daemon', channel: 'api' },
        values: [
          ['7', '{"level":"warn","message":"Slow","fields":{"ms":12}}', { sequence: '7', level: 'warn' }],
          ['5000008', '{"level":"info","message":"Quick"}', { sequence: '8', level: 'info' }],
        ],
      },
    ],
  });
});

it('lines of one millisecond have times of their own, the same when they are sent again', async () => {
  const sink = await make();
  const records = numbered(1, 100).map((one) => record({ ...one.item, timestamp: 5n }, web));
  await sink.write(callContext(), { records });
  await sink.write(callContext(), { records });
  const times = [...(server.requests[0]?.body ?? '').matchAll(/\["(\d+)"/g)].map(([, time]) => Number(time));
  expect(new Set(times).size).toBe(100);
  expect(times).toEqual([...times].sort((left, right) => left - right));
  expect(sent(1)).toEqual(sent(0));
});

it('names the tenant, and leaves metadata out when it is told to', async () => {
  const sink = await make({ tenant: 'blue', structured_metadata: false });
  await sink.write(callContext(), { records: numbered(1, 1) });
  expect(server.requests[0]?.headers['x-scope-orgid']).toBe('blue');
  expect(sent()).toMatchObject({ streams: [{ values: [['1700000000001000001', '1']] }] });
});

it.each([
  [{ labels: { 'my-label': 'x' } }, 'labels'],
  [{ labels: { workload: 'x' } }, 'labels'],
  [{ tenant: 'a b' }, 'tenant'],
])('refuses %o', async (given, expected) => {
  const faults = await optionFaults(lokiLogSinkRegistration, { endpoint: 'http://x', ...given });
  expect(faults.join('\n')).toContain(expected);
});
