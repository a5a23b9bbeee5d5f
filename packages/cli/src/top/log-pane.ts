import type { observe } from '@aurae/proto';
import { textOf } from '../logs/entry-filter.js';
import { LineJoiner } from '../logs/line-joiner.js';
import { channelOf, type LogEntry } from '../logs/log-entry.js';
import { lossText } from '../logs/loss-text.js';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import type { Paint, Style } from '../output/terminal-style.js';
import { columnsOf, fitToWidth } from '../terminal/display-width.js';
import type { Key } from '../terminal/key-decoder.js';
import type { ScreenSize } from '../terminal/screen.js';

interface PaneLine {
  readonly text: string;
  readonly style: Style | undefined;
}

/** What is held of a log: what is older is let go of. */
const mostLines = 5000;
const mostLength = 4 * 1024 * 1024;
/** Of a line that is longer, the beginning. */
const longestLine = 4096;
const sidewaysStep = 20;
const tabWidth = 8;

/** The end of a log, as it is looked through. Follows it as long as its end is in sight. */
export class LogPane {
  /** What is the matter with the log; empty when it goes on. */
  notice = '';
  private readonly joiner = new LineJoiner();
  private lines: PaneLine[] = [];
  private length = 0;
  /** How many lines before the end the last one is that is shown. */
  private distance = 0;
  private column = 0;
  private pageRows = 1;

  constructor(private readonly title: string) {}

  add(items: readonly observe.LogItem[]): void {
    for (const item of items) for (const entry of this.joiner.add(item)) this.addLine(paneLine(entry));
    this.letGo();
  }

  /** False for a key that means nothing here. */
  press(key: Key): boolean {
    const steps: Readonly<Record<Key, number>> = {
      up: 1,
      k: 1,
      down: -1,
      j: -1,
      'page-up': this.pageRows,
      'page-down': -this.pageRows,
      ' ': -this.pageRows,
      home: Number.POSITIVE_INFINITY,
      g: Number.POSITIVE_INFINITY,
      end: Number.NEGATIVE_INFINITY,
      G: Number.NEGATIVE_INFINITY,
    };
    const step = steps[key];
    if (step !== undefined) this.distance = this.bounded(this.distance + step);
    else if (key === 'right') this.column = Math.min(this.column + sidewaysStep, longestLine);
    else if (key === 'left') this.column = Math.max(0, this.column - sidewaysStep);
    else return false;
    return true;
  }

  /**
   * The whole screen, each line exactly as wide as it.
   *
   * @param warning comes before everything else that there is to be said
   */
  view({ rows, columns }: ScreenSize, paint: Paint, warning?: string): string[] {
    this.pageRows = Math.max(1, rows - 2);
    this.distance = this.bounded(this.distance);
    const end = this.lines.length - this.distance;
    const page = this.lines.slice(Math.max(0, end - this.pageRows), end).map(({ text, style }) => {
      return paint(style, fitToWidth(columnsOf(text, this.column, columns), columns));
    });
    const header = paint('inverse', fitToWidth(`log of ${this.title}`, columns));
    const empty = Array.from({ length: this.pageRows - page.length }, () => '');
    return [header, ...page, ...empty, this.footer(columns, paint, warning)].slice(-rows);
  }

  private footer(columns: number, paint: Paint, warning = this.notice): string {
    const place = this.distance > 0 ? `${this.distance} lines below; G follows` : 'following';
    const text = `${escapeControlCharacters(warning || place)}   q back  ↑ ↓ PgUp PgDn g G  ← →`;
    return paint(warning === '' ? 'dim' : 'yellow', fitToWidth(text, columns));
  }

  private addLine(line: PaneLine): void {
    this.lines.push(line);
    this.length += line.text.length;
    // What is looked at stays where it is.
    if (this.distance > 0) this.distance += 1;
  }

  /** Not line by line: each time it costs as much as what is held. */
  private letGo(): void {
    if (this.lines.length <= 2 * mostLines && this.length <= 2 * mostLength) return;
    let count = Math.max(0, this.lines.length - mostLines);
    let length = this.lines.slice(count).reduce((sum, { text }) => sum + text.length, 0);
    for (; length > mostLength; count++) length -= this.lines[count]?.text.length ?? 0;
    this.lines = this.lines.slice(count);
    this.length = length;
  }

  private bounded(distance: number): number {
    return Math.max(0, Math.min(distance, this.lines.length - this.pageRows));
  }
}

function paneLine(entry: LogEntry): PaneLine {
  if (entry.kind === 'loss') return { text: lossText(entry.item.dropped), style: 'yellow' };
  const [first] = entry.items;
  const isError = first !== undefined && channelOf(first) === 'stderr';
  return { text: shownText(textOf(entry.items)), style: isError ? 'yellow' : undefined };
}

/** Colours that were meant for a terminal are left out, as is whatever else would move about in it. */
function shownText(text: string): string {
  const short = text.length > longestLine ? `${text.slice(0, longestLine)}…` : text;
  return escapeControlCharacters(short.replace(/\u001b\[[0-9;:]*m/g, '')).replaceAll('\t', ' '.repeat(tabWidth));
}
