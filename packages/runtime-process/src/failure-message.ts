import { existsSync } from 'node:fs';
import { abbreviated, type CommandSpec } from './command-spec.js';
import { type SpawnFailure, SpawnStep } from './spawn-failure.js';

/** A sentence for a person: what could not be run, why, and what to look at. */
export function failureMessage(spec: CommandSpec, env: ReadonlyMap<string, string>, failure: SpawnFailure): string {
  return `Cannot run "${abbreviated(spec.argv[0] ?? '')}": ${reasonOf(spec, env, failure)}`;
}

function reasonOf(spec: CommandSpec, env: ReadonlyMap<string, string>, failure: SpawnFailure): string {
  const { step, code } = failure;
  switch (step) {
    case SpawnStep.directory:
      return directoryReason(spec, code);
    case SpawnStep.exec:
      return execReason(spec, env, code);
    case SpawnStep.user:
      return code === 'ENOENT'
        ? `there is no user or group "${spec.user}"; a uid without an account needs a group: "uid:gid"`
        : `looking up the user "${spec.user}" failed: ${code}`;
    case SpawnStep.credentials:
      return `the daemon may not become the user "${spec.user}": ${code}; run it as root, or leave the user out`;
    case SpawnStep.trampoline:
      return `aurae-exec, which changes the user, cannot be run: ${code}; build it with \`npm run native\``;
    case SpawnStep.resourceLimit:
      return `a limit could not be set: ${code}${detailOf(failure)}; the daemon cannot give more than it has itself`;
    case SpawnStep.cgroup:
      return `its cgroup could not be made: ${code}${detailOf(failure)}`;
    case SpawnStep.log:
    case SpawnStep.files:
    case SpawnStep.socket:
      return `its ${shimFiles[step]} could not be made: ${code}${detailOf(failure)}`;
    case SpawnStep.terminal:
      return `it could not be given a terminal: ${code}${detailOf(failure)}`;
    case SpawnStep.shim:
      return `its supervisor failed${detailOf(failure)}`;
    default:
      return `the host refused a new process (step ${step}): ${code}`;
  }
}

const shimFiles = {
  [SpawnStep.log]: 'log',
  [SpawnStep.files]: 'status files',
  [SpawnStep.socket]: 'socket',
} as const;

function detailOf(failure: SpawnFailure): string {
  return failure.detail === '' ? '' : ` (${failure.detail})`;
}

function directoryReason({ cwd, user }: CommandSpec, code: string): string {
  switch (code) {
    case 'ENOENT':
      return `the working directory "${cwd}" does not exist`;
    case 'ENOTDIR':
      return `the working directory "${cwd}" is not a directory`;
    case 'EACCES':
      return `the working directory "${cwd}" is not accessible${user === undefined ? '' : ` to the user "${user}"`}`;
    default:
      return `the working directory "${cwd}" cannot be entered: ${code}`;
  }
}

function execReason({ argv, cwd }: CommandSpec, env: ReadonlyMap<string, string>, code: string): string {
  const file = argv[0] ?? '';
  const isPath = file.includes('/');
  switch (code) {
    case 'ENOENT':
      if (!isPath) return `no such program on PATH (${env.get('PATH')})`;
      return existsSync(file.startsWith('/') ? file : `${cwd}/${file}`)
        ? 'the interpreter that the file asks for does not exist'
        : noSuchFile(file, cwd);
    case 'EACCES':
      return 'it is not an executable file, or not one that this user may execute';
    case 'E2BIG':
      return tooLong(argv, env);
    default:
      return `executing it failed: ${code}`;
  }
}

/** A path that is not absolute means another file than where the caller stands. */
function noSuchFile(file: string, cwd: string): string {
  if (file.startsWith('/')) return 'there is no such file';
  return `there is no such file in the working directory "${cwd}"; give an absolute path, or a working directory`;
}

/** execve(2), "Limits on size of arguments and environment". */
function tooLong(argv: readonly string[], env: ReadonlyMap<string, string>): string {
  const sizes = [...argv, ...Array.from(env, ([name, value]) => `${name}=${value}`)].map((text) =>
    Buffer.byteLength(text),
  );
  const longest = sizes.reduce((one, other) => Math.max(one, other), 0);
  const total = sizes.reduce((one, other) => one + other, 0);
  return (
    `argument list too long: arguments and environment take ${total} bytes, the longest of them ${longest}; the ` +
    'kernel takes 131072 for one and, by default, 2097152 together. Pass the data in a file instead'
  );
}
