// Another program with the same state directory: it finds what the first one left running, and ends it.
import { resolve } from 'node:path';
import { callContext, meta, observe, runtime } from '@aurae/proto';
import { ProcessRuntime } from '@aurae/runtime-process';

const name = 'ticker';
const processes = new ProcessRuntime({ stateDir: resolve('ticker-state') });
const context = callContext();
try {
  const { executables } = await processes.list(context, runtime.WorkloadListRequest.fromPartial({}));
  const found = executables.find((executable) => executable.meta?.name === name);
  if (!found) throw new Error('The ticker does not run: start it with `node start.mjs`');
  console.log(`Found ticker (pid ${found.proc?.pid})`);

  // From its first line on, with what was written while nobody looked.
  const workload = { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name };
  const request = observe.GetWorkloadLogStreamRequest.fromPartial({ workload, follow: true });
  reading: for await (const { items } of processes.readLog(context, request)) {
    for (const { sequence, line } of items) {
      console.log(`${sequence} ${line}`);
      if (sequence >= 5n) break reading;
    }
  }

  const ended = await processes.stop(context, runtime.WorkloadStopRequest.fromPartial({ meta: { name } }));
  console.log(`Exit code ${ended.exitCode}. ${ended.meta?.message}`);
} finally {
  await processes.dispose();
}
