import type { observe } from '@aurae/proto';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import type { Paint, Style } from '../output/terminal-style.js';

const levelStyles: Readonly<Record<string, Style>> = {
  trace: 'dim',
  debug: 'dim',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
};

/** One line of a log as `time LEVEL message key=value`; a line of its own before it when lines were lost. */
export function formatLogItem(item: observe.LogItem, paint: Paint): string {
  const words = [
    paint('dim', timeOf(item.timestamp)),
    paint(levelStyles[item.level], (item.level || item.channel || 'log').toUpperCase().padEnd(5)),
    escapeControlCharacters(item.line),
    ...fieldsOf(item.fieldsJson).map(([key, value]) => paint('cyan', `${escapeControlCharacters(key)}=`) + value),
  ];
  const line = words.filter((word) => word !== '').join(' ');
  if (item.dropped === 0n) return line;
  return `${paint('yellow', `… ${item.dropped} ${item.dropped === 1n ? 'line' : 'lines'} lost`)}\n${line}`;
}

function timeOf(timestamp: bigint): string {
  const date = new Date(Number(timestamp));
  return Number.isNaN(date.getTime()) ? String(timestamp) : date.toISOString();
}

/** What is not a JSON object is shown as it came. */
function fieldsOf(json: string): [string, string][] {
  if (json === '') return [];
  try {
    const fields: unknown = JSON.parse(json);
    if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) {
      return Object.entries(fields).map(([key, value]) => [key, formatValue(value)]);
    }
  } catch {
    // Shown below.
  }
  return [['fields', escapeControlCharacters(json)]];
}

function formatValue(value: unknown): string {
  const text = typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return escapeControlCharacters(text);
}
