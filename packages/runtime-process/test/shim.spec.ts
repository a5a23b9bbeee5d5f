import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { logScenarios } from './shim/log-scenarios.js';
import { releasedShim } from './shim/shim-program.js';
import { startShim } from './shim/shim-run.js';
import { socketScenarios } from './shim/socket-scenarios.js';
import { nativeStartScenarios, startScenarios } from './shim/start-scenarios.js';
import { stopScenarios } from './shim/stop-scenarios.js';
import { terminalScenarios } from './shim/terminal-scenarios.js';
import { temporaryDirectory } from './temporary-directory.js';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../native/test/run-shim.sh', import.meta.url));

/** Of smaps_rollup, in bytes: pages that no other process has. Clean ones are of its program, and can be dropped. */
function privateBytes(pid: number, kind: 'Dirty' | 'Clean'): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(new RegExp(`^Private_${kind}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) * 1024;
}

describe('aurae-shim', () => {
  startScenarios(() => releasedShim);
  nativeStartScenarios(() => releasedShim);
  logScenarios(() => releasedShim, 20);
  stopScenarios(() => releasedShim);
  socketScenarios(() => releasedShim);
  terminalScenarios(() => releasedShim);

  test('an idle workload costs less than a megabyte, and no wake-ups', async () => {
    const idle = startShim(releasedShim, ['sleep', '1000']);
    const { shimPid } = await idle.started();
    await idle.connect();
    const dirty = privateBytes(shimPid, 'Dirty');
    expect(dirty).toBeLessThan(256 * 1024);
    expect(dirty + privateBytes(shimPid, 'Clean')).toBeLessThan(1024 * 1024);
    const switches = () =>
      /^voluntary_ctxt_switches:\t(\d+)$/m.exec(readFileSync(`/proc/${shimPid}/status`, 'utf8'))?.[1];
    await expect.poll(() => readFileSync(`/proc/${shimPid}/stat`, 'latin1'), { timeout: 20_000 }).toMatch(/\) S /);
    const before = switches();
    await run('sleep', ['0.5']); // the time in which a poll or a timer would show
    expect(switches()).toBe(before);
  });
});

describe('the parts of aurae-shim', () => {
  for (const mode of ['sanitize', 'valgrind']) {
    test(`pass their C tests: ${mode}`, async () => {
      const { stderr } = await run(script, [mode, temporaryDirectory()]);
      expect(stderr).toBe('0 failed\n');
    });
  }
});
