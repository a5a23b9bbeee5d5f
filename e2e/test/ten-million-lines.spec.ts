import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AuraeClient } from '@aurae/client';
import { meta, type observe } from '@aurae/proto';
import { expect, it } from 'vitest';
import { eventually } from './auraed-fixture.js';
import { ExecutablesFixture } from './executables-fixture.js';
import { LogArchive } from './log-archive.js';

const mebibyte = 1024 * 1024;
const workloads = Array.from({ length: 8 }, (_, index) => `w${index}`);
const linesOfEach = 1_250_000;

/** Numbered lines, forty in one write of at most PIPE_BUF, so that none is torn: pipe(7). */
const writer = `my ($name, $total) = @ARGV;
my $number = 0;
while ($number < $total) {
  my $lines = '';
  for (1..40) { last if $number >= $total; $lines .= $name . ' ' . ++$number . " of a log that is worth keeping\\n"; }
  syswrite STDOUT, $lines;
}`;

it('ten million lines of eight workloads all reach the file sink, in order, through rotations, two daemon kills and an outage', async () => {
  await using fixture = new ExecutablesFixture(['log_segment_bytes = 2097152', 'log_segments = 1000']);
  const archive = new LogArchive(join(fixture.root, 'archive/logs.ndjson'));
  configureSink(fixture, archive);
  const first = await fixture.start();
  const before = fixture.client();
  for (const name of workloads) {
    const argv = ['/usr/bin/perl', '-e', writer, name, String(linesOfEach)];
    await before.runtime.executableStart({ meta: { name }, argv, env: fixture.env });
  }

  await eventually(() => archive.bytes > 100 * mebibyte);
  await first.kill('SIGKILL');
  const second = await fixture.start();

  await eventually(() => archive.bytes > 300 * mebibyte);
  archive.takeAway();
  const during = fixture.client();
  await eventually(async () => (await sinkOf(during)).health?.reason !== '');
  await second.kill('SIGKILL');
  await fixture.start();
  const client = fixture.client();
  await eventually(async () => (await sinkOf(client)).lastError !== '');
  archive.bringBack();

  await eventually(() => haveEnded(client));
  await untilAllIsDelivered(client);
  const archived = await archive.check();
  for (const name of workloads) {
    expect(archived.get(name)?.upTo, name).toBe(linesOfEach);
    // Once for each kill at most: what was accepted and not yet noted.
    expect(archived.get(name)?.repeats, name).toBeLessThanOrEqual(2);
  }
  expect(archived.size).toBe(workloads.length);
  const { executables } = await client.runtime.executableList({ all: true });
  expect(executables.map(({ exitCode, logLostRecords }) => [exitCode, logLostRecords])).toEqual(
    workloads.map(() => ['0', 0n]),
  );
  expect(await sinkOf(client)).toMatchObject({ droppedRecords: 0n });
}, 900_000);

/** Little is kept of each log: what the sink has not got stays because it is held back. */
function configureSink(fixture: ExecutablesFixture, archive: LogArchive): void {
  mkdirSync(join(fixture.root, 'archive'));
  const config = `
[workload_logs]
max_bytes_per_workload = 8388608

[[log.sinks]]
use = "file"
name = "archive"
from = ["workloads"]
when_behind = "spill"
spill_bytes = 17179869184
longest_retry = "1s"
options = { path = "${archive.path}", rotate_bytes = 67108864, keep_files = 1000, compress = false }
`;
  appendFileSync(join(fixture.root, 'etc/aurae/auraed.toml'), config);
}

async function sinkOf(client: AuraeClient): Promise<observe.LogSinkStatus> {
  const { logSinks } = await client.observe.status();
  const [sink] = logSinks;
  if (!sink) throw new Error('There is no log sink');
  return sink;
}

async function haveEnded(client: AuraeClient): Promise<boolean> {
  const { executables } = await client.runtime.executableList({ all: true });
  return executables.every(({ status }) => status === meta.Status.STATUS_COMPLETE);
}

/** Nothing waits, and nothing has come for so many looks in a row. Whether it was all is for the archive to tell. */
async function untilAllIsDelivered(client: AuraeClient): Promise<void> {
  let written = -1n;
  for (let looks = 0; looks < 50; looks++) {
    const sink = await sinkOf(client);
    if (sink.pendingRecords > 0n || sink.writtenRecords !== written) looks = 0;
    written = sink.writtenRecords;
    await client.runtime.exec({ command: 'sleep 0.05' });
  }
}
