import { consoleLogSinkRegistration } from '@aurae/observe-logs';
import { expect, it } from 'vitest';

const { options, create } = consoleLogSinkRegistration;
const log = { debug() {}, info() {}, warn() {}, error() {} };

it('the console sink has defaults for every option, and makes a sink of them', async () => {
  const parsed = await options['~standard'].validate({});
  expect(parsed).toEqual({ value: { stream: 'stderr', format: 'auto', level: 'trace' } });
  if (parsed.issues) throw new Error('the defaults are not valid');
  const sink = await create(parsed.value, { stateDir: '/nowhere', runDir: '/nowhere', log });
  expect(await sink.describe({ signal: new AbortController().signal, callId: '', identity: '' }, {})).toMatchObject({
    name: 'console',
    version: '0.1.0',
    capabilities: ['Write', 'Flush'],
  });
});

it.each([
  [{ stream: 'stdin' }, 'stream'],
  [{ level: 'loud' }, 'level'],
  [{ format: 'xml' }, 'format'],
])('the console sink refuses %o', async (given, key) => {
  const { issues } = await options['~standard'].validate(given);
  expect(issues?.[0]?.path).toEqual([key]);
});

it('the console sink names a key that it does not know', async () => {
  const { issues } = await options['~standard'].validate({ colour: true });
  expect(issues?.[0]?.message).toContain('colour');
});
