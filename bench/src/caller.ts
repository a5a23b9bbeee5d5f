import { bigHeapBytes } from './big-heap.js';
import { allocateLiveHeap } from './live-heap.js';
import { type Call, measure, type Plan } from './measure.js';

// A program, in which one case calls and nothing else happens. It measures whenever its parent sends a plan.

/** What a caller is started with, as JSON on its command line. */
export interface CallerTask {
  readonly family: 'child-process' | 'addon' | 'runtime' | 'echo' | 'exec' | 'executable-start';
  /** Where the server of the case lives. */
  readonly directory: string;
  readonly bigHeap: boolean;
}

/** Only what the case needs is loaded: a heap of normal size. */
async function openCall({ family, directory }: CallerTask): Promise<Call> {
  switch (family) {
    case 'child-process':
      return (await import('./cases/child-process.js')).childProcessCall();
    case 'addon':
      return (await import('./cases/addon.js')).addonCall();
    case 'runtime':
      return (await import('./cases/runtime.js')).runtimeCall();
    case 'echo':
      return (await import('./cases/echo.js')).echoCall(directory);
    case 'exec':
      return (await import('./cases/exec.js')).execCall(directory);
    case 'executable-start':
      return (await import('./cases/executable-start.js')).executableStartCall(directory);
  }
}

const task = JSON.parse(process.argv[2] ?? '') as CallerTask;
if (task.bigHeap) allocateLiveHeap(bigHeapBytes);
const call = await openCall(task);
process.on('message', async (plan: Plan) => process.send?.(await measure(call, plan)));
process.on('disconnect', () => process.exit());
process.send?.('ready');
