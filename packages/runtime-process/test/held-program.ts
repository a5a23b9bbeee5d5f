import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { compiledFixture } from './compiled-fixture.js';
import { temporaryDirectory } from './temporary-directory.js';

export interface HeldProgram {
  /** A copy of touch(1). */
  readonly path: string;
  /** Waits for a start of it that hangs; each is told once. */
  held(): Promise<void>;
  /** Lets all starts go on. */
  release(): Promise<void>;
}

/** Why no program can be held here; undefined where one can. */
export function cannotHold(): string | undefined {
  if (process.getuid?.() !== 0) return 'fanotify(7) permission events are for root only';
  return spawnSync('gcc', ['--version']).error ? 'missing gcc: apt-get install gcc' : undefined;
}

/** A program whose every start hangs in the kernel until it is released, as on a file system that does not answer. */
export async function heldProgram(): Promise<HeldProgram> {
  const path = join(temporaryDirectory(), 'held');
  copyFileSync('/usr/bin/touch', path);
  const holder = spawn(compiledFixture('hold-exec'), [path], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(holder, 'exit');
  const release = async () => {
    holder.stdin.end();
    await exited;
  };
  onTestFinished(release);
  const lines = createInterface(holder.stdout)[Symbol.asyncIterator]();
  const held = async () => {
    const { done } = await lines.next();
    if (done) throw new Error('the program that holds starts has ended');
  };
  await held();
  return { path, held, release };
}
