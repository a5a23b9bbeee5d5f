import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FailedPreconditionError, InvalidSpecError, meta, observe } from '@aurae/proto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventJournal } from '../../src/events/event-journal.js';

const { WORKLOAD_KIND_EXECUTABLE, WORKLOAD_KIND_CONTAINER } = meta.WorkloadKind;
const maximumBytes = 256 * 1024;
let directory: string;
const warnings: string[] = [];
const log = { warn: (message: string) => void warnings.push(message) };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'aurae-events-'));
  warnings.length = 0;
});
afterEach(() => rmSync(directory, { recursive: true }));

const open = () => EventJournal.open({ directory: join(directory, 'events'), maximumBytes, log });
const workload = { kind: WORKLOAD_KIND_EXECUTABLE, name: 'web' };

function publish(journal: EventJournal, count: number, type = 'workload.started'): void {
  for (let number = 1; number <= count; number++) {
    journal.publish({ type, timestampMs: 1000 + number, workload, message: `number ${number}` });
  }
}

async function watched(
  journal: EventJournal,
  request: Partial<observe.WatchEventsRequest>,
  count = Infinity,
): Promise<observe.Event[]> {
  const events: observe.Event[] = [];
  const signal = AbortSignal.timeout(10_000);
  for await (const event of journal.watch(observe.WatchEventsRequest.fromPartial(request), signal)) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

const sequences = (events: readonly observe.Event[]) => events.map(({ sequence }) => Number(sequence));

describe('what is published', () => {
  it('gets numbers from 1 up, in order, and keeps everything that was said', async () => {
    await using journal = await open();
    journal.publish({
      type: 'workload.ended',
      timestampMs: 1234,
      workload,
      status: meta.Status.STATUS_COMPLETE,
      message: 'exited with 1\n"quoted"',
      attributes: { exit_code: '1' },
    });
    publish(journal, 2);
    const events = await watched(journal, { fromOldest: true, historyOnly: true });
    expect(sequences(events)).toEqual([1, 2, 3]);
    expect(events[0]).toMatchObject({
      timestampMs: 1234n,
      type: 'workload.ended',
      workload,
      status: meta.Status.STATUS_COMPLETE,
      message: 'exited with 1\n"quoted"',
      attributes: { exit_code: '1' },
      dropped: 0n,
    });
  });

  it('is there for the next daemon, and numbering goes on', async () => {
    {
      await using journal = await open();
      publish(journal, 3);
    }
    await using journal = await open();
    publish(journal, 1);
    expect(sequences(await watched(journal, { fromOldest: true, historyOnly: true }))).toEqual([1, 2, 3, 4]);
  });

  it('has no number that was given before a power cut, even where the files have lost their end', async () => {
    const path = join(directory, 'events');
    {
      await using journal = await open();
      publish(journal, 5);
      await journal.settled();
      // As a kill leaves it: what was set aside, and not what was used.
      const reserved = readFileSync(join(path, 'reserved'), 'utf8');
      await journal[Symbol.asyncDispose]();
      writeFileSync(join(path, 'reserved'), reserved.replace(/^\S+/, 'of-another-boot'));
    }
    for (const name of readdirSync(path)) if (name.endsWith('.log')) writeFileSync(join(path, name), '');
    await using journal = await open();
    publish(journal, 1);
    await journal.settled();
    expect(journal.newest).toBeGreaterThan(5n);
  });

  it('has no number that was given before, where the files were removed', async () => {
    const path = join(directory, 'events');
    const journal = await open();
    publish(journal, 5);
    await journal.settled();
    // As a kill leaves it: nothing is settled.
    for (const name of readdirSync(path)) if (name.endsWith('.log')) rmSync(join(path, name));
    await using next = await open();
    publish(next, 1);
    await next.settled();
    expect(next.newest).toBeGreaterThan(5n);
    await journal[Symbol.asyncDispose]();
  });

  it('is cut where it is too long, so that no other event is lost for it', async () => {
    await using journal = await open();
    const name = '\u0001'.repeat(1_000_000);
    publish(journal, 1);
    journal.publish({
      type: 'workload.started',
      timestampMs: Number.NaN,
      workload: { ...workload, name },
      message: name,
    });
    journal.publish({ type: 'workload.ended', timestampMs: 1e300, workload: { ...workload, name: `${name}x` } });
    publish(journal, 1);
    const events = await watched(journal, { fromOldest: true, historyOnly: true });
    expect(sequences(events)).toEqual([1, 2, 3, 4]);
    expect(events[1]?.workload?.name.length).toBeLessThan(600);
    expect(events[1]?.workload?.name).not.toBe(events[2]?.workload?.name);
    expect(warnings).toEqual([]);
  });

  it.runIf(process.getuid?.() === 0)('is told as lost, once the disk takes events again', async () => {
    const disk = join(directory, 'events');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=0700', 'tmpfs', disk]);
    try {
      await using journal = await open();
      publish(journal, 3);
      await journal.settled();
      const ballast = join(disk, 'ballast');
      expect(() => writeFileSync(ballast, Buffer.alloc(1024 * 1024))).toThrow('ENOSPC');
      for (let round = 0; warnings.length === 0; round++) {
        publish(journal, 20);
        await journal.settled();
        expect(round).toBeLessThan(100);
      }
      const { newest } = journal;
      rmSync(ballast);
      publish(journal, 1);
      await journal.settled();
      await journal.settled();
      const since = await watched(journal, { afterSequence: newest, historyOnly: true });
      const told = since.find(({ type }) => type === 'daemon.events-lost');
      const dropped = since.reduce((sum, event) => sum + event.dropped, 0n);
      expect(dropped).toBeGreaterThan(0n);
      expect(told?.attributes['lost']).toBe(String(dropped));
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  it('lets go of the oldest beyond the bound, and says how many are missing', async () => {
    await using journal = await open();
    publish(journal, 1);
    await journal.settled();
    publish(journal, 6000);
    await journal.settled();
    expect(journal.newest).toBe(6001n);
    const oldest = await journal.oldest();
    expect(oldest).toBeGreaterThan(1n);
    const [first] = await watched(journal, { afterSequence: 1n }, 1);
    expect(first?.dropped).toBe((first?.sequence ?? 0n) - 2n);
    expect(first?.sequence).toBe(oldest);
    const bytes = readdirSync(join(directory, 'events')).length;
    expect(bytes).toBeLessThan(12);
  });
});

describe('a watcher', () => {
  it('hears by default only what happens from then on', async () => {
    await using journal = await open();
    publish(journal, 3);
    await journal.settled();
    const next = watched(journal, {}, 1);
    await expect.poll(() => journal.settled().then(() => 1)).toBe(1);
    const again = setInterval(() => publish(journal, 1, 'workload.ended'), 5);
    const events = await next;
    clearInterval(again);
    expect(events.map(({ type }) => type)).toEqual(['workload.ended']);
  });

  it('resumes after a number without gap or double, history and what follows', async () => {
    await using journal = await open();
    publish(journal, 10);
    const following = watched(journal, { afterSequence: 4n }, 12);
    publish(journal, 6);
    expect(sequences(await following)).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
  });

  it('gets the last so many of what it asks for', async () => {
    await using journal = await open();
    publish(journal, 10);
    journal.publish({ type: 'daemon.started', timestampMs: 5 });
    publish(journal, 1);
    expect(sequences(await watched(journal, { tail: 2, historyOnly: true }))).toEqual([11, 12]);
    expect(sequences(await watched(journal, { tail: 2, types: ['workload.'], historyOnly: true }))).toEqual([10, 12]);
  });

  it('gets the workloads, types and times that it names', async () => {
    await using journal = await open();
    publish(journal, 3);
    journal.publish({ type: 'backend.degraded', timestampMs: 2000 });
    journal.publish({ type: 'workload.started', timestampMs: 2001, workload: { ...workload, name: 'db' } });
    const all = { fromOldest: true, historyOnly: true };
    const anyKind = { kind: meta.WorkloadKind.WORKLOAD_KIND_UNSPECIFIED, name: 'db' };
    expect(sequences(await watched(journal, { ...all, workloads: [anyKind] }))).toEqual([5]);
    const container = { kind: WORKLOAD_KIND_CONTAINER, name: 'db' };
    expect(await watched(journal, { ...all, workloads: [container] })).toEqual([]);
    expect(sequences(await watched(journal, { ...all, types: ['backend.', 'daemon.started'] }))).toEqual([4]);
    expect(sequences(await watched(journal, { ...all, sinceMs: 1002n, untilMs: 2000n }))).toEqual([2, 3, 4]);
  });

  it('is refused a number that is not reached, and what cannot be right', async () => {
    await using journal = await open();
    publish(journal, 1);
    await expect(watched(journal, { afterSequence: 2n })).rejects.toThrow(FailedPreconditionError);
    expect(await watched(journal, { fromOldest: true, untilMs: 2n ** 62n }, 1)).toHaveLength(1);
    await expect(watched(journal, { types: ['Workload'] })).rejects.toThrow(InvalidSpecError);
    await expect(watched(journal, { sinceMs: 2n, untilMs: 1n })).rejects.toThrow(/lies before/);
    await expect(watched(journal, { workloads: [{ kind: 0, name: '' }] })).rejects.toThrow(/needs a name/);
  });

  it('that is slow gets everything at its own pace, and others do not wait for it', async () => {
    await using journal = await open();
    const slow = journal.watch(observe.WatchEventsRequest.fromPartial({}), AbortSignal.timeout(10_000));
    const first = slow.next();
    const quick = watched(journal, {}, 500);
    const feed = setInterval(() => publish(journal, 100), 1);
    await quick;
    clearInterval(feed);
    let last = (await first).value?.sequence ?? 0n;
    for (let count = 0; count < 300; count++) {
      const { value } = await slow.next();
      expect(value?.sequence).toBe(last + 1n);
      last = value?.sequence ?? 0n;
    }
    await slow.return(undefined);
  });
});
