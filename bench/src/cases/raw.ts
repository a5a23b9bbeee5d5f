import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';
import type { Plan, Sample } from '../measure.js';
import type { Subject } from '../subject.js';
import type { Workspace } from '../workspace.js';

const source = fileURLToPath(new URL('../../native/raw-spawn.c', import.meta.url));
const warmUpCalls = 50;

/** Compiles the C loop. Each measurement is one run of it. */
export async function openRaw({ directory, children }: Workspace): Promise<Subject> {
  const program = join(directory, 'raw-spawn');
  const output = async (command: string, args: readonly string[]) => {
    const started = children.start(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const printed = await text(started.process.stdout as Readable);
    await started.ended;
    if (started.process.exitCode !== 0) throw started.failure();
    return printed;
  };
  await output('cc', ['-O2', '-o', program, source]);
  const run = async ({ concurrency, calls }: Plan) => {
    const args = [concurrency, calls, Math.min(calls, warmUpCalls)].map(String);
    return JSON.parse(await output(program, args)) as Sample;
  };
  return { name: 'raw', run };
}
