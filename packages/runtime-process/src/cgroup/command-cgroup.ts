import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmdirSync,
  writeSync,
} from 'node:fs';
import { nativeBinding } from '../native-binding.js';
import { hasCode } from './cgroup-files.js';

/** Directories of a cgroup file system count themselves, their parent, and those in them. */
const linksOfLeaf = 2;
const gone = ['ENOENT', 'ENODEV'];
/** Room for what cgroup.events begins with: `populated 0`. */
const state = Buffer.alloc(16);
const populatedAt = 'populated '.length;
const zero = '0'.charCodeAt(0);

/**
 * A cgroup of version 2 that was made here, and holds one command at a time. All calls are synchronous: on the way of
 * each command they take microseconds, where a detour through libuv's threads would take more than the work itself.
 */
export class CommandCgroup {
  readonly path: string;
  private readonly directory: number;
  private readonly events: number;
  private isClosed = false;
  /** Killed, frozen, or removed. */
  private isSpoiled = false;

  private constructor(path: string, directory: number, events: number) {
    this.path = path;
    this.directory = directory;
    this.events = events;
  }

  /** Throws with EEXIST when it is there: then it is not ours, and nothing in it may be ended. */
  static make(path: string): CommandCgroup {
    mkdirSync(path, 0o755);
    const opened: number[] = [];
    try {
      for (const name of [path, `${path}/cgroup.events`]) opened.push(openUnlessShort(name));
      const [directory = -1, events = -1] = opened;
      return new CommandCgroup(path, directory, events);
    } catch (error) {
      for (const descriptor of opened) closeSync(descriptor);
      rmdirSync(path);
      throw error;
    }
  }

  /** To start a process in it. */
  get descriptor(): number {
    return this.directory;
  }

  /** Of it and all cgroups that the command has made in it. What is dead and only not yet reaped does not count. */
  isEmpty(): boolean {
    if (this.isClosed) return true;
    try {
      readSync(this.events, state, 0, state.length, 0);
      // From Linux 6.19 on it counts a process for a moment after its end was told.
      return state[populatedAt] === zero || this.members().size === 0;
    } catch (error) {
      const isRemoved = hasCode(error, ...gone);
      this.isSpoiled ||= isRemoved;
      return isRemoved;
    }
  }

  /** Whether nothing but those in it tells it from a new one. */
  isAsNew(): boolean {
    try {
      return !this.isSpoiled && fstatSync(this.directory).nlink <= linksOfLeaf;
    } catch {
      return false;
    }
  }

  /** Pids in it and below it. Throws when they cannot be told, for want of descriptors above all. */
  members(): ReadonlySet<number> {
    return new Set(pidsBelow(this.path));
  }

  /** Sends SIGKILL to all at once, those that they fork meanwhile included. */
  kill(): void {
    if (this.isClosed) return;
    // Since Linux 6.14 whoever is cloned into a cgroup that was killed once is killed at once: it counts the kills of
    // a cgroup, and compares the count of the new process with that of its parent.
    this.isSpoiled = true;
    if (tryWrite(`${this.path}/cgroup.kill`)) return;
    // Before Linux 5.14: whoever is frozen forks no more, and is then killed one by one.
    tryWrite(`${this.path}/cgroup.freeze`);
  }

  /** Lets go of it; it stays. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    closeSync(this.directory);
    closeSync(this.events);
  }
}

/** The last descriptors are kept for ending what runs. */
function openUnlessShort(path: string): number {
  const descriptor = openSync(path, constants.O_RDONLY);
  if (!nativeBinding.isReservedDescriptor(descriptor)) return descriptor;
  closeSync(descriptor);
  throw Object.assign(new Error(`no descriptor is left for "${path}"`), { code: 'EMFILE' });
}

/** A pid of 0 is one from another pid namespace, and nobody's here. */
function pidsBelow(path: string): number[] {
  try {
    const own = pidsIn(path);
    const inside = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...own, ...inside.flatMap(({ name }) => pidsBelow(`${path}/${name}`))];
  } catch (error) {
    if (hasCode(error, ...gone)) return [];
    throw error;
  }
}

function pidsIn(path: string): number[] {
  try {
    const lines = readFileSync(`${path}/cgroup.procs`, 'latin1').split('\n');
    return lines.map(Number).filter((pid) => pid > 0);
  } catch (error) {
    // A threaded cgroup has threads only: their processes are listed above it.
    if (hasCode(error, 'EOPNOTSUPP')) return [];
    throw error;
  }
}

/** False when that could not be done: a look that follows shows who is still there. */
function tryWrite(path: string): boolean {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, constants.O_WRONLY);
    return writeSync(descriptor, '1') === 1;
  } catch {
    return false;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
