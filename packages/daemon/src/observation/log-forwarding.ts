import type { LogDispatcher, OpenWorkloadLog } from '@aurae/observe-logs';
import { type backend, callContext, meta, observe } from '@aurae/proto';
import type { WorkloadDriver } from '../schedule/drivers/workload-driver.js';
import type { WorkloadNewsListener } from './workload-news.js';

/** Has the logs of all workloads follow to the log sinks, from where each sink has come to. */
export class LogForwarding implements WorkloadNewsListener {
  private readonly drivers: ReadonlyMap<meta.WorkloadKind, Pick<WorkloadDriver, 'readLog'>>;

  constructor(
    private readonly dispatcher: Pick<LogDispatcher, 'followWorkload' | 'forget' | 'retain'>,
    drivers: readonly Pick<WorkloadDriver, 'kind' | 'readLog'>[],
  ) {
    this.drivers = new Map(drivers.map((driver) => [driver.kind, driver]));
  }

  onSnapshot(kind: meta.WorkloadKind, known: ReadonlyMap<string, backend.WorkloadEvent>): void {
    this.dispatcher.retain(kind, new Set(known.keys()));
    for (const name of known.keys()) this.follow({ kind, name });
  }

  onEvent(kind: meta.WorkloadKind, { workload, removed, status }: backend.WorkloadEvent): void {
    const reference = { kind, name: workload?.name ?? '' };
    if (removed) this.dispatcher.forget(reference);
    else this.follow(reference, status === meta.Status.STATUS_ACTIVE);
  }

  private follow(workload: meta.WorkloadReference, isNew = false): void {
    const driver = this.drivers.get(workload.kind);
    if (!driver) return;
    const open: OpenWorkloadLog = ({ afterSequence, logId }, signal) =>
      driver.readLog(
        callContext({ signal }),
        observe.GetWorkloadLogStreamRequest.fromPartial({ workload, follow: true, afterSequence, logId }),
      );
    this.dispatcher.followWorkload(workload, open, isNew);
  }
}
