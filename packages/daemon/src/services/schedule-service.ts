import type { CallContext, schedule } from '@aurae/proto';
import { inject, injectable } from 'tsyringe';
import { applySchedule } from '../schedule/schedule-application.js';
import { exportSchedule, showHistory, showWorkloads } from '../schedule/schedule-queries.js';
import { requestedKey } from '../schedule/workload-key.js';
import { ScheduleEngine } from '../tokens.js';

/** `schedule.Schedule`: the schedule as a whole. */
@injectable()
export class ScheduleService implements schedule.Schedule<CallContext> {
  constructor(@inject(ScheduleEngine) private readonly engine: ScheduleEngine) {}

  async showEnabled(_: CallContext, request: schedule.ShowEnabledRequest): Promise<schedule.ShowEnabledResponse> {
    return showWorkloads(this.engine, request, true);
  }

  async showDisabled(_: CallContext, request: schedule.ShowDisabledRequest): Promise<schedule.ShowDisabledResponse> {
    return showWorkloads(this.engine, request, false);
  }

  showHistory(_: CallContext, { workload }: schedule.ShowHistoryRequest): Promise<schedule.ShowHistoryResponse> {
    return showHistory(this.engine, requestedKey(workload));
  }

  export(): AsyncIterable<schedule.ExportResponse> {
    return exportSchedule(this.engine);
  }

  apply(context: CallContext, requests: AsyncIterable<schedule.ApplyRequest>): AsyncIterable<schedule.ApplyResponse> {
    return applySchedule(this.engine, requests, context);
  }
}
