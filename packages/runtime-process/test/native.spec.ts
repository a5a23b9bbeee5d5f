import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from './temporary-directory.js';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../native/test/run.sh', import.meta.url));

function missing(program: string): boolean {
  return spawnSync(program, ['--version']).error !== undefined;
}

describe('the native core', () => {
  for (const [mode, programs] of [
    ['sanitize', ['gcc']],
    ['valgrind', ['gcc', 'valgrind']],
  ] as const) {
    test(`passes its C tests: ${mode}`, async ({ skip }) => {
      const absent = programs.filter(missing);
      const reason = `missing ${absent.join(', ')}: apt-get install ${absent.join(' ')}`;
      if (process.env['CI']) expect(absent, reason).toEqual([]);
      skip(absent.length > 0, reason);
      const { stderr } = await run(script, [mode, temporaryDirectory()]);
      expect(stderr).toBe('0 failed\n');
    });
  }
});
