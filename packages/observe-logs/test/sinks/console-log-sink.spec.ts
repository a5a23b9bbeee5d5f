import { PassThrough, Writable } from 'node:stream';
import { type backend, callContext, FailedPreconditionError, meta } from '@aurae/proto';
import { ConsoleLogSink, type ConsoleLogSinkOptions } from '@aurae/observe-logs';
import { describe, expect, it } from 'vitest';
import { record } from '../fixtures/records.js';

const web = { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name: 'web' };

async function written(records: backend.LogRecord[], options: ConsoleLogSinkOptions & { isTerminal?: boolean } = {}) {
  const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: options.isTerminal ?? false });
  const sink = new ConsoleLogSink({ environment: {}, ...options, stream });
  await sink.write(callContext(), { records });
  await sink.flush(callContext());
  return (stream.read() ?? '') as string;
}

describe('pretty output', () => {
  const pretty = (records: backend.LogRecord[]) => written(records, { format: 'pretty' });

  it('is one line: time, level, message, fields, channel, workload', async () => {
    const item = {
      timestamp: 1_700_000_000_123n,
      level: 'warn',
      line: 'Slow start',
      channel: 'schedule',
      fieldsJson: '{"ms":12,"path":"/a b","empty":"","deep":{"a":[1,null]}}',
      dropped: 3n,
    };
    expect(await pretty([record(item, web)])).toBe(
      '2023-11-14T22:13:20.123Z WARN  Slow start ms=12 path="/a b" empty="" deep={"a":[1,null]} dropped=3 ' +
        'channel=schedule workload=executable/web\n',
    );
  });

  it('shows lines without a level, a channel or a date', async () => {
    expect(await pretty([record({ level: '', line: 'bare', timestamp: 2n ** 62n })])).toBe(`${2n ** 62n} -     bare\n`);
  });

  it('escapes whatever would move the cursor or forge a line', async () => {
    const line = 'a\n2023 INFO forged\r\u001b[2J\u009b1m\u0000\t\u007f\u2028\u202eb\ufeff';
    const item = { line, channel: 'c\nd', level: 'x\u001b', fieldsJson: '{"k\\n":"v\\u001b\\n","l":["\\u009b"]}' };
    const output = await pretty([record(item, { ...web, name: 'w\n' })]);
    expect(output).toBe(
      '1970-01-01T00:00:00.000Z X\\X1B a\\n2023 INFO forged\\r\\x1b[2J\\x9b1m\\x00\\t\\x7f\\u2028\\u202eb\\ufeff ' +
        '"k\\n"="v\\u001b\\n" l=["\\x9b"] channel="c\\nd" workload="executable/w\\n"\n',
    );
  });

  it('shows fields that are no JSON object', async () => {
    expect(await pretty([record({ line: 'x', fieldsJson: 'oops=' })])).toContain('fields="oops="');
    expect(await pretty([record({ line: 'x', fieldsJson: '[1]' })])).toContain('fields=[1]');
  });
});

describe('JSON output', () => {
  it('is one object a line, without what is empty', async () => {
    const item = { timestamp: 0n, line: 'a\n\u009b', channel: 'api', sequence: 7n, dropped: 2n, fieldsJson: '{"a":1}' };
    const output = await written([record(item, web), record({ line: 'b', level: '' })], { format: 'json' });
    expect(output).not.toContain('\u009b');
    expect(
      output
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      {
        time: '1970-01-01T00:00:00.000Z',
        level: 'info',
        message: 'a\n\u009b',
        channel: 'api',
        sequence: 7,
        dropped: 2,
        workload: { kind: 'executable', name: 'web' },
        fields: { a: 1 },
      },
      { time: '1970-01-01T00:00:00.000Z', message: 'b', sequence: 1 },
    ]);
  });
});

describe('the format', () => {
  const line = [record({ line: 'hello' })];

  it('is pretty on a terminal and JSON elsewhere, unless told otherwise', async () => {
    expect(await written(line, { isTerminal: true })).toMatch(/INFO.*hello\n$/);
    expect(await written(line)).toMatch(/^\{.*\}\n$/);
    expect(await written(line, { isTerminal: true, format: 'json' })).toMatch(/^\{.*\}\n$/);
  });

  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [false, { FORCE_COLOR: '', NO_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { FORCE_COLOR: 'false' }, false],
  ])('on a terminal: %s, with %o: colours: %s', async (isTerminal, environment, coloured) => {
    const output = await written(line, { isTerminal, environment, format: 'pretty' });
    expect(output.includes('\u001b[32mINFO ')).toBe(coloured);
  });
});

it('lines below the minimum level are left out, those without a level are not', async () => {
  const records = ['trace', 'debug', 'info', 'fatal', '', 'other'].map((level) =>
    record({ level, line: `<${level}>` }),
  );
  const lines = async (options: ConsoleLogSinkOptions) =>
    (await written(records, { format: 'json', ...options })).match(/<\w*>/g);
  expect(await lines({})).toEqual(['<info>', '<fatal>', '<>', '<other>']);
  expect(await lines({ level: 'trace' })).toHaveLength(6);
  expect(await written([record({ level: 'debug' })])).toBe('');
});

describe('a stream that fails', () => {
  it('is reported, counted, and used again when it works', async () => {
    let broken = true;
    const stream = new Writable({
      autoDestroy: false,
      write: (_chunk, _encoding, done) => done(broken ? new Error('write EPIPE') : null),
    });
    const sink = new ConsoleLogSink({ stream, environment: {} });
    const records = [record({ line: 'one' }), record({ line: 'two' })];
    await expect(sink.write(callContext(), { records })).rejects.toThrow(FailedPreconditionError);
    expect(await sink.describe()).toMatchObject({
      health: { state: meta.HealthState.HEALTH_STATE_UNAVAILABLE, reason: 'Nobody reads the console: write EPIPE' },
      details: { writtenRecords: '0', lostRecords: '2' },
    });
    // A stream of Node's own for standard output goes on after an error; this one has to be told.
    Object.assign((stream as unknown as { _writableState: object })._writableState, {
      errored: null,
      errorEmitted: false,
    });
    broken = false;
    await sink.write(callContext(), { records });
    expect(await sink.describe()).toMatchObject({
      health: { state: meta.HealthState.HEALTH_STATE_SERVING },
      details: { writtenRecords: '2', lostRecords: '2' },
    });
  });

  it('that is closed already is reported too', async () => {
    const stream = new PassThrough();
    stream.destroy();
    const write = new ConsoleLogSink({ stream }).write(callContext(), { records: [record({})] });
    await expect(write).rejects.toThrow('Cannot write to the console');
  });

  it('gets one error listener, however many sinks write to it', () => {
    const stream = new PassThrough();
    for (let sinks = 0; sinks < 20; sinks++) new ConsoleLogSink({ stream });
    expect(stream.listenerCount('error')).toBe(1);
  });
});
