import { createHash } from 'node:crypto';
import { readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunDirectory } from './run-directory.js';

/** How many runs of a workload stay known, the last one included. Its log is bounded by itself. */
export const keptRuns = 5;

/**
 * What is kept of one workload: its runs and its log, which goes on from run to run. Named by a digest, since names may
 * be commands of any length with any characters.
 */
export class WorkloadDirectory {
  readonly logPath: string;
  private readonly runsPath: string;
  private readonly heldPath: string;

  constructor(readonly path: string) {
    this.logPath = join(path, 'log');
    this.runsPath = join(path, 'runs');
    this.heldPath = join(path, 'held');
  }

  static of(parent: string, name: string): WorkloadDirectory {
    return new WorkloadDirectory(join(parent, createHash('sha256').update(name).digest('hex').slice(0, 32)));
  }

  static async list(parent: string): Promise<WorkloadDirectory[]> {
    return (await namesIn(parent)).map((name) => new WorkloadDirectory(join(parent, name)));
  }

  run(number: number): RunDirectory {
    return new RunDirectory(join(this.runsPath, String(number)), number);
  }

  /** From the first to the last. */
  async runs(): Promise<RunDirectory[]> {
    const numbers = (await namesIn(this.runsPath)).map(Number).filter((number) => Number.isSafeInteger(number));
    return numbers.sort((one, other) => one - other).map((number) => this.run(number));
  }

  /** A further run has begun: what was to hold it down does no more, and the run that is one too many is forgotten. */
  async begun(number: number): Promise<void> {
    await rm(this.heldPath, { recursive: true, force: true });
    if (number > keptRuns) await this.run(number - keptRuns).remove();
  }

  /** Remembers that its policy is not to start it again after that run: a stop was asked for. */
  async hold(number: number): Promise<void> {
    try {
      await writeFile(this.heldPath, String(number), { mode: 0o600 });
    } catch (error) {
      // Where the directory was removed, no next daemon finds anything to start.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  /** Whether that is remembered of that run. */
  async isHeld(number: number): Promise<boolean> {
    try {
      return Number(await readFile(this.heldPath, 'utf8')) === number;
    } catch (error) {
      unlessAbsent(error);
      return false;
    }
  }

  /** Takes back what a failed first start has left, and nothing else. */
  async removeIfUnused(): Promise<void> {
    try {
      // A start that was cut off may not have come to making it.
      await rmdir(this.runsPath).catch(unlessAbsent);
      if ((await namesIn(this.logPath)).length === 0) await rm(this.logPath, { recursive: true, force: true });
      await rmdir(this.path);
    } catch {
      // Runs or a log are in it.
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

function unlessAbsent(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
