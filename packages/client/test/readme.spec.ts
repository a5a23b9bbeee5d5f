import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { observe, runtime } from '@aurae/proto';
import { expect, test } from 'vitest';
import { TestRoot } from './support/test-daemon.js';

test('the example of the README runs on this Node, as .mjs and from the built package', async () => {
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
  const [, code = ''] = /```js\n(.*?)```/s.exec(readme) ?? [];
  const file = fileURLToPath(new URL('../dist/readme/example.mjs', import.meta.url));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code);
  try {
    const env = { PATH: process.env['PATH'], AURAE_ROOT: root.dir };
    const { stdout } = await promisify(execFile)(process.execPath, [file], { env });
    expect(stdout).toBe('exit code 0: uname -a\nserving\n');
  } finally {
    rmSync(dirname(file), { recursive: true });
  }
});
