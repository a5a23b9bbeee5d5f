import {
  accessSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { CgroupFiles } from '../../src/cgroup/cgroup-files.js';

const controllerFiles: Readonly<Record<string, readonly string[]>> = {
  memory: ['memory.max', 'memory.swap.max', 'memory.events'],
  cpu: ['cpu.max'],
  pids: ['pids.max'],
};

/** Plain files and directories that behave as cgroup version 2 does, as far as delegation goes. */
export class FakeCgroupTree implements CgroupFiles {
  /** Error code for whatever would change something at or below a path. */
  readonly refusals = new Map<string, string>();
  /** Missing in every cgroup, as in kernels without them. */
  readonly missingFiles = new Set<string>();

  constructor(
    readonly root: string,
    controllers: readonly string[],
    private readonly isRealRoot = true,
  ) {
    this.fill(root, controllers);
  }

  /** A cgroup with a process in it, and controllers as its parent hands them down. */
  addOccupied(path: string): string {
    const directory = join(this.root, path);
    mkdirSync(directory, { recursive: true });
    this.fill(directory, this.words(join(dirname(directory), 'cgroup.subtree_control')));
    writeFileSync(join(directory, 'cgroup.procs'), '4711\n');
    return directory;
  }

  async makeDirectory(path: string): Promise<void> {
    this.check(path);
    mkdirSync(path);
    this.fill(path, this.words(join(dirname(path), 'cgroup.subtree_control')));
  }

  async removeDirectory(path: string): Promise<void> {
    this.check(path);
    const entries = readdirSync(path, { withFileTypes: true });
    const isBusy =
      entries.some((entry) => entry.isDirectory()) || readFileSync(join(path, 'cgroup.procs'), 'utf8') !== '';
    if (isBusy) throw failure('EBUSY');
    for (const { name } of entries) rmSync(join(path, name));
    rmdirSync(path);
  }

  async directoriesIn(path: string): Promise<string[]> {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  }

  async read(path: string): Promise<string> {
    return readFileSync(path, 'utf8');
  }

  async write(path: string, value: string): Promise<void> {
    this.check(path);
    accessSync(path);
    if (basename(path) === 'cgroup.subtree_control') this.enable(dirname(path), value.slice(1));
    else writeFileSync(path, value);
  }

  async exists(path: string): Promise<boolean> {
    return existsSync(path);
  }

  async checkWritable(path: string): Promise<void> {
    this.check(path);
    accessSync(path);
  }

  private check(path: string): void {
    for (const [refused, code] of this.refusals) {
      if (path === refused || path.startsWith(`${refused}/`)) throw failure(code);
    }
  }

  private enable(directory: string, controller: string): void {
    if (!this.words(join(directory, 'cgroup.controllers')).includes(controller)) throw failure('ENOENT');
    const isExempt = directory === this.root && this.isRealRoot;
    if (!isExempt && readFileSync(join(directory, 'cgroup.procs'), 'utf8') !== '') throw failure('EBUSY');
    const handedDown = [...this.words(join(directory, 'cgroup.subtree_control')), controller];
    writeFileSync(join(directory, 'cgroup.subtree_control'), handedDown.join(' '));
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (entry.isDirectory()) this.fill(join(directory, entry.name), handedDown);
    }
  }

  private fill(directory: string, controllers: readonly string[]): void {
    const contents = {
      'cgroup.procs': '',
      'cgroup.subtree_control': '',
      'cgroup.controllers': controllers.join(' '),
      'cgroup.kill': '',
      ...Object.fromEntries(controllers.flatMap((name) => controllerFiles[name] ?? []).map((name) => [name, ''])),
    };
    for (const [name, content] of Object.entries(contents)) {
      const path = join(directory, name);
      if (this.missingFiles.has(name) || (existsSync(path) && name !== 'cgroup.controllers')) continue;
      writeFileSync(path, content);
    }
  }

  private words(path: string): string[] {
    return readFileSync(path, 'utf8').split(/\s+/).filter(Boolean);
  }
}

function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: refused`), { code });
}
