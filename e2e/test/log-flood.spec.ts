import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { AuraeClient } from '@aurae/client';
import { meta } from '@aurae/proto';
import { expect, it } from 'vitest';
import { eventually } from './auraed-fixture.js';
import { ExecutablesFixture } from './executables-fixture.js';

const mebibyte = 1024 * 1024;
const floodLines = 4_000_000;
const workload = { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name: 'flood' };
/**
 * Lines of 100 bytes, with the line break, as fast as they are taken. A write of at most PIPE_BUF is atomic, pipe(7): no
 * half of a line ever waits so long for the other that it becomes a record of its own.
 */
const linesOfOneWrite = 40;
const floodScript = `my $lines = ("x" x 99 . "\\n") x ${linesOfOneWrite};
syswrite STDOUT, $lines for 1..${floodLines / linesOfOneWrite};`;
const flood = ['/usr/bin/perl', '-e', floodScript];

it('a flood that nobody follows takes no memory of the daemon and holds up no other call', async () => {
  await using fixture = new ExecutablesFixture();
  const daemon = await fixture.start();
  const client = fixture.client();
  for (let call = 0; call < 20; call++) await client.runtime.exec({ command: '/bin/true' });
  const before = residentBytes(daemon.pid);
  await client.runtime.executableStart({ meta: { name: workload.name }, argv: flood, env: fixture.env });
  const calls = await execWhileRunning(client);
  expect(calls).toBeGreaterThan(3);
  expect(residentBytes(daemon.pid) - before).toBeLessThan(64 * mebibyte);
  expect(await statusOf(client)).toMatchObject({ exitCode: '0', logLostRecords: 0n });
}, 120_000);

it('a follower of a flood gets every line, or is told exactly how many it missed', async () => {
  await using fixture = new ExecutablesFixture();
  const daemon = await fixture.start();
  const client = fixture.client();
  await client.runtime.executableStart({ meta: { name: workload.name }, argv: flood, env: fixture.env });
  let last = 0n;
  let delivered = 0n;
  let dropped = 0n;
  for await (const { items } of client.observe.getWorkloadLogStream({ workload, follow: true })) {
    for (const item of items) {
      // It begins with what is kept by then.
      if (delivered === 0n) dropped = last = item.sequence - item.dropped - 1n;
      if (item.sequence !== last + item.dropped + 1n) throw new Error(`${item.sequence} comes after ${last}`);
      if (item.line.length !== 99) throw new Error(`Line ${item.sequence} is torn: "${item.line}"`);
      last = item.sequence;
      delivered++;
      dropped += item.dropped;
    }
  }
  expect(delivered + dropped).toBe(BigInt(floodLines));
  expect(residentBytes(daemon.pid)).toBeLessThan(400 * mebibyte);
}, 120_000);

it.runIf(process.getuid?.() === 0)(
  'a full disk loses lines visibly, ends nothing, and is forgotten once it has room',
  async () => {
    await using fixture = new ExecutablesFixture(['log_segment_bytes = 65536', 'log_segments = 1000']);
    await using disk = new SmallDisk(fixture);
    await fixture.start();
    const client = fixture.client();
    const script = '$| = 1; for (my $i = 1; ; $i++) { print "line $i\\n"; select undef, undef, undef, 0.001 }';
    await client.runtime.executableStart({
      meta: { name: workload.name },
      argv: ['/usr/bin/perl', '-e', script],
      env: fixture.env,
    });
    disk.fill();
    await eventually(async () => ((await statusOf(client))?.logLostRecords ?? 0n) > 0n);
    const shown = JSON.parse((await fixture.aurae('ps', '--output', 'json')).stdout);
    expect(Number(shown.executables[0].logLostRecords)).toBeGreaterThan(0);
    expect(shown.executables[0].status).toBe('STATUS_ACTIVE');
    disk.free();

    const items = client.observe.getWorkloadLogStream({ workload, follow: true });
    let last = 0n;
    let dropped = 0n;
    let afterLoss = 0;
    for await (const batch of items) {
      for (const item of batch.items) {
        expect(item.sequence).toBe(last + item.dropped + 1n);
        // Each line is one record: its own number tells whether the sequence tells the truth.
        expect(item.line).toBe(`line ${item.sequence}`);
        last = item.sequence;
        dropped += item.dropped;
        if (dropped > 0n) afterLoss++;
      }
      if (afterLoss >= 100) break;
    }
    await client.runtime.executableStop({ meta: { name: workload.name } });
    expect(dropped).toBe((await statusOf(client))?.logLostRecords);
  },
  60_000,
);

/** How many commands were run meanwhile. */
async function execWhileRunning(client: AuraeClient): Promise<number> {
  for (let calls = 0; ; calls++) {
    if ((await statusOf(client))?.status !== meta.Status.STATUS_ACTIVE) return calls;
    expect((await client.runtime.exec({ command: 'echo alive' }, { timeoutMs: 20_000 })).stdout).toBe('alive\n');
  }
}

async function statusOf(client: AuraeClient) {
  return (await client.runtime.executableList({ all: true })).executables[0];
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

/** A file system of 8 MiB for the state of a daemon. */
class SmallDisk implements AsyncDisposable {
  private readonly path: string;
  private readonly ballast: string;

  constructor(private readonly fixture: ExecutablesFixture) {
    this.path = fixture.stateDir;
    this.ballast = join(this.path, 'ballast');
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'tmpfs', this.path]);
  }

  fill(): void {
    writeFileSync(this.ballast, '');
    const file = openSync(this.ballast, 'w');
    try {
      for (let size = mebibyte; size >= 1; ) size = this.write(file, size) ? size : Math.floor(size / 2);
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(this.ballast);
  }

  /** Shims keep their files open, and are found by them. The daemon ends later, with its fixture. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.fixture.endExecutablesOf(this.fixture.root);
    execFileSync('umount', ['--lazy', this.path]);
  }

  private write(file: number, size: number): boolean {
    try {
      return writeSync(file, Buffer.alloc(size)) > 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
      throw error;
    }
  }
}
