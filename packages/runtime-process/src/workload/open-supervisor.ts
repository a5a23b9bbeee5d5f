import { createHash } from 'node:crypto';
import { chmod, type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FailedPreconditionError, InvalidSpecError } from '@aurae/proto';
import { CgroupHost } from '../cgroup/cgroup-host.js';
import { CommandCgroups } from '../cgroup/command-cgroups.js';
import { nativeBinding } from '../native-binding.js';
import type { CompleteProcessRuntimeOptions } from '../process-runtime-options.js';
import type { ProcessScanner } from '../process-scanner.js';
import { adoptWorkloads } from './adopt-workloads.js';
import { ExecutableSupervisor } from './executable-supervisor.js';
import { RunRemains } from './run-remains.js';
import { RunStarter } from './run-starter.js';

/** sun_path of unix(7) has 108 bytes, the last one NUL; the names of the sockets have 22 with the slash. */
const longestRunDirectory = 85;

/** A supervisor with the lock on its state directory. */
export interface OpenSupervisor {
  readonly supervisor: ExecutableSupervisor;
  readonly cgroups: CgroupHost;
  /** Of commands. Undefined where the host has none for them. */
  readonly commandCgroups: CommandCgroups | undefined;
  /** Lets go of everything; the executables run on. */
  close(): Promise<void>;
}

/**
 * Takes the state directory and everything that runs from it.
 *
 * @throws FailedPreconditionError when another runtime uses it, InvalidSpecError for a path that cannot be right
 */
export async function openSupervisor(
  stateDir: string,
  options: CompleteProcessRuntimeOptions,
  scanner: ProcessScanner,
): Promise<OpenSupervisor> {
  const runDir = options.runDir ?? join(stateDir, 'sockets');
  checkPaths(stateDir, runDir);
  for (const directory of [stateDir, runDir]) await makePrivate(directory);
  const lock = await lockDirectory(stateDir);
  try {
    const scope = createHash('sha256').update(stateDir).digest('hex').slice(0, 12);
    const { log } = options;
    const report = (message: string) => log?.info(message);
    const cgroups = await CgroupHost.detect({ parent: options.cgroupParent, scope, log: report });
    const remains = new RunRemains(scanner, cgroups, options.killGraceMs);
    const starter = new RunStarter(cgroups, remains, {
      socketDirectory: runDir,
      logSegmentBytes: options.logSegmentBytes,
      logSegments: options.logSegments,
    });
    const workloadsPath = join(stateDir, 'workloads');
    const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    const supervisor = new ExecutableSupervisor(starter, cgroups, remains, {
      workloadsPath,
      bootId,
      maxExecutables: options.maxExecutables,
      maxEndedExecutables: options.maxEndedExecutables,
      log,
      logs: options.logs,
    });
    supervisor.adopt(await adoptWorkloads({ workloadsPath, bootId, log }, starter, supervisor));
    const commandCgroups = await CommandCgroups.open(cgroups, report);
    const close = async () => {
      await supervisor.release();
      // Before their parent, which has to be empty then.
      await commandCgroups?.[Symbol.asyncDispose]();
      await cgroups.dispose();
      await lock.close();
    };
    return { supervisor, cgroups, commandCgroups, close };
  } catch (error) {
    await lock.close();
    throw error;
  }
}

function checkPaths(stateDir: string, runDir: string): void {
  for (const [name, path] of Object.entries({ stateDir, runDir })) {
    if (isAbsolute(path) && !path.includes('\0')) continue;
    throw new InvalidSpecError(`Cannot keep executables: ${name} ${JSON.stringify(path)} is not an absolute path`);
  }
  const bytes = Buffer.byteLength(runDir);
  if (bytes > longestRunDirectory) {
    throw new InvalidSpecError(
      `Cannot keep executables: the directory of their sockets, "${runDir}", has ${bytes} bytes; at most ` +
        `${longestRunDirectory} are allowed (unix(7)). Give a shorter runDir`,
    );
  }
}

async function makePrivate(directory: string): Promise<void> {
  const made = await mkdir(directory, { recursive: true, mode: 0o700 });
  if (made !== undefined) await chmod(directory, 0o700);
}

/** A process that a killed daemon was just starting holds its descriptors, locks included, until it executes. */
const lockPatienceMs = 1000;
const lockPauseMs = 20;

async function lockDirectory(directory: string): Promise<FileHandle> {
  const file = await open(join(directory, 'supervisor.lock'), 'a', 0o600);
  for (const end = performance.now() + lockPatienceMs; ; await delay(lockPauseMs)) {
    if (nativeBinding.tryLock(file.fd) === 0) return file;
    if (performance.now() >= end) break;
  }
  await file.close();
  throw new FailedPreconditionError(
    `Cannot keep executables in "${directory}": another program keeps its executables there now. End it, or choose ` +
      'another stateDir',
  );
}
