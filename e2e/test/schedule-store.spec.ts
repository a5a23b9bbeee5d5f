import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { AuraeClient } from '@aurae/client';
import { meta, ResourceExhaustedError } from '@aurae/proto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Program } from './auraed-fixture.js';
import { ScheduleFixture, shownSchedule, untilStatus } from './schedule-fixture.js';

const { STATUS_ACTIVE } = meta.Status;

let fixture: ScheduleFixture;
beforeEach(() => {
  fixture = new ScheduleFixture();
});
afterEach(() => fixture[Symbol.asyncDispose]());

async function namesOf(client: AuraeClient): Promise<string[]> {
  return [...(await shownSchedule(client)).keys()].sort();
}

/** What the daemon has said of its store. */
function reportOf({ said }: Program): string {
  const records = said.stderr.split('\n').filter(Boolean);
  return records
    .map((line) => (JSON.parse(line) as { readonly message: string }).message)
    .filter((message) => message.includes('store of the schedule'))
    .join('\n');
}

async function destroyAll(client: AuraeClient): Promise<void> {
  for (const name of await namesOf(client)) await client.scheduleExecutable.destroy({ meta: { name } });
}

describe('a damaged store', () => {
  /** Two workloads run, the daemon has ended, and its store is no longer what it was. */
  async function damaged(): Promise<string> {
    const daemon = await fixture.start();
    const client = fixture.client();
    for (const name of ['db', 'web']) await client.scheduleExecutable.enable(fixture.sleeper(name));
    client.close();
    await daemon.kill('SIGTERM');
    const store = join(fixture.stateDir, 'schedule.db');
    const size = readFileSync(store).length;
    writeFileSync(store, Buffer.alloc(size, 'garbage '));
    return store;
  }

  it('is set aside with a word, and what runs is not touched; its backup brings everything back', async () => {
    const store = await damaged();
    const before = fixture.running();
    const second = await fixture.start();
    const client = fixture.client();
    expect(await shownSchedule(client)).toEqual(new Map());
    expect(fixture.running()).toEqual(before);
    const said = reportOf(second);
    const aside = /set aside as "([^"]+)"/.exec(said)?.[1] ?? '';
    expect(readFileSync(aside, 'utf8')).toMatch(/^garbage /);
    const restore = /stop auraed, run "([^"]+)", and start auraed/.exec(said)?.[1] ?? 'false';

    client.close();
    await second.kill('SIGTERM');
    execFileSync('/bin/sh', ['-c', restore]);
    await fixture.start();
    const next = fixture.client();
    expect(await namesOf(next)).toEqual(['db', 'web']);
    for (const name of ['db', 'web']) await untilStatus(next, name, STATUS_ACTIVE);
    expect(fixture.running()).toEqual(before);
    expect(readdirSync(fixture.stateDir)).toContain(aside.slice(aside.lastIndexOf('/') + 1));
    expect(store).toBe(join(fixture.stateDir, 'schedule.db'));
    await destroyAll(next);
    await fixture.leavesNothing();
  });

  it('takes nothing new in the way of what runs without it', async () => {
    await damaged();
    await fixture.start();
    const client = fixture.client();
    await expect(client.scheduleExecutable.enable(fixture.sleeper('web'))).rejects.toThrow('runs already');
    await client.scheduleExecutable.enable(fixture.sleeper('other'));
    expect(await namesOf(client)).toEqual(['other']);
    for (const name of ['db', 'web']) await client.runtime.executableStop({ meta: { name } });
    await client.scheduleExecutable.enable(fixture.sleeper('web'));
    expect(fixture.runningOf('web')).toHaveLength(1);
    await destroyAll(client);
    await fixture.leavesNothing();
  });
});

describe.runIf(process.getuid?.() === 0)('a full disk', () => {
  let disk: string;
  let daemon: Program;
  beforeEach(async () => {
    disk = join(fixture.root, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'aurae-test', disk]);
    daemon = await fixture.start('--state-dir', join(disk, 'state'));
  });
  afterEach(async () => {
    await daemon.kill('SIGTERM');
    await fixture.endExecutablesOf(disk);
    execFileSync('umount', [disk]);
  });

  it('takes no decision, changes nothing, and is forgotten once there is room', async () => {
    const client = fixture.client();
    await client.scheduleExecutable.enable(fixture.sleeper('stays'));
    await client.scheduleExecutable.enable(fixture.sleeper('asleep'));
    await client.scheduleExecutable.disable({ meta: { name: 'asleep' } });
    const facts = async () => {
      const shown = await shownSchedule(client);
      return [Array.from(shown, ([name, { state }]) => [name, state.enabled, state.proc?.pid]), fixture.running()];
    };
    const before = await facts();

    const [filler, isRefused] = [join(disk, 'filler'), (error: unknown) => error instanceof ResourceExhaustedError];
    fill(filler);
    const attempts = [
      () => client.scheduleExecutable.enable(fixture.sleeper('new', { comment: 'x'.repeat(900_000) })),
      () => client.scheduleExecutable.enable(fixture.sleeper('stays', { comment: 'x'.repeat(900_000) })),
      () => client.scheduleExecutable.disable({ meta: { name: 'stays' } }),
      () => client.scheduleExecutable.enable(fixture.sleeper('asleep')),
      () => client.scheduleExecutable.destroy({ meta: { name: 'asleep' } }),
    ];
    for (const attempt of attempts) {
      await expect(attempt()).rejects.toSatisfy(isRefused);
      expect(await facts()).toEqual(before);
    }

    rmSync(filler);
    await client.scheduleExecutable.enable(fixture.sleeper('new'));
    await client.scheduleExecutable.disable({ meta: { name: 'stays' } });
    await client.scheduleExecutable.enable(fixture.sleeper('asleep'));
    expect(
      fixture
        .running()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['asleep', 'new']);
    await destroyAll(client);
    expect(fixture.running()).toEqual([]);
  });
});

function fill(path: string): void {
  const file = openSync(path, 'w');
  for (let size = 1024 * 1024; size >= 1; size = Math.floor(size / 4)) {
    try {
      for (;;) if (writeSync(file, Buffer.alloc(size)) < size) break;
    } catch {
      // No room for so much at a time.
    }
  }
  closeSync(file);
}
