import { parse, TomlError } from 'smol-toml';
import { ConfigError } from './config-error.js';
import { configFaults } from './config-faults.js';
import { type Config, configSchema } from './config-schema.js';
import { readRegularFile } from './read-regular-file.js';

const maximumConfigBytes = 1024 * 1024;

/**
 * Reads and checks the configuration.
 *
 * @param file absolute path
 * @param required whether a missing file is a fault; otherwise it means the defaults
 * @throws ConfigError naming file, key, value and what is allowed
 */
export function loadConfig(file: string, required: boolean): Config {
  return parseConfig(file, readConfig(file, required));
}

/** The same for a text that is at hand. `file` only names it. */
export function parseConfig(file: string, text: string): Config {
  const value = parseToml(file, text);
  const result = configSchema.safeParse(value);
  if (!result.success) throw configError(configFaults(file, value, configSchema, result.error));
  const config = result.data;
  const { ca_crt, server_crt, server_key } = config.tls;
  const given = [ca_crt, server_crt, server_key].filter((path) => path !== undefined).length;
  if (given % 3 !== 0) {
    throw configError([`${file}: tls: ca_crt, server_crt and server_key belong together; ${given} of 3 are given`]);
  }
  return config;
}

function readConfig(file: string, required: boolean): string {
  try {
    return readRegularFile(file, maximumConfigBytes);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !required) return '';
    throw configError([`${file}: cannot be read: ${code === 'ENOENT' ? 'it does not exist' : message}`]);
  }
}

function parseToml(file: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split('\n')[0]?.replace('Invalid TOML document: ', '') ?? '';
    throw configError([`${file}:${error.line}:${error.column}: is not valid TOML: ${reason}`]);
  }
}

function configError(faults: readonly string[]): ConfigError {
  return new ConfigError(faults.join('\n'), faults);
}
