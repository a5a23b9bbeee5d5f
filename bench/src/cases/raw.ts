import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { compile } from '../compile.js';
import type { Plan, Sample } from '../measure.js';
import type { Subject } from '../subject.js';
import type { Workspace } from '../workspace.js';

const warmUpCalls = 50;

/** Compiles the C loop. Each measurement is one run of it. */
export async function openRaw(workspace: Workspace): Promise<Subject> {
  const program = await compile(workspace, 'raw-spawn');
  const run = async ({ concurrency, calls }: Plan) => {
    const args = [concurrency, calls, Math.min(calls, warmUpCalls)].map(String);
    const started = workspace.children.start(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const printed = await text(started.process.stdout as Readable);
    await started.ended;
    if (started.process.exitCode !== 0) throw started.failure();
    return JSON.parse(printed) as Sample;
  };
  return { name: 'raw', run };
}
