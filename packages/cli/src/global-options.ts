import { type Command, Option } from 'commander';
import type { ConnectOptions } from '@aurae/client';
import { notEmpty } from './option-parsers.js';

export interface GlobalOptions {
  readonly socket?: string;
  readonly config?: string;
  readonly root?: string;
  readonly caCrt?: string;
  readonly clientCrt?: string;
  readonly clientKey?: string;
  readonly output?: 'text' | 'json';
}

/** Adds the options that every command takes, before its name and after it. */
export function addGlobalOptions(command: Command): Command {
  const values = [
    new Option('--socket <address>', 'where auraed listens: a path, or host:port'),
    new Option('--config <file>', 'client config file [~/.aurae/config, /etc/aurae/config]'),
    new Option('--root <dir>', 'use the auraed that was started with this --root'),
    new Option('--ca-crt <file>', 'certificate of the authority that auraed belongs to'),
    new Option('--client-crt <file>', 'certificate to show'),
    new Option('--client-key <file>', 'its private key'),
  ];
  const output = new Option('--output <format>', 'for people or for programs').choices(['text', 'json']);
  const options = [...values.map((option) => option.argParser(notEmpty)), output];
  for (const option of options) command.addOption(option.helpGroup('Global Options:'));
  return command;
}

/** A command's options with the global ones that were given before its name. */
export function allOptions<Options extends GlobalOptions>(command: Command): Options {
  let options = command.opts<Options>();
  for (let parent = command.parent; parent; parent = parent.parent) options = { ...parent.opts(), ...options };
  return options;
}

export function connectOptions(options: GlobalOptions): ConnectOptions {
  return {
    socket: options.socket,
    config: options.config,
    root: options.root,
    caCertificate: options.caCrt,
    clientCertificate: options.clientCrt,
    clientKey: options.clientKey,
    optionNames: {
      socket: '--socket',
      config: '--config',
      root: '--root',
      caCertificate: '--ca-crt',
      clientCertificate: '--client-crt',
      clientKey: '--client-key',
    },
  };
}
