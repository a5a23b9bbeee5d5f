import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { FailedPreconditionError, InvalidSpecError } from '@aurae/proto';
import { parse, TomlError } from 'smol-toml';
import { type ClientSettings, type SettingName, settingNames } from './client-settings.js';

/** Keys of the file by section, and the setting that each one gives. */
const sections: Readonly<Record<string, Readonly<Record<string, SettingName>>>> = {
  auth: { ca_crt: 'caCertificate', client_crt: 'clientCertificate', client_key: 'clientKey' },
  system: { socket: 'socket' },
};

/**
 * Reads a client configuration file. Undefined when there is none.
 *
 * @param mayBeOthers whether a file that the user may not read counts as none
 */
export function readConfigFile(path: string, mayBeOthers = false): ClientSettings | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || (mayBeOthers && code === 'EACCES')) return undefined;
    throw new FailedPreconditionError(`Cannot read the client config file "${path}": ${reasonOf(code)}`, { cause });
  }
  return parseConfigFile(text, path);
}

/** As `readConfigFile`, for a file that was asked for by name. */
export function readNamedConfigFile(path: string, source: string): ClientSettings {
  const settings = readConfigFile(path);
  if (settings) return settings;
  throw new FailedPreconditionError(`Cannot read the client config file "${path}" (${source}): it does not exist`);
}

export function parseConfigFile(text: string, path: string): ClientSettings {
  const settings: { [Name in SettingName]?: ClientSettings[Name] } = {};
  for (const [section, values] of Object.entries(parseToml(text, path))) {
    const keys = own(sections, section);
    if (!keys) throw invalid(path, section, `is not known: allowed sections are ${list(Object.keys(sections))}`);
    if (!isTable(values)) throw invalid(path, section, `must be a section: write [${section}]`);
    for (const [key, value] of Object.entries(values)) {
      const name = own(keys, key);
      const fullKey = `${section}.${key}`;
      if (!name) throw invalid(path, fullKey, `is not known: allowed in [${section}] are ${list(Object.keys(keys))}`);
      if (typeof value !== 'string' || value === '') {
        throw invalid(path, fullKey, `must be ${settingNames[name]} as a string that is not empty`);
      }
      settings[name] = { value, source: `"${fullKey}" in "${path}"`, baseDir: dirname(path) };
    }
  }
  return settings;
}

function parseToml(text: string, path: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const [summary = 'it is not TOML'] = cause.message.replace(/^Invalid TOML document: /, '').split('\n');
    throw new InvalidSpecError(
      `Cannot read the client config file "${path}": line ${cause.line}, column ${cause.column}: ${summary}`,
      [],
      { cause },
    );
  }
}

function invalid(path: string, key: string, problem: string): InvalidSpecError {
  const field = JSON.stringify(key);
  return new InvalidSpecError(`Cannot use the client config file "${path}": ${field} ${problem}`, [
    { field: key, description: problem },
  ]);
}

function own<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function list(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

function reasonOf(code: string | undefined): string {
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  return code === 'EISDIR' ? 'it is a directory' : `the system says ${code ?? 'nothing more'}`;
}
