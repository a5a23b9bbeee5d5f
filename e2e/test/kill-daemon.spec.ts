import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { AuraeClient } from '@aurae/client';
import { meta, type observe, type runtime } from '@aurae/proto';
import { expect, it } from 'vitest';
import { eventually } from './auraed-fixture.js';
import { type Counter, CounterLoad } from './counter-load.js';
import { ExecutablesFixture, nameOf } from './executables-fixture.js';
import { RandomSource } from './random-source.js';

const kills = 50;
/** Every so many rounds the next daemon is killed once more while it starts and adopts. */
const killWhileStarting = 5;
/** Choose it to see the same choices again; what they meet is never quite the same. */
const seed = Number(process.env['AURAE_TEST_SEED'] ?? Date.now() % 2 ** 31);

it(`loses nothing when the daemon is killed at ${kills} random moments (AURAE_TEST_SEED=${seed})`, async () => {
  await using fixture = new ExecutablesFixture(['max_ended_executables = 10000']);
  const random = new RandomSource(seed);
  const load = new CounterLoad(random, fixture.env);
  for (let round = 1; round <= kills; round++) {
    if (round % killWhileStarting === 0) await killStartingDaemon(fixture, random);
    await killUnderLoad(fixture, load, random);
  }

  const daemon = await fixture.start();
  const client = fixture.client();
  const executables = await allEnded(client);
  await checkAll(fixture, client, load, executables);
  expect(fixture.leftovers()).toEqual([]);
  expect(await daemon.kill('SIGTERM')).toMatchObject({ code: 0 });
  expect(readdirSync(join(fixture.runDir, 'executable'))).toEqual([]);
}, 180_000);

/** This is the one place where a moment by the clock is the point. */
async function killStartingDaemon(fixture: ExecutablesFixture, random: RandomSource): Promise<void> {
  const daemon = fixture.launch();
  await delay(100 + random.below(400));
  await daemon.kill('SIGKILL');
}

async function killUnderLoad(fixture: ExecutablesFixture, load: CounterLoad, random: RandomSource): Promise<void> {
  const daemon = await fixture.start();
  const client = fixture.client();
  let answers = 1 + random.below(15);
  let kill = () => {};
  const isTime = new Promise<void>((resolve) => {
    kill = resolve;
  });
  const over = load.run(client, () => --answers === 0 && kill());
  await Promise.race([isTime, over]);
  await delay(random.below(10));
  await daemon.kill('SIGKILL');
  await over;
  client.close();
}

/** Stops whatever runs on; the status of each at its end. */
async function allEnded(client: AuraeClient): Promise<runtime.ExecutableStatus[]> {
  await eventually(async () => (await client.runtime.executableList()).executables.length === 0);
  return (await client.runtime.executableList({ all: true })).executables;
}

async function checkAll(
  fixture: ExecutablesFixture,
  client: AuraeClient,
  { counters }: CounterLoad,
  executables: readonly runtime.ExecutableStatus[],
): Promise<void> {
  const known = new Set(executables.map(nameOf));
  expect([...counters.values()].filter(({ name, started }) => started && !known.has(name))).toEqual([]);
  expect(executables.length).toBeGreaterThan(kills);
  // A start without an answer has left no trace, or a complete one.
  expect(unknownFiles(join(fixture.stateDir, 'executable/workloads'), known)).toEqual([]);
  for (const status of executables) {
    const counter = counters.get(nameOf(status));
    if (!counter) throw new Error(`Nobody has started "${nameOf(status)}"`);
    checkOne(counter, status, await fixture.readLog(client, counter.name));
  }
}

/** Below the directories of no known executable. */
function unknownFiles(workloads: string, known: ReadonlySet<string>): string[] {
  const names = Array.from(known, (name) => createHash('sha256').update(name).digest('hex').slice(0, 32));
  const unknown = readdirSync(workloads).filter((name) => !names.includes(name));
  return unknown.flatMap((name) => [name, ...readdirSync(join(workloads, name), { recursive: true }).map(String)]);
}

function checkOne(counter: Counter, status: runtime.ExecutableStatus, log: readonly observe.LogItem[]): void {
  const shown = JSON.stringify({
    ...counter,
    status: meta.Status[status.status],
    code: status.exitCode,
    end: status.meta,
  });
  expect(status, shown).toMatchObject({ status: meta.Status.STATUS_COMPLETE, logLostRecords: 0n });
  expect(
    log.map(({ sequence }) => sequence),
    shown,
  ).toEqual(log.map((_, index) => BigInt(index + 1)));
  expect(
    log.filter(({ dropped, partial }) => dropped > 0n || partial),
    shown,
  ).toEqual([]);
  const numbered = (channel: string, word: string) =>
    log.filter((item) => item.channel === channel && item.line.startsWith(word)).map(({ line }) => line);
  const out = numbered('stdout', 'out');
  const err = numbered('stderr', 'err');
  expect(out, shown).toEqual(out.map((_, index) => `out ${index + 1}`));
  expect(err, shown).toEqual(err.map((_, index) => `err ${index + 1}`));
  const end = numbered('stdout', 'end')[0];
  expect(expectedExitCodes(counter, end, out.length), shown).toContain(status.exitCode);
  if (counter.exitCode !== undefined) expect(status.exitCode, shown).toBe(counter.exitCode);
  if (end === undefined || status.signal !== 0) return;
  expect(end, shown).toBe(`end ${out.length} ${status.exitCode}`);
  expect([out.length, err.length], shown).toEqual([out.length, out.length]);
}

/** What it said at its end, where it came to that; else a signal that was asked for. */
/** Several where it was asked to end in more than one way: which one came first nobody knows. */
function expectedExitCodes(counter: Counter, end: string | undefined, lines: number): string[] {
  const { code, killAsked, stopAsked } = counter;
  const codes = [
    ...(end === `end ${counter.lines} ${code}` ? [String(code)] : []),
    ...(end !== undefined && stopAsked ? [String(code + 100)] : []),
    // Before its first line it may not yet have a handler for the signal.
    ...(stopAsked && lines === 0 ? ['143'] : []),
    // Also between its last word and its end.
    ...(killAsked ? ['137'] : []),
  ];
  return codes.length > 0 ? codes : ['an end that nobody has asked for'];
}
