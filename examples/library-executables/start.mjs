// Starts an executable, watches it for a moment, and ends: what it started runs on.
import { resolve } from 'node:path';
import { callContext, meta, observe, runtime } from '@aurae/proto';
import { ProcessRuntime } from '@aurae/runtime-process';

const processes = new ProcessRuntime({ stateDir: resolve('ticker-state') });
const context = callContext();
try {
  const started = await processes.start(
    context,
    runtime.Executable.fromPartial({
      meta: { name: 'ticker' },
      argv: ['sh', '-c', 'n=0; while :; do n=$((n + 1)); echo "tick $n"; sleep 0.2; done'],
      restart: { mode: runtime.RestartMode.RESTART_MODE_ON_FAILURE },
    }),
  );
  if (started.status !== meta.Status.STATUS_ACTIVE) throw new Error(started.meta?.message);
  console.log(`Started ticker (pid ${started.proc?.pid})`);
  await showLines(3);
  console.log('Leaving it running');
} finally {
  await processes.dispose();
}

async function showLines(count) {
  const workload = { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name: 'ticker' };
  const request = observe.GetWorkloadLogStreamRequest.fromPartial({ workload, follow: true });
  for await (const { items } of processes.readLog(context, request)) {
    for (const { sequence, line } of items) {
      console.log(`${sequence} ${line}`);
      count -= 1;
      if (count === 0) return;
    }
  }
}
