import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, type Program } from './auraed-fixture.js';
import { descendantsOf, type ExecutablesFixture, markedProcesses, shimsOf } from './executables-fixture.js';

/**
 * What a machine's end does to a daemon and its executables: nobody hears of it, nobody writes anything any more, and
 * what is in memory is gone.
 */
export async function powerCut(fixture: ExecutablesFixture, daemon: Program): Promise<void> {
  await daemon.kill('SIGKILL');
  await eventually(() => {
    // The shims first, and all that they would tell of.
    const shims = shimsOf(fixture.root);
    const all = [...shims, ...shims.flatMap(descendantsOf), ...markedProcesses(fixture.mark)];
    for (const pid of all) kill(pid);
    return all.length === 0;
  });
  for (const name of readdirSync(fixture.runDir)) rmSync(join(fixture.runDir, name), { recursive: true });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
