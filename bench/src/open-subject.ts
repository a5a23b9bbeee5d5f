import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CaseName, familyOf, hasBigHeap } from './case-names.js';
import { openRaw } from './cases/raw.js';
import { startCaller, startProgram } from './start-caller.js';
import { startDaemon } from './start-daemon.js';
import type { Subject } from './subject.js';
import type { Workspace } from './workspace.js';

/** Starts whatever a case needs. */
export async function openSubject(workspace: Workspace, name: CaseName): Promise<Subject> {
  const family = familyOf(name);
  const { directory } = workspace;
  switch (family) {
    case 'raw':
      return openRaw(workspace);
    case 'child-process':
    case 'addon':
    case 'runtime':
      return startCaller(workspace, name, { family, directory, bigHeap: hasBigHeap(name) });
    case 'echo': {
      const server = await startProgram(workspace, 'echo-server.js', directory);
      const caller = await startCaller(workspace, name, { family, directory, bigHeap: false });
      return { ...caller, serverPid: server.process.pid as number };
    }
    case 'exec':
    case 'executable-start': {
      // The heap is the daemon's: it is the daemon that lives long.
      const root = join(directory, name);
      if (family === 'executable-start') forgetNothing(root);
      const daemon = await startDaemon(workspace, root, hasBigHeap(name));
      const caller = await startCaller(workspace, name, { family, directory: root, bigHeap: false });
      return { ...caller, serverPid: daemon.process.pid as number };
    }
  }
}

/** To remove the files of those that ended long ago is work of its own, which is not what the case measures. */
function forgetNothing(root: string): void {
  mkdirSync(join(root, 'etc/aurae'), { recursive: true, mode: 0o700 });
  writeFileSync(
    join(root, 'etc/aurae/auraed.toml'),
    '[backends.executable.options]\nmax_executables = 65536\nmax_ended_executables = 65536\n',
  );
}
