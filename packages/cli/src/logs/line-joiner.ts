import type { observe } from '@aurae/proto';
import type { EntryMaker } from './entry-maker.js';
import { channelOf, isLossAlone, type LogChannel, type LogEntry, type LogLine } from './log-entry.js';

/** A line that is longer is passed on in parts: nothing is to be held without end. In UTF-16 units, about. */
export const longestHeldLine = 64 * 1024;

interface HeldLine {
  readonly items: observe.LogItem[];
  length: number;
  /** Its beginning was passed on already. */
  isContinued: boolean;
}

/** Joins the pieces of each line. Both channels go on at once, and each has its own. */
export class LineJoiner implements EntryMaker {
  private readonly held = new Map<LogChannel, HeldLine>();

  add(item: observe.LogItem): readonly LogEntry[] {
    if (item.dropped === 0n) return this.addPiece(item);
    const loss: LogEntry = { kind: 'loss', item };
    return isLossAlone(item) ? [loss] : [loss, ...this.addPiece({ ...item, dropped: 0n })];
  }

  flush(): readonly LogEntry[] {
    const rest = [...this.held.values()].filter(({ items }) => items.length > 0);
    this.held.clear();
    return rest.map((line) => lineOf(line, true));
  }

  private addPiece(item: observe.LogItem): readonly LogEntry[] {
    const channel = channelOf(item);
    const held = this.held.get(channel);
    if (!held && !item.partial) return [{ kind: 'line', items: [item], begins: true, ends: true }];
    const line = held ?? { items: [], length: 0, isContinued: false };
    line.items.push(item);
    line.length += item.line.length || item.lineBytes.length;
    if (!item.partial) {
      this.held.delete(channel);
      return [lineOf(line, true)];
    }
    if (line.length < longestHeldLine) {
      this.held.set(channel, line);
      return [];
    }
    this.held.set(channel, { items: [], length: 0, isContinued: true });
    return [lineOf(line, false)];
  }
}

function lineOf({ items, isContinued }: HeldLine, ends: boolean): LogLine {
  return { kind: 'line', items, begins: !isContinued, ends };
}
