import type { runtime } from '@aurae/proto';
import { httpProbeForms, parseHttpProbe, parseTcpProbe, tcpProbeForms } from '../values/network-probe.js';
import { shortForm, withoutDefaults } from './short-form.js';
import { asTexts, isTable, isText, type Table } from './table.js';

export type Check = NonNullable<runtime.Probe['check']>;
export type CheckName = Check['$case'];

/** A string is a shell command, a list is a program and its arguments. */
const shell = ['/bin/sh', '-c'] as const;
const highestPort = 65_535;
const channels = ['stdout', 'stderr'] as const;

/** `http = ":8080/healthz"`, `tcp = ":5432"`, `exec = "pg_isready -q"`, `log = "listening"`: each, or a table. */
export function readCheck(table: Table, name: CheckName): Check | undefined {
  switch (name) {
    case 'http': {
      const value = readForm(table, name, parseHttpProbe, readHttp, `${httpProbeForms}, or a table`);
      return value && { $case: name, value };
    }
    case 'tcp': {
      const value = readForm(table, name, parseTcpProbe, readTcp, `${tcpProbeForms}, or a table`);
      return value && { $case: name, value };
    }
    case 'exec': {
      const argv = table.read(name, argvOf, 'a shell command, or a list of a program and its arguments');
      return argv && { $case: name, value: { argv } };
    }
    case 'log': {
      const value = readForm(table, name, patternOf, readLog, 'a regular expression, or a table');
      return value && { $case: name, value };
    }
  }
}

function readForm<Value>(
  table: Table,
  key: string,
  parse: (text: string) => Value | undefined,
  readTable: (table: Table) => Value,
  allowed: string,
): Value | undefined {
  const read = (value: unknown) => {
    if (isText(value)) return parse(value);
    if (!isTable(value)) return undefined;
    const inner = table.inner([key], value);
    const result = readTable(inner);
    inner.end();
    return result;
  };
  return table.read(key, read, allowed);
}

function readHttp(table: Table): runtime.HttpProbe {
  return { ...readTcp(table), path: table.text('path'), tls: table.flag('tls') };
}

function readTcp(table: Table): runtime.TcpProbe {
  const port = table.count('port', highestPort);
  return { host: table.text('host'), port };
}

function readLog(table: Table): runtime.LogProbe {
  return { pattern: table.text('pattern'), channel: table.choice('channel', channels) ?? '' };
}

function patternOf(pattern: string): runtime.LogProbe {
  return { pattern, channel: '' };
}

function argvOf(value: unknown): string[] | undefined {
  if (isText(value)) return value === '' ? undefined : [...shell, value];
  return asTexts(value);
}

/** What stands after the name of the check. */
export function writeCheck(check: Check): unknown {
  switch (check.$case) {
    case 'http': {
      const { host, port, path, tls } = check.value;
      const text = `${tls ? 'https://' : ''}${hostText(host)}:${port}${path}`;
      return shortForm(text, check.value, parseHttpProbe, () => withoutDefaults({ host, port, path, tls }));
    }
    case 'tcp': {
      const { host, port } = check.value;
      return shortForm(`${hostText(host)}:${port}`, check.value, parseTcpProbe, () => withoutDefaults({ host, port }));
    }
    case 'exec':
      return execText(check.value.argv) ?? check.value.argv;
    case 'log': {
      const { pattern, channel } = check.value;
      return shortForm(pattern, check.value, patternOf, () => ({ pattern, channel }));
    }
  }
}

function hostText(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function execText(argv: readonly string[]): string | undefined {
  const [program, option, command, another] = argv;
  return program === shell[0] && option === shell[1] && another === undefined && command ? command : undefined;
}
