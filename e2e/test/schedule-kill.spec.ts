import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turnOfEventLoop, setTimeout as delay } from 'node:timers/promises';
import type { AuraeClient } from '@aurae/client';
import { meta } from '@aurae/proto';
import { expect, it } from 'vitest';
import type { Program } from './auraed-fixture.js';
import { RandomSource } from './random-source.js';
import { ScheduleFixture, type Shown, shownSchedule } from './schedule-fixture.js';
import { decided, ScheduleLoad, versionOf } from './schedule-load.js';

const kills = Number(process.env['AURAE_TEST_KILLS'] ?? 100);
/** Every so many rounds the next daemon is killed once more while it starts and reconciles. */
const killWhileStarting = 10;
/** How long what runs may take to become what is desired. Nothing here takes a tenth of it. */
const settleLimitMs = 20_000;
/** Choose it to see the same choices again; what they meet is never quite the same. */
const seed = Number(process.env['AURAE_TEST_SEED'] ?? Date.now() % 2 ** 31);

/** Daemons that are killed beside each other, each with a schedule of its own. */
const lanes = 2;

it(`keeps its word when the daemon is killed at ${kills} random moments (AURAE_TEST_SEED=${seed})`, async () => {
  const tasks = Array.from({ length: lanes }, (_, lane) => killMany(new RandomSource(seed + lane)));
  // One that fails waits for the others, so that each tidies up.
  await Promise.allSettled(tasks);
  const answered = new Set((await Promise.all(tasks)).flat());
  expect([...answered].sort()).toEqual(['apply', 'broken', 'destroy', 'disable', 'enable']);
}, 300_000);

/** Answers with the kinds of decisions that were answered. */
async function killMany(random: RandomSource): Promise<string[]> {
  await using fixture = new ScheduleFixture(['max_ended_executables = 10']);
  const load = new ScheduleLoad(fixture, random);
  let daemon = await fixture.start();
  for (let round = 1; round <= kills / lanes; round++) {
    await killUnderLoad(fixture, daemon, load, random);
    if (round % killWhileStarting === 0) await killStartingDaemon(fixture, random);
    daemon = await fixture.start();
    const client = fixture.client();
    load.settle(await decisions(client));
    await settled(fixture, client, `after kill ${round}, seed ${random.seed}`);
    client.close();
  }
  const client = fixture.client();
  for (const name of (await shownSchedule(client)).keys()) await client.scheduleExecutable.destroy({ meta: { name } });
  await fixture.leavesNothing();
  expect(await daemon.kill('SIGTERM')).toMatchObject({ code: 0 });
  expect(readdirSync(join(fixture.runDir, 'executable'))).toEqual([]);
  return [...load.answered];
}

/** This is the one place where a moment by the clock is the point. */
async function killStartingDaemon(fixture: ScheduleFixture, random: RandomSource): Promise<void> {
  const daemon = fixture.launch();
  await delay(100 + random.below(500));
  await daemon.kill('SIGKILL');
}

async function killUnderLoad(
  fixture: ScheduleFixture,
  daemon: Program,
  load: ScheduleLoad,
  random: RandomSource,
): Promise<void> {
  const client = fixture.client();
  let answers = random.below(12);
  let kill = () => {};
  const isTime = new Promise<void>((resolve) => {
    kill = resolve;
    if (answers === 0) resolve();
  });
  const over = load.run(client, () => --answers === 0 && kill());
  await Promise.race([isTime, over]);
  await pass(random.below(12_000) / 1000);
  await daemon.kill('SIGKILL');
  await over;
  client.close();
}

/** To the fraction of a millisecond, as a timer cannot. */
async function pass(milliseconds: number): Promise<void> {
  const until = performance.now() + milliseconds;
  while (performance.now() < until) await turnOfEventLoop();
}

async function decisions(client: AuraeClient): Promise<Map<string, string>> {
  const shown = await shownSchedule(client);
  return new Map(Array.from(shown, ([name, { spec, state }]) => [name, decided(state, spec.argv)]));
}

/** Waits until exactly what is enabled runs, and the daemon says so; throws with the difference after a while. */
async function settled(fixture: ScheduleFixture, client: AuraeClient, when: string): Promise<void> {
  const limit = performance.now() + settleLimitMs;
  for (;;) {
    const shown = await shownSchedule(client);
    const [wanted, runs] = [wantedProcesses(shown), actualProcesses(fixture)];
    if (wanted.join('\n') === runs.join('\n')) return;
    if (performance.now() > limit) expect(runs, `${when}: what runs`).toEqual(wanted);
  }
}

/** As the daemon tells them; one of which it says something else than that it runs never matches a process. */
function wantedProcesses(shown: ReadonlyMap<string, Shown>): string[] {
  return Array.from(shown, ([name, { spec, state }]) => {
    const { status, message, proc, enabled } = state;
    const isWell = status === (enabled ? meta.Status.STATUS_ACTIVE : meta.Status.STATUS_PASSIVE) && message === '';
    if (!isWell) return `${name} is ${meta.Status[status]}: ${message}`;
    return enabled ? `${name} ${versionOf(spec.argv)} as ${proc?.pid}` : '';
  })
    .filter((line) => line !== '')
    .sort();
}

function actualProcesses(fixture: ScheduleFixture): string[] {
  return fixture
    .running()
    .map(({ pid, name, argv }) => `${name} ${versionOf(argv)} as ${pid}`)
    .sort();
}
