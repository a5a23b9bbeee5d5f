import { stdoutLogSinkRegistration } from '@aurae/observe-logs';
import { callContext } from '@aurae/proto';
import { expect, it } from 'vitest';
import { MadeSinks, optionFaults } from './fixtures/made-sinks.js';

const sinks = new MadeSinks();

it('is the console sink for standard output', async () => {
  const sink = await sinks.make(stdoutLogSinkRegistration, {});
  expect((await sink.describe(callContext(), {})).name).toBe('console');
  expect(await optionFaults(stdoutLogSinkRegistration, { stream: 'stdout' })).toEqual([
    expect.stringContaining('stream'),
  ]);
});
