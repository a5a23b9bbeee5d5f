import { meta, runtime } from '@aurae/proto';
import { expect, test } from 'vitest';
import { Executables, policy } from './executables.js';

const { STATUS_COMPLETE, STATUS_ERROR } = meta.Status;
const { RESTART_MODE_ALWAYS } = runtime.RestartMode;

function recordingLog() {
  const lines: [level: string, message: string, fields: unknown][] = [];
  const at = (level: string) => (message: string, fields?: unknown) => void lines.push([level, message, fields]);
  return { lines, log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } };
}

test('the log tells what becomes of executables, and none of their secrets', async () => {
  const { lines, log } = recordingLog();
  const executables = await Executables.open({ log });
  const { proc } = await executables
    .start('web', ['sleep', '1000', 'secret'], { env: { PASSWORD: 'secret' } })
    .then(async () => {
      await executables.becomes('web', STATUS_COMPLETE);
      return executables.start('web', ['sleep', '1000'], { env: { PASSWORD: 'secret' } });
    });
  await executables.stop('web');
  const pid = proc?.pid;
  expect(lines.slice(-2)).toEqual([
    ['info', 'Executable started', { name: 'web', pid }],
    ['info', 'Executable ended', { name: 'web', pid, signal: 15, stopped: true }],
  ]);
  expect(lines.map(([, message]) => message)).toContain('Executable failed');
  expect(JSON.stringify(lines)).not.toContain('secret');
});

test('restarts, and giving up, are warnings', async () => {
  const { lines, log } = recordingLog();
  const executables = await Executables.open({ log });
  await executables.start('job', ['sh', '-c', 'exit 3'], { restart: policy(RESTART_MODE_ALWAYS, { maxRestarts: 1 }) });
  await executables.becomes('job', STATUS_ERROR);
  const told = lines.filter(([level]) => level === 'warn').map(([, message, fields]) => [message, fields]);
  expect(told).toEqual([
    [
      'Executable ended and is started again',
      expect.objectContaining({ name: 'job', exitCode: 3, inMs: expect.any(Number) }),
    ],
    ['Executable failed', expect.objectContaining({ name: 'job', exitCode: 3, gaveUpAfter: 1 })],
  ]);
});

test('an adoption is told with what was found', async () => {
  const { lines, log } = recordingLog();
  const executables = await Executables.open({ log });
  await executables.start('one', ['sleep', '1000']);
  await executables.start('two', ['true']);
  await executables.becomes('two', STATUS_COMPLETE);
  await executables.restart();
  expect(lines).toContainEqual(['info', 'Adopted executables', { running: 1, notRunning: 1 }]);
});
