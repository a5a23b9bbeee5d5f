import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AuraeClient, connect } from '@aurae/client';
import { meta, type observe, type runtime } from '@aurae/proto';
import { AuraedFixture, childrenOf, eventually, isAlive } from './auraed-fixture.js';

/** In the environment of whatever a test starts, so that it is found wherever it hides. */
const markName = 'AURAE_TEST_MARK';

let fixtures = 0;

/** A daemon whose executables get a cgroup parent of their own, and which leaves nothing behind. */
export class ExecutablesFixture extends AuraedFixture {
  readonly mark = `e2e-${process.pid}-${++fixtures}`;
  readonly cgroupParent = `aurae-test-${this.mark}`;
  readonly env = { [markName]: this.mark };
  readonly stateDir = join(this.root, 'var/lib/aurae');
  readonly runDir = join(this.root, 'run/aurae');
  private readonly clients: AuraeClient[] = [];

  /** @param options of the backend, as lines of TOML */
  constructor(options: readonly string[] = []) {
    super();
    const directory = join(this.root, 'etc/aurae');
    mkdirSync(directory, { recursive: true });
    const lines = ['[backends.executable.options]', `cgroup_parent = "${this.cgroupParent}"`, ...options];
    writeFileSync(join(directory, 'auraed.toml'), `${lines.join('\n')}\n`);
  }

  client(): AuraeClient {
    const client = connect({ root: this.root });
    this.clients.push(client);
    return client;
  }

  /** Every line that is kept of an executable; to its end, when `follow` says so. */
  async readLog(client: AuraeClient, name: string, follow = false): Promise<observe.LogItem[]> {
    const workload = { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name };
    const items: observe.LogItem[] = [];
    for await (const batch of client.observe.getWorkloadLogStream({ workload, follow })) items.push(...batch.items);
    return items;
  }

  /** Whatever belongs to executables of this daemon and outlives them, in words; empty when nothing is left. */
  leftovers(): string[] {
    return [
      ...shimsOf(this.root).map((pid) => `shim ${pid}`),
      ...markedProcesses(this.mark).map((pid) => `process ${pid}`),
      ...cgroupsOf(this.cgroupParent).filter((path) => !isOwn(path, this.cgroupParent)),
      ...filesBelow(this.runDir).filter((path) => path.endsWith('.sock') && path !== this.socket),
      ...filesBelow(this.stateDir).filter((path) => path.endsWith('.new')),
    ];
  }

  /** Ends whatever is left, in whatever state a failed test left it. */
  override async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.clients) client.close();
    this.killPrograms();
    await this.endExecutablesOf(this.root);
    for (const path of cgroupsOf(this.cgroupParent).reverse()) rmdirSync(path);
    await super[Symbol.asyncDispose]();
  }

  /** A shim ends by itself when its workload has. */
  async endExecutablesOf(root: string): Promise<void> {
    await eventually(() => {
      const shims = shimsOf(root);
      const processes = [...shims.flatMap(descendantsOf), ...markedProcesses(this.mark)];
      for (const pid of processes) killIfAlive(pid);
      return shims.length + processes.length === 0;
    });
  }
}

export function nameOf({ meta: named }: runtime.ExecutableStatus): string {
  return named?.name ?? '';
}

export function pidOf({ proc }: runtime.ExecutableStatus): number {
  return proc?.pid ?? 0;
}

/** Shims hold the record of their run open. */
export function shimsOf(root: string): number[] {
  return processes().filter((pid) => {
    if (!readOrEmpty(`/proc/${pid}/cmdline`).startsWith('aurae-shim\0') || !isAlive(pid)) return false;
    return descriptorsOf(pid).some((path) => path.startsWith(`${root}/`));
  });
}

export function markedProcesses(mark: string): number[] {
  return processes().filter(
    (pid) => isAlive(pid) && readOrEmpty(`/proc/${pid}/environ`).split('\0').includes(`${markName}=${mark}`),
  );
}

export function descendantsOf(pid: number): number[] {
  return existsSync(`/proc/${pid}/task`) ? childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]) : [];
}

/** Cgroups of that name and those in them, from the outermost in, in every hierarchy. */
export function cgroupsOf(parent: string): string[] {
  const root = '/sys/fs/cgroup';
  const own = readOrEmpty('/proc/self/cgroup')
    .split('\n')
    .map((line) => line.split(':').slice(2).join(':'));
  const places = directoriesIn(root).flatMap((hierarchy) => ['', ...own].map((path) => join(hierarchy, path)));
  return [...new Set([root, ...places].map((place) => join(place, parent)))].flatMap(withSubdirectories);
}

/** The parent, and the cgroups of the shims and of coming commands, are there while a daemon is, or was killed. */
function isOwn(path: string, parent: string): boolean {
  return path.endsWith(`/${parent}`) || path.endsWith(`/${parent}/shims`) || /@exec-\d+$/.test(path);
}

function withSubdirectories(path: string): string[] {
  return existsSync(path) ? [path, ...directoriesIn(path).flatMap(withSubdirectories)] : [];
}

function directoriesIn(path: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(path, name));
}

function filesBelow(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
}

function processes(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

function descriptorsOf(pid: number): string[] {
  return namesIn(`/proc/${pid}/fd`).map((descriptor) => linkOrEmpty(`/proc/${pid}/fd/${descriptor}`));
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function linkOrEmpty(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** A process may end while one looks at it. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
