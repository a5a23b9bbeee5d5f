import { homedir } from 'node:os';

/** What of the machine and its user decides where a client looks. */
export interface ClientHost {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly homeDir: string;
  readonly userId: number;
  readonly workingDir: string;
  /** What stands for `/` in the paths that belong to the system. Default: `/`. */
  readonly systemDir: string;
}

export function thisHost(): ClientHost {
  return {
    variables: process.env,
    homeDir: homedir(),
    userId: process.geteuid?.() ?? -1,
    workingDir: process.cwd(),
    systemDir: '/',
  };
}
