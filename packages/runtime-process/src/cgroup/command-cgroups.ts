import { endCgroups } from './cgroup-end.js';
import { type CgroupFiles, hasCode, hostCgroupFiles } from './cgroup-files.js';
import type { CgroupHost } from './cgroup-host.js';
import { CommandCgroup } from './command-cgroup.js';

/** Those that wait for a command: more are only needed while more commands run at once. */
const mostIdle = 64;
const endLimitMs = 5000;
const commandId = /^exec-\d+$/;

type Log = (message: string) => void;

/**
 * The cgroups of commands. Making one and removing it takes as long as a tenth of a start: so they are used again, as
 * soon as they are empty.
 */
export class CommandCgroups implements AsyncDisposable {
  private readonly pathOf: (id: string) => string;
  private readonly log: Log;
  private readonly files: CgroupFiles;
  private readonly idle: CommandCgroup[] = [];
  private readonly used = new Set<CommandCgroup>();
  private readonly removals = new Set<Promise<void>>();
  private lastNumber = 0;
  private isDisposed = false;
  private hasFailed = false;

  private constructor(pathOf: (id: string) => string, log: Log, files: CgroupFiles) {
    this.pathOf = pathOf;
    this.log = log;
    this.files = files;
  }

  /**
   * Ends what is left of the commands of a daemon that was killed. Undefined where processes cannot be born into a cgroup,
   * or not be ended by it.
   */
  static async open(host: CgroupHost, log: Log = () => undefined): Promise<CommandCgroups | undefined> {
    await endLeftCommands(host, log);
    const parent = host.commandParent;
    if (parent === undefined) return undefined;
    const cgroups = new CommandCgroups((id) => `${parent}/${host.nameOf(id)}`, log, hostCgroupFiles);
    // At least one at all times: another daemon that ends removes the parent where it is empty.
    const first = cgroups.take();
    if (first) cgroups.giveBack(first);
    return cgroups;
  }

  /** Undefined where none can be had: commands run without, and are ended as far as they can be found. */
  take(): CommandCgroup | undefined {
    if (this.isDisposed) return undefined;
    const cgroup = this.idle.pop() ?? this.make();
    if (cgroup) this.used.add(cgroup);
    return cgroup;
  }

  /**
   * Once nothing of the command is left. What is in it nevertheless is ended.
   *
   * @param isKnownEmpty whether that has been seen just now: then it is not looked at again
   */
  giveBack(cgroup: CommandCgroup, isKnownEmpty = false): void {
    if (!this.used.delete(cgroup)) return;
    const isWanted = this.idle.length < mostIdle && cgroup.isAsNew();
    if (isWanted && (isKnownEmpty || cgroup.isEmpty())) this.idle.push(cgroup);
    else this.remove(cgroup);
  }

  /** Removes all of them, with what is still in them. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
    for (const cgroup of [...this.idle.splice(0), ...this.used]) this.remove(cgroup);
    this.used.clear();
    await Promise.all(this.removals);
  }

  private make(): CommandCgroup | undefined {
    for (;;) {
      this.lastNumber += 1;
      try {
        return CommandCgroup.make(this.pathOf(`exec-${this.lastNumber}`));
      } catch (error) {
        // One whose process is stuck in the kernel: it is left alone.
        if (hasCode(error, 'EEXIST')) continue;
        if (!this.hasFailed) this.log(`cgroups: a command runs without a cgroup of its own: ${String(error)}`);
        this.hasFailed = true;
        return undefined;
      }
    }
  }

  private remove(cgroup: CommandCgroup): void {
    cgroup.close();
    const removal = endCgroups(this.files, [cgroup.path], endLimitMs)
      .catch((error: unknown) => this.log(`cgroups: ${String(error)}`))
      .finally(() => this.removals.delete(removal));
    this.removals.add(removal);
  }
}

async function endLeftCommands(host: CgroupHost, log: Log): Promise<void> {
  const left = (await host.list()).filter((id) => commandId.test(id));
  const cleanUp = (id: string) => host.cleanUp(id).catch((error: unknown) => log(`cgroups: ${String(error)}`));
  await Promise.all(left.map(cleanUp));
}
