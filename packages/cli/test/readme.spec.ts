import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { meta, observe, runtime } from '@aurae/proto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestRoot } from '../../client/test/support/test-daemon.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const [, block = ''] = /```sh\n(.*?)```/s.exec(readme) ?? [];

const ended = runtime.ExecutableStatus.fromPartial({ status: meta.Status.STATUS_COMPLETE, exitCode: '0' });

let root: TestRoot;
let bin: string;

beforeAll(async () => {
  root = await TestRoot.make();
  await root.serve({
    runtime: {
      attach: async function* () {
        yield { output: { $case: 'stdout' as const, value: Buffer.from('output\n') } };
        yield { output: { $case: 'ended' as const, value: ended } };
      },
      executableStart: async () => ended,
      executableStop: async () => ended,
      executableKill: async () => ended,
      executableRemove: async () => ({ meta: undefined }),
      executableList: async () => ({ meta: undefined, executables: [ended] }),
      exec: async () =>
        runtime.ExecutableStatus.fromPartial({ status: meta.Status.STATUS_COMPLETE, exitCode: '0', stdout: 'Linux\n' }),
    },
    observe: {
      async *getWorkloadLogStream() {
        yield observe.LogBatch.fromPartial({ items: [{ line: 'serving' }] });
      },
      status: async () => observe.StatusResponse.fromPartial({ version: '0.1.0' }),
      async *getAuraeDaemonLogStream() {
        yield observe.LogItem.fromPartial({ line: 'serving' });
      },
    },
  });
  bin = mkdtempSync(join(tmpdir(), 'aurae-bin-'));
  symlinkSync(fileURLToPath(new URL('../bin/aurae.js', import.meta.url)), join(bin, 'aurae'));
  const issued = { name: '', certificate: '', key: '', ca: '', identity: '', expiresAt: '' };
  writeFileSync(join(bin, 'auraed'), `#!/bin/sh\necho '${JSON.stringify(issued)}'`, { mode: 0o755 });
});
afterAll(async () => {
  rmSync(bin, { recursive: true });
  await root[Symbol.asyncDispose]();
});

test.each(block.trim().split('\n'))('%s', async (line) => {
  const env = { PATH: `${bin}:${process.env['PATH']}`, AURAE_ROOT: root.dir, AURAED: join(bin, 'auraed') };
  const { stdout, stderr } = await promisify(execFile)('/bin/sh', ['-c', line], { env });
  expect(stdout).not.toBe('');
  expect(stderr).toBe('');
});
