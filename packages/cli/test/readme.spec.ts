import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { meta, observe, runtime } from '@aurae/proto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestRoot } from '../../client/test/support/test-daemon.js';
import { FakeSchedule } from './support/fake-schedule.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const [block = '', scheduleBlock = ''] = [...readme.matchAll(/```sh\n(.*?)```/gs)].map(([, lines]) => lines);

const ended = runtime.ExecutableStatus.fromPartial({ status: meta.Status.STATUS_COMPLETE, exitCode: '0' });

let root: TestRoot;
let scheduleRoot: TestRoot;
const fake = new FakeSchedule();
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
      async *watchEvents() {
        yield observe.Event.fromPartial({ sequence: 1, type: 'workload.started' });
      },
      getWorkloadUsage: async () => observe.GetWorkloadUsageResponse.fromPartial({ cpus: 1 }),
      logLevelShow: async () => observe.LogLevels.fromPartial({ level: 'info' }),
      logLevelSet: async () => observe.LogLevels.fromPartial({ level: 'info' }),
      async *getAuraeDaemonLogStream() {
        yield observe.LogItem.fromPartial({ line: 'serving' });
      },
    },
  });
  scheduleRoot = await TestRoot.make();
  await fake.serve(scheduleRoot);
  fake.applyAnswers = [{ workload: { kind: 1, name: 'web' } }];
  fake.history = { workload: { status: meta.Status.STATUS_ACTIVE } };
  bin = mkdtempSync(join(tmpdir(), 'aurae-bin-'));
  symlinkSync(fileURLToPath(new URL('../bin/aurae.js', import.meta.url)), join(bin, 'aurae'));
  const issued = { name: '', certificate: '', key: '', ca: '', identity: '', expiresAt: '' };
  writeFileSync(join(bin, 'auraed'), `#!/bin/sh\necho '${JSON.stringify(issued)}'`, { mode: 0o755 });
});
afterAll(async () => {
  rmSync(bin, { recursive: true });
  fake[Symbol.dispose]();
  await scheduleRoot[Symbol.asyncDispose]();
  await root[Symbol.asyncDispose]();
});

test.each(block.trim().split('\n'))('%s', (line) => runs(line, root));

// In their order: each builds on those before it.
test.each(scheduleBlock.trim().split('\n'))('%s', (line) => runs(line, scheduleRoot));

async function runs(line: string, { dir }: TestRoot): Promise<void> {
  const env = { PATH: `${bin}:${process.env['PATH']}`, AURAE_ROOT: dir, AURAED: join(bin, 'auraed') };
  const { stdout, stderr } = await promisify(execFile)('/bin/sh', ['-c', line], { env });
  expect(stdout).not.toBe('');
  expect(stderr).toBe('');
}
