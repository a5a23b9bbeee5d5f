import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { logScenarios } from './shim/log-scenarios.js';
import { type ShimProgram, sanitizedShim, valgrindShim } from './shim/shim-program.js';
import { socketScenarios } from './shim/socket-scenarios.js';
import { nativeStartScenarios, startScenarios } from './shim/start-scenarios.js';
import { stopScenarios } from './shim/stop-scenarios.js';
import { terminalScenarios } from './shim/terminal-scenarios.js';

for (const [name, build] of [
  ['AddressSanitizer', sanitizedShim],
  ['valgrind', valgrindShim],
] as const) {
  describe(`aurae-shim under ${name}`, { timeout: 120_000 }, () => {
    const directory = mkdtempSync(join(tmpdir(), 'aurae-shim-'));
    let program: ShimProgram | undefined;
    const shim = () => {
      if (!program) throw new Error('the shim has not been built');
      return program;
    };
    beforeAll(() => {
      chmodSync(directory, 0o755);
      program = build(directory);
    }, 120_000);
    afterEach(() => expect(shim().findings()).toEqual([]));
    afterAll(() => rmSync(directory, { recursive: true }));

    startScenarios(shim);
    if (name !== 'valgrind') nativeStartScenarios(shim);
    logScenarios(shim, 3);
    stopScenarios(shim);
    socketScenarios(shim);
    terminalScenarios(shim);
  });
}
