import { durationForms, parseDurationMs } from '../values/duration.js';
import { closestWord } from '../closest-word.js';
import type { FileSource, KeyPath } from './file-source.js';

export type Values = Readonly<Record<string, unknown>>;

const maximumUint32 = 0xffff_ffff;

/** A table of a workload file, whose keys are read one by one; `end` refuses those that nobody asked for. */
export class Table {
  private readonly known = new Set<string>();

  /** @param owner whose table it is, for messages: `executable "web"` */
  constructor(
    private readonly values: Values,
    readonly source: FileSource,
    private readonly path: KeyPath,
    private readonly owner: string,
    private readonly within: string = '',
  ) {}

  has(key: string): boolean {
    this.known.add(key);
    return Object.hasOwn(this.values, key);
  }

  /** The value as it is; undefined where the key is missing. */
  peek(key: string): unknown {
    return this.has(key) ? this.values[key] : undefined;
  }

  /** The value as `parse` reads it; undefined where the key is missing. What `parse` does not know is a problem. */
  read<Value>(key: string, parse: (value: unknown) => Value | undefined, allowed: string): Value | undefined {
    if (!this.has(key)) return undefined;
    const value = parse(this.values[key]);
    if (value === undefined) this.refuse(key, allowed);
    return value;
  }

  text(key: string, allowed = 'a string'): string {
    return this.read(key, (value) => (isText(value) ? value : undefined), allowed) ?? '';
  }

  textThat(key: string, isAllowed: (text: string) => boolean, allowed: string): string {
    return this.read(key, (value) => (isText(value) && isAllowed(value) ? value : undefined), allowed) ?? '';
  }

  flag(key: string): boolean {
    return this.read(key, (value) => (typeof value === 'boolean' ? value : undefined), 'true or false') ?? false;
  }

  count(key: string, maximum = maximumUint32): number {
    const parse = (value: unknown) =>
      typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= maximum ? value : undefined;
    return this.read(key, parse, `a whole number from 0 to ${maximum}`) ?? 0;
  }

  /** Milliseconds; 0 where the key is missing, which means the default everywhere. */
  duration(key: string, maximumMs = maximumUint32): number {
    const parse = (value: unknown) => {
      const ms = isText(value) && /[a-z]$/.test(value) ? parseDurationMs(value) : undefined;
      return ms !== undefined && ms <= maximumMs ? ms : undefined;
    };
    return this.read(key, parse, `a duration with its unit in quotes, such as ${durationForms.split(';')[0]}`) ?? 0;
  }

  choice<Name extends string>(key: string, names: readonly Name[]): Name | undefined {
    return this.read(key, (value) => names.find((name) => name === value), names.map(quoted).join(', '));
  }

  texts(key: string): string[] {
    return this.read(key, asTexts, 'a list of strings') ?? [];
  }

  /** A table of texts. */
  textTable(key: string): Record<string, string> {
    const table = this.table(key);
    if (!table) return {};
    return Object.fromEntries(Object.keys(table.values).map((name) => [name, table.text(name)]));
  }

  table(key: string, allowed = 'a table'): Table | undefined {
    const values = this.read(key, (value) => (isTable(value) ? value : undefined), allowed);
    return values && this.inner([key], values);
  }

  /** A table inside of this one. */
  inner(keys: KeyPath, values: Values): Table {
    const name = keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('');
    return new Table(values, this.source, [...this.path, ...keys], this.owner, `${this.within}${name}`);
  }

  /** Keys that are not known are problems. */
  end(): void {
    for (const key of Object.keys(this.values)) {
      if (this.known.has(key)) continue;
      const meant = closestWord(key, [...this.known]);
      const hint = meant === undefined ? `allowed here are ${[...this.known].join(', ')}` : `did you mean "${meant}"?`;
      this.report(`${this.nameOf(key)} is not a known key: ${hint}`, key);
    }
  }

  /** A value is not as it must be. */
  report(problem: string, key: string): void {
    this.source.problems.add([...this.path, key], this.ofOwner(problem));
  }

  /** Something is not there. */
  reportLack(problem: string): void {
    this.source.problems.add(this.path, this.ofOwner(problem), true);
  }

  private refuse(key: string, allowed: string): void {
    const value = shownValue(this.values[key]);
    this.report(`${this.nameOf(key)} = ${value} is not allowed: it must be ${allowed}`, key);
  }

  private ofOwner(problem: string): string {
    return this.owner === '' ? problem : `${this.owner}: ${problem}`;
  }

  /** The names of the tables around it and its own: `ready`. */
  get title(): string {
    return this.within.replace(/^\./, '');
  }

  /** A key with the names of the tables around it: `restart.mode`. */
  nameOf(key: string): string {
    const shown = /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
    return `${this.within}.${shown}`.replace(/^\./, '');
  }
}

export function isTable(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

export function asTexts(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every(isText) ? value : undefined;
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function shownValue(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
