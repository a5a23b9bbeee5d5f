import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { observe, runtime } from '@aurae/proto';
import { expect, test, vi } from 'vitest';
import { TestRoot } from './support/test-daemon.js';

test('the example of the README runs', async () => {
  await using root = await TestRoot.make();
  await root.serve({
    runtime: {
      exec: async (_context, { argv }) =>
        runtime.ExecutableStatus.fromPartial({ stdout: argv.join(' '), exitCode: '0' }),
    },
    observe: {
      async *getAuraeDaemonLogStream() {
        yield observe.LogItem.fromPartial({ line: 'serving' });
      },
    },
  });
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, code = ''] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  const file = fileURLToPath(new URL('../dist/readme/example.ts', import.meta.url));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code);
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  vi.stubEnv('AURAE_ROOT', root.dir);
  try {
    await import(file);
    expect(log.mock.calls.flat()).toEqual(['exit code 0: uname -a', 'serving']);
  } finally {
    vi.unstubAllEnvs();
    log.mockRestore();
    rmSync(dirname(file), { recursive: true });
  }
});
