import { expect, it } from 'vitest';
import { namedSinks } from '../../src/composition/named-sinks.js';
import { ConfigError } from '../../src/config/config-error.js';
import { configSchema } from '../../src/config/config-schema.js';

const sinksOf = (...sinks: readonly object[]) =>
  namedSinks(configSchema.parse({ log: { sinks } }).log.sinks, '/x.toml');

it('a sink is called as it says, else as what it uses, and modules get a name that is fit for a directory', () => {
  const names = sinksOf({}, { use: 'file', name: 'archive' }, { use: './my sink.mjs' }, { use: '@you/sink' });
  expect(names.map(({ name }) => name)).toEqual(['console', 'archive', 'my-sink', 'you-sink']);
});

it('the output of the daemon gets the log of the daemon, everything else both, unless it is said', () => {
  const sinks = sinksOf({}, { use: 'stdout' }, { use: 'file' }, { use: 'loki', from: ['workloads'] });
  expect(sinks.map(({ from }) => from)).toEqual([['daemon'], ['daemon'], ['daemon', 'workloads'], ['workloads']]);
});

it('two of one name are refused, and the message names both places', () => {
  expect(() => sinksOf({ use: 'file' }, { use: 'loki' }, { use: 'file' })).toThrow(ConfigError);
  expect(() => sinksOf({ use: 'file' }, { use: 'loki', name: 'file' })).toThrow(
    '/x.toml: log.sinks[1].name = "file" is not allowed: log.sinks[0] has the same. Give each a name of its own',
  );
});

it('two that write to one file are refused, however its path is written', () => {
  const file = (path: string, name: string) => ({ use: 'file', name, options: { path } });
  expect(() => sinksOf(file('/var/log/a', 'one'), file('/var/log/./a', 'two'))).toThrow(
    '/x.toml: log.sinks[1].options.path = "/var/log/./a" is not allowed: log.sinks[0] writes to that file',
  );
  expect(sinksOf(file('/var/log/a', 'one'), file('/var/log/b', 'two'))).toHaveLength(2);
});
