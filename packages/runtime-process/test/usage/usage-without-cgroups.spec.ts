import { access, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type observe, runtime } from '@aurae/proto';
import { expect, onTestFinished, test } from 'vitest';
import { defaultProcessRuntimeOptions } from '../../src/process-runtime-options.js';
import { ProcessScanner } from '../../src/process-scanner.js';
import { UsageReader } from '../../src/usage/usage-reader.js';
import { type OpenSupervisor, openSupervisor } from '../../src/workload/open-supervisor.js';
import { compiledFixture } from '../compiled-fixture.js';
import { testParent } from '../workload/executables.js';

const neverAborts = new AbortController().signal;

/** Executables with a reader that is told of no cgroups, as on a host that grants none. */
class WithoutCgroups {
  private readonly summing = new UsageReader({ placements: [], nameOf: (id) => id });
  private readonly exact: UsageReader;

  private constructor(
    private readonly opened: OpenSupervisor,
    readonly directory: string,
  ) {
    const { cgroups } = opened;
    this.exact = new UsageReader({ placements: cgroups.placements, nameOf: (id) => cgroups.nameOf(id) });
  }

  static async open(): Promise<WithoutCgroups> {
    const directory = await mkdtemp('/tmp/aurae-usage-');
    const options = { ...defaultProcessRuntimeOptions, cgroupParent: testParent };
    const opened = await openSupervisor(join(directory, 'state'), options, new ProcessScanner());
    onTestFinished(async () => {
      const living = opened.supervisor.list(runtime.WorkloadListRequest.fromPartial({})).executables;
      for (const { meta } of living) {
        await opened.supervisor.stop(runtime.WorkloadStopRequest.fromPartial({ meta, signal: 'KILL' }), neverAborts);
      }
      await opened.close();
      await rm(directory, { recursive: true });
    });
    return new WithoutCgroups(opened, directory);
  }

  start(name: string, script: string) {
    const executable = runtime.Executable.fromPartial({ meta: { name }, argv: ['sh', '-c', script] });
    return this.opened.supervisor.start(executable, neverAborts);
  }

  async usage(name: string): Promise<observe.WorkloadUsage> {
    return this.read(this.summing, name);
  }

  async exactUsage(name: string): Promise<observe.WorkloadUsage> {
    return this.read(this.exact, name);
  }

  async appears(file: string): Promise<void> {
    const isThere = () =>
      access(join(this.directory, file)).then(
        () => true,
        () => false,
      );
    await expect.poll(isThere, { timeout: 20_000 }).toBe(true);
  }

  private async read(reader: UsageReader, name: string): Promise<observe.WorkloadUsage> {
    const [usage] = await reader.read([this.opened.supervisor.find(name, 'look at')]);
    if (!usage) throw new Error(`"${name}" is left out`);
    return usage;
  }
}

/** Keeps a processor busy for 50 ms to a second. */
const work = 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done';

test('the processes are summed, those too that have left its session', async () => {
  const executables = await WithoutCgroups.open();
  const { directory } = executables;
  const leaver = `(setsid sh -c 'touch ${directory}/two; exec sleep 1000' &)`;
  const child = `setsid sh -c 'touch ${directory}/three; exec sleep 1000' &`;
  await executables.start('tree', `${leaver}; ${child} touch ${directory}/one; exec sleep 1000`);
  await executables.start('other', 'exec sleep 1000');
  await executables.appears('one');
  await executables.appears('two');
  await executables.appears('three');
  await expect.poll(async () => (await executables.usage('tree')).pids).toBe(3);
  const usage = await executables.usage('tree');
  expect(usage).toMatchObject({ source: 'processes', oomKills: 0n });
  expect(Number(usage.memoryBytes)).toBeGreaterThan(100_000);
  expect((await executables.usage('other')).pids).toBe(1);
});

test('the CPU time of children that have ended is not lost, nor that of orphans', async () => {
  const executables = await WithoutCgroups.open();
  const { directory } = executables;
  const orphan = `(setsid sh -c '${work}; touch ${directory}/orphan' &)`;
  await executables.start('worker', `(${work}); ${orphan}; touch ${directory}/child; exec sleep 1000`);
  await executables.appears('child');
  await executables.appears('orphan');
  await expect.poll(async () => (await executables.usage('worker')).pids).toBe(1);
  const [summed, exact] = [await executables.usage('worker'), await executables.exactUsage('worker')];
  // A clock tick for each process that took part, and for the rounding of each sum.
  expect(Math.abs(Number(summed.cpuUs - exact.cpuUs))).toBeLessThan(100_000);
  expect(Number(summed.cpuUs)).toBeGreaterThan(50_000);
});

test('CPU time never goes back, whatever ends meanwhile', async () => {
  const executables = await WithoutCgroups.open();
  const { directory } = executables;
  await executables.start('stepper', `exec ${compiledFixture('unwaited-children')} ${directory}/done`);
  let last = 0n;
  const look = async () => {
    const { cpuUs } = await executables.usage('stepper');
    expect(cpuUs).toBeGreaterThanOrEqual(last);
    last = cpuUs;
    return access(`${directory}/done`).then(
      () => true,
      () => false,
    );
  };
  await expect.poll(look, { timeout: 20_000, interval: 1 }).toBe(true);
  // It was seen working at all.
  expect(last).toBeGreaterThan(0n);
});
