import { observe } from '@aurae/proto';
import { OutputStream } from '../output/output-stream.js';
import { paintFor } from '../output/terminal-style.js';
import type { LogsOptions } from './logs-options.js';

type Target = 'stdout' | 'stderr';

interface Piece {
  readonly target: Target;
  readonly bytes: Buffer;
}

/** Writes the output of a workload as it was written: the exact bytes, each channel to its own. */
export class LogWriter {
  private readonly streams = { stdout: new OutputStream(process.stdout), stderr: new OutputStream(process.stderr) };
  private readonly paintLoss = paintFor(process.stderr);
  private readonly paintTime = { stdout: paintFor(process.stdout), stderr: paintFor(process.stderr) };
  /** Whose last line goes on. */
  private readonly unfinished = new Set<Target>();

  constructor(private readonly options: Pick<LogsOptions, 'output' | 'timestamps'>) {}

  /** Resolves to false once a reader has left. */
  async write(items: readonly observe.LogItem[]): Promise<boolean> {
    for (const { target, bytes } of joined(items.flatMap((item) => this.piecesOf(item)))) {
      if (!(await this.streams[target].write(bytes))) return false;
    }
    return true;
  }

  private piecesOf(item: observe.LogItem): Piece[] {
    if (this.options.output === 'json') {
      return [{ target: 'stdout', bytes: Buffer.from(`${JSON.stringify(observe.LogItem.toJSON(item))}\n`) }];
    }
    const target = item.channel === 'stderr' ? 'stderr' : 'stdout';
    return [...this.lossOf(item), { target, bytes: this.bytesOf(item, target) }];
  }

  private lossOf({ dropped }: observe.LogItem): Piece[] {
    if (dropped === 0n) return [];
    const text = this.paintLoss('yellow', `… ${dropped} ${dropped === 1n ? 'line' : 'lines'} lost`);
    return [{ target: 'stderr', bytes: Buffer.from(`${text}\n`) }];
  }

  private bytesOf(item: observe.LogItem, target: Target): Buffer {
    const isContinued = this.unfinished.has(target);
    if (item.partial) this.unfinished.add(target);
    else this.unfinished.delete(target);
    const time = this.options.timestamps && !isContinued ? `${this.timeOf(item, target)} ` : '';
    const line = item.lineBytes.length > 0 ? item.lineBytes : Buffer.from(item.line);
    return Buffer.concat([Buffer.from(time), line, Buffer.from(item.partial ? '' : '\n')]);
  }

  private timeOf({ timestamp }: observe.LogItem, target: Target): string {
    const date = new Date(Number(timestamp));
    return this.paintTime[target]('dim', Number.isNaN(date.getTime()) ? String(timestamp) : date.toISOString());
  }
}

/** Neighbours for the same target as one: a write for each line would cost more than the line. */
function joined(pieces: readonly Piece[]): Piece[] {
  const runs: { readonly target: Target; readonly parts: Buffer[] }[] = [];
  for (const { target, bytes } of pieces) {
    const last = runs.at(-1);
    if (last?.target === target) last.parts.push(bytes);
    else runs.push({ target, parts: [bytes] });
  }
  return runs.map(({ target, parts }) => ({ target, bytes: Buffer.concat(parts) }));
}
