import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { bigHeapFlag } from './big-heap.js';
import type { CallerTask } from './caller.js';
import type { CaseName } from './case-names.js';
import type { StartedProcess } from './child-processes.js';
import type { Plan, Sample } from './measure.js';
import type { Subject } from './subject.js';
import type { Workspace } from './workspace.js';

/** Starts a program of this folder and waits for its first message. */
export async function startProgram(
  { children }: Workspace,
  name: string,
  argument: string,
  flags: readonly string[] = [],
): Promise<StartedProcess> {
  const program = fileURLToPath(new URL(name, import.meta.url));
  const started = children.start(process.execPath, [...flags, program, argument], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  await started.unlessEnded(once(started.process, 'message'));
  return started;
}

/** Starts the process that makes the calls of a case. */
export async function startCaller(workspace: Workspace, name: CaseName, task: CallerTask): Promise<Subject> {
  const flags = task.bigHeap ? [bigHeapFlag] : [];
  const caller = await startProgram(workspace, 'caller.js', JSON.stringify(task), flags);
  const run = async (plan: Plan) => {
    caller.process.send(plan);
    const [sample] = await caller.unlessEnded(once(caller.process, 'message'));
    return sample as Sample;
  };
  return { name, callerPid: caller.process.pid as number, run };
}
