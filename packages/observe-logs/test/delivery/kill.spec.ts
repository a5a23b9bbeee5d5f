import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { criRecord, temporaryDirectory, writeLogSegments } from '../segments/log-files.js';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const names = ['web', 'db', 'queue', 'mail'];
const last = 12_000;
const perSegment = 1500;

async function writeLogs(directory: string): Promise<void> {
  const starts = Array.from({ length: Math.ceil(last / perSegment) }, (_, index) => index * perSegment + 1);
  for (const name of names) {
    const segments = starts.map((firstSequence) => ({
      firstSequence,
      bytes: Array.from({ length: Math.min(perSegment, last - firstSequence + 1) }, (_, index) =>
        criRecord(`${name} line ${firstSequence + index}`),
      ),
    }));
    await writeLogSegments(join(directory, name), segments);
  }
}

function startChild(directory: string): ChildProcess {
  const child = fork(fixture('run.js'), [fixture('delivery-child.ts'), directory, String(last), ...names], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [],
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

/** Kills the child when it has written so many records. */
async function killAt(child: ChildProcess, records: number): Promise<void> {
  for (;;) {
    const [{ written }] = (await once(child, 'message')) as [{ written: number }];
    if (written < records) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
    return;
  }
}

/** What a process wrote, as sequence numbers by name. */
function sequencesIn(output: string): Map<string, number[]> {
  const sequences = new Map<string, number[]>(names.map((name) => [name, []]));
  for (const line of output.split('\n').slice(0, -1)) {
    const [name = '', sequence = '', ...text] = line.split(' ');
    expect(text.join(' ')).toBe(`${name} line ${sequence}`);
    sequences.get(name)?.push(Number(sequence));
  }
  return sequences;
}

it('a process that is killed and started again delivers every line in order, and goes back at most to what was there before', async () => {
  const directory = temporaryDirectory();
  await writeLogs(directory);
  const output = join(directory, 'output');
  const ends = [0];
  for (const records of [16_000, 13_337]) {
    await killAt(startChild(directory), records);
    ends.push(readFileSync(output).lastIndexOf('\n') + 1);
  }
  const child = startChild(directory);
  expect(await once(child, 'exit')).toEqual([0, null]);
  ends.push(statSync(output).size);
  const bytes = readFileSync(output);
  const reached = new Map(names.map((name) => [name, 0]));
  for (const [index, end] of ends.slice(1).entries()) {
    for (const [name, sequences] of sequencesIn(bytes.toString('utf8', ends[index], end))) {
      const [first = last] = sequences;
      expect(sequences).toEqual(sequences.map((_, at) => first + at));
      const before = reached.get(name) ?? 0;
      expect(first).toBeLessThanOrEqual(before + 1);
      reached.set(name, Math.max(before, sequences.at(-1) ?? 0));
    }
  }
  expect([...reached.values()]).toEqual(names.map(() => last));
});
