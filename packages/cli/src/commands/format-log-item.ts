import type { observe } from '@aurae/proto';
import { highlighted } from '../logs/highlighted.js';
import type { LinePattern } from '../logs/line-pattern.js';
import { isoTime } from '../logs/log-times.js';
import { lossText } from '../logs/loss-text.js';
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

/**
 * One line of a log as `time LEVEL message key=value`; a line of its own before it when lines were lost.
 *
 * @param pattern what is to stand out
 */
export function formatLogItem(item: observe.LogItem, paint: Paint, pattern?: LinePattern): string {
  const show = (text: string) => (pattern ? highlighted(text, pattern, paint) : text);
  const words = [
    paint('dim', isoTime(item.timestamp)),
    paint(levelStyles[item.level], (item.level || item.channel || 'log').toUpperCase().padEnd(5)),
    show(escapeControlCharacters(item.line)),
    ...fieldsOf(item.fieldsJson).map(([key, value]) => paint('cyan', `${escapeControlCharacters(key)}=`) + show(value)),
  ];
  const line = words.filter((word) => word !== '').join(' ');
  return item.dropped === 0n ? line : `${paint('yellow', lossText(item.dropped))}\n${line}`;
}

/** In what of a line one looks for a pattern: as it is shown, without time and level. */
export function textOfLogItem({ line, fieldsJson }: observe.LogItem): string {
  const fields = fieldsOf(fieldsJson).map(([key, value]) => `${escapeControlCharacters(key)}=${value}`);
  return [escapeControlCharacters(line), ...fields].join(' ');
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
