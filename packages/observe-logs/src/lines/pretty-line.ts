import type { backend, observe } from '@aurae/proto';
import { parseFields } from './record-fields.js';
import { colourLevel, dim } from '../sinks/console/terminal-colours.js';
import { escapeForTerminal } from './terminal-text.js';
import { timeText } from './time-text.js';
import { workloadKindName } from './workload-kind-name.js';

const levelWidth = 5;
/** What needs no quotes as a key or a value: no space, no quote, no equals sign. */
const plain = /^[^\s"'=]+$/;

/** One line for a person, without the line feed: time, level, message, then `key=value`. */
export function prettyLine({ workload, item }: backend.LogRecord, colours: boolean): string {
  if (!item) return '';
  const level = escapeForTerminal(item.level || '-')
    .toUpperCase()
    .padEnd(levelWidth);
  const facts = Object.entries(parseFields(item.fieldsJson)).map(([key, value]) => fact(key, value));
  if (item.dropped > 0n) facts.push(fact('dropped', item.dropped.toString()));
  if (item.channel) facts.push(fact('channel', item.channel));
  if (workload) facts.push(fact('workload', `${workloadKindName(workload.kind)}/${workload.name}`));
  return join(item, level, facts.join(' '), colours);
}

function join(item: observe.LogItem, level: string, facts: string, colours: boolean): string {
  const time = timeText(item.timestamp);
  const message = escapeForTerminal(item.line);
  const parts = colours
    ? [dim(time), colourLevel(level, item.level), message, facts && dim(facts)]
    : [time, level, message, facts];
  return parts.filter(Boolean).join(' ');
}

function fact(key: string, value: unknown): string {
  return `${quoteIfNeeded(key)}=${typeof value === 'string' ? quoteIfNeeded(value) : escapeForTerminal(JSON.stringify(value))}`;
}

function quoteIfNeeded(text: string): string {
  return escapeForTerminal(plain.test(text) ? text : JSON.stringify(text));
}
