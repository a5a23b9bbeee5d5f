import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { bundledScript } from './bundled-script.js';
import { StoreFixture } from './store-fixture.js';

const kills = 40;

test(`of ${kills} programs that were killed in the middle of decisions, all that they were told stands, and no half`, async () => {
  const script = await bundledScript('deciding-program.ts');
  const fixture = new StoreFixture();
  const answered = new Set<number>();
  for (let kill = 0; kill < kills; kill += 1) {
    const first = Math.max(0, ...answered) + 1000;
    // After a random number of answers, and at some moment in the work on the next.
    await killAfter(script, [fixture.path, String(first)], 1 + Math.floor(Math.random() * 40), answered);
    if (kill % 8 === 7) await check(fixture, answered);
  }
  await check(fixture, answered);
  expect(answered.size).toBeGreaterThan(kills);
}, 120_000);

async function killAfter(script: string, args: string[], answers: number, answered: Set<number>): Promise<void> {
  const program = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(program, 'exit');
  let seen = 0;
  for await (const line of createInterface(program.stdout)) {
    answered.add(Number(line));
    seen += 1;
    if (seen === answers) setTimeout(() => program.kill('SIGKILL'), Math.random() * 3);
  }
  expect((await ended)[1]).toBe('SIGKILL');
}

async function check(fixture: StoreFixture, answered: ReadonlySet<number>): Promise<void> {
  const store = await fixture.open();
  // A damaged store would be set aside.
  expect(fixture.log.ofLevel('error')).toEqual([]);
  const names = (await store.load()).map(({ entry }) => entry.key.name);
  const numbersOf = (word: string) =>
    new Set(names.filter((name) => name.startsWith(`${word} `)).map((name) => Number(name.slice(word.length))));
  const [one, other] = [numbersOf('one'), numbersOf('other')];
  expect(one).toEqual(other);
  for (const number of answered) expect(one).toContain(number);
  expect(store.lastRevision).toBe(Math.max(...one));
  await fixture.close();
}
