import { followBareServer } from './follow-bare-server.js';
import { followExecutable } from './follow-executable.js';
import { followFile } from './follow-file.js';
import { LineCheck } from './line-check.js';

// A program: starts a writer of numbered lines and follows them to the last, whenever its parent asks for it.

/** Takes a line; `untold`: so many records are missing before it, and the source has not told of them. */
export type TakeLine = (line: string, untold?: number) => void;

export type FollowTask =
  /** The log of an executable that is started under this name. */
  | { readonly source: 'executable'; readonly root: string; readonly name: string; readonly argv: readonly string[] }
  /** What a bare grpc-js server sends. */
  | { readonly source: 'bare-server'; readonly directory: string }
  /** The file that the writer itself writes to. */
  | { readonly source: 'file'; readonly path: string; readonly argv: readonly string[] };

export interface FollowOrder {
  readonly task: FollowTask;
  /** Number of the last line. */
  readonly lines: number;
  /** Takes at most so many lines a second. */
  readonly linesPerSecond?: number;
  /** Leaves then, whether the last line has come or not. */
  readonly limitMs?: number;
}

export interface Followed {
  readonly elapsedMs: number;
  readonly cpuMs: number;
  readonly check: Pick<LineCheck, 'received' | 'lost' | 'untold' | 'misplaced'>;
}

/** Begins to write, and gives the lines in portions until `signal` aborts. */
export type Follow = (take: TakeLine, signal: AbortSignal) => AsyncIterable<void>;

function open(task: FollowTask, lines: number): Follow {
  switch (task.source) {
    case 'executable':
      return followExecutable(task);
    case 'bare-server':
      return followBareServer(task, lines);
    case 'file':
      return followFile(task);
  }
}

async function follow({ task, lines, linesPerSecond, limitMs }: FollowOrder): Promise<Followed> {
  const check = new LineCheck();
  const leaving = new AbortController();
  const source = open(task, lines);
  const [startedAt, cpuBefore] = [performance.now(), process.cpuUsage()];
  const limit = limitMs === undefined ? Infinity : startedAt + limitMs;
  for await (const portion of source((line, untold) => check.take(line, untold), leaving.signal)) {
    void portion;
    if (check.lastNumber >= lines || performance.now() > limit) break;
    if (linesPerSecond !== undefined) await paced(startedAt + (check.received / linesPerSecond) * 1_000);
  }
  leaving.abort();
  const { user, system } = process.cpuUsage(cpuBefore);
  const { received, lost, untold, misplaced } = check;
  const missing = limitMs === undefined ? lines - check.lastNumber : 0;
  const found = { received, lost: lost + missing, untold, misplaced };
  return { elapsedMs: performance.now() - startedAt, cpuMs: (user + system) / 1_000, check: found };
}

async function paced(untilMs: number): Promise<void> {
  const waitMs = untilMs - performance.now();
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
}

process.on('message', async (order: FollowOrder) => {
  const answer = await follow(order).catch((error: unknown) => ({ failure: String(error) }));
  process.send?.(answer);
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
