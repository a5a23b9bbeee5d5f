import { hostname } from 'node:os';
import { otlpLogSinkRegistration } from '@aurae/observe-logs';
import { callContext, InvalidSpecError, meta } from '@aurae/proto';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { anyValue, type AnyValue } from '../../src/sinks/otlp/any-value.js';
import { record } from '../fixtures/records.js';
import { answer, HttpReceiver } from './fixtures/http-receiver.js';
import { MadeSinks } from './fixtures/made-sinks.js';
import { numbered, web } from './fixtures/workload-records.js';

const sinks = new MadeSinks();
let server: HttpReceiver;
beforeEach(async () => {
  server = await HttpReceiver.listen();
});
afterEach(() => server[Symbol.asyncDispose]());

const make = (options: Readonly<Record<string, unknown>> = {}) =>
  sinks.make(otlpLogSinkRegistration, { endpoint: server.url, ...options });
const string = (key: string, stringValue: string) => ({ key, value: { stringValue } });

it('sends an ExportLogsServiceRequest as the specification has it', async () => {
  const sink = await make({ resource: { 'deployment.environment.name': 'test', 'host.name': 'node-7' } });
  const records = [
    record(
      {
        line: 'é\u2028',
        channel: 'stderr',
        level: '',
        sequence: 2n ** 60n,
        timestamp: 1_700_000_000_123n,
        dropped: 3n,
      },
      web,
    ),
    record(
      { line: 'x', channel: 'stdout', level: '', partial: true, lineBytes: Buffer.from([0xff, 0]), timestamp: -1n },
      web,
    ),
    record({
      line: 'Slow',
      channel: 'api',
      level: 'warn',
      sequence: 7n,
      fieldsJson: '{"ms":12,"deep":{"a":[1.5,null]}}',
    }),
  ];
  await sink.write(callContext(), { records });
  const sent = JSON.parse(server.requests[0]?.body ?? '') as { resourceLogs: [{ scopeLogs: [{ logRecords: [] }] }] };
  const observed = { observedTimeUnixNano: expect.stringMatching(/^\d{13}000000$/) };
  expect(sent).toEqual({
    resourceLogs: [
      {
        resource: {
          attributes: [
            string('service.name', 'auraed'),
            string('host.name', 'node-7'),
            string('deployment.environment.name', 'test'),
          ],
        },
        scopeLogs: [
          {
            scope: { name: '@aurae/observe-logs', version: '0.1.0' },
            logRecords: [
              {
                ...observed,
                timeUnixNano: '1700000000123000000',
                body: { stringValue: 'é\u2028' },
                attributes: [
                  string('aurae.workload.kind', 'executable'),
                  string('aurae.workload.name', 'web'),
                  string('log.iostream', 'stderr'),
                  { key: 'aurae.sequence', value: { intValue: '1152921504606846976' } },
                  { key: 'aurae.dropped', value: { intValue: '3' } },
                ],
              },
              {
                ...observed,
                timeUnixNano: '0',
                body: { stringValue: 'x' },
                attributes: [
                  string('aurae.workload.kind', 'executable'),
                  string('aurae.workload.name', 'web'),
                  string('log.iostream', 'stdout'),
                  { key: 'aurae.sequence', value: { intValue: '1' } },
                  { key: 'aurae.partial', value: { boolValue: true } },
                  { key: 'aurae.bytes', value: { bytesValue: '/wA=' } },
                ],
              },
              {
                ...observed,
                timeUnixNano: '0',
                severityNumber: 13,
                severityText: 'warn',
                body: { stringValue: 'Slow' },
                attributes: [
                  string('aurae.component', 'api'),
                  { key: 'aurae.sequence', value: { intValue: '7' } },
                  { key: 'aurae.fields.ms', value: { intValue: '12' } },
                  {
                    key: 'aurae.fields.deep',
                    value: {
                      kvlistValue: {
                        values: [{ key: 'a', value: { arrayValue: { values: [{ doubleValue: 1.5 }, {}] } } }],
                      },
                    },
                  },
                ],
              },
            ],
          },
        ],
      },
    ],
  });
});

it('names the host and the service unless told otherwise', async () => {
  await (await make()).write(callContext(), { records: numbered(1, 1) });
  expect(server.requests[0]?.body).toContain(JSON.stringify(string('host.name', hostname())));
});

it('counts what the server rejects of a batch that it accepts', async () => {
  const sink = await make();
  const partial = (rejectedLogRecords: unknown) =>
    answer(200, JSON.stringify({ partialSuccess: { rejectedLogRecords, errorMessage: 'too old' } }));
  server.answers.push(partial('2'));
  await sink.write(callContext(), { records: numbered(1, 5) });
  expect(await sink.describe(callContext(), {})).toMatchObject({
    health: {
      state: meta.HealthState.HEALTH_STATE_DEGRADED,
      reason: 'The OTLP server rejected 2 records of the last batch: too old',
    },
    details: { writtenRecords: '3', rejectedRecords: '2' },
  });
  server.answers.push(partial(5));
  await expect(sink.write(callContext(), { records: numbered(1, 5) })).rejects.toThrow(InvalidSpecError);
  // A warning without a rejection, and answers that are none.
  server.answers.push(partial('0'), answer(200, 'null'), answer(200, 'ok'), answer(204));
  for (let write = 0; write < 4; write++) await sink.write(callContext(), { records: numbered(1, 5) });
  expect(await sink.describe(callContext(), {})).toMatchObject({
    health: { state: meta.HealthState.HEALTH_STATE_SERVING },
    details: { rejectedRecords: '2', failedWrites: '1' },
  });
});

it('any JSON goes into a value and comes out of it', () => {
  const back = (value: AnyValue): unknown => {
    if ('stringValue' in value) return value.stringValue;
    if ('boolValue' in value) return value.boolValue;
    if ('intValue' in value) return Number(value.intValue);
    if ('doubleValue' in value) return value.doubleValue;
    if ('arrayValue' in value) return (value as { arrayValue: { values: AnyValue[] } }).arrayValue.values.map(back);
    if (!('kvlistValue' in value)) return null;
    const { values } = (value as { kvlistValue: { values: { key: string; value: AnyValue }[] } }).kvlistValue;
    return Object.fromEntries(values.map((entry) => [entry.key, back(entry.value)]));
  };
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.parse(JSON.stringify(value)) as unknown;
      expect(back(JSON.parse(JSON.stringify(anyValue(json))) as AnyValue)).toEqual(json);
    }),
  );
});
