import type { CallContext, meta, runtime } from '@aurae/proto';
import type { ScheduleEngine } from '../schedule/schedule-engine.js';
import { keyOf, type WorkloadSpec } from '../schedule/workload-key.js';

type Kind = WorkloadSpec['$case'];
type Value = runtime.Executable | runtime.Container | runtime.Instance;

/** `schedule.ScheduleExecutable`, `ScheduleContainer` and `ScheduleInstance`: the same verbs, whatever the kind. */
export class ScheduleVerbsService {
  constructor(
    private readonly kind: Kind,
    private readonly engine: ScheduleEngine,
  ) {}

  enable(context: CallContext, value: Value): Promise<VerbResponse> {
    const spec = this.specOf(value);
    return answer(spec, this.engine.enable(spec, context));
  }

  disable(context: CallContext, value: Value): Promise<VerbResponse> {
    const spec = this.specOf(value);
    return answer(spec, this.engine.disable(keyOf(spec), context));
  }

  destroy(context: CallContext, value: Value): Promise<VerbResponse> {
    const spec = this.specOf(value);
    return answer(spec, this.engine.destroy(keyOf(spec), context));
  }

  private specOf(value: Value): WorkloadSpec {
    return { $case: this.kind, value } as WorkloadSpec;
  }
}

interface VerbResponse {
  readonly meta: meta.AuraeMeta | undefined;
}

/** The message tells what is true of it now: `runs as pid 123`. */
async function answer(spec: WorkloadSpec, message: Promise<string>): Promise<VerbResponse> {
  return { meta: { name: keyOf(spec).name, message: await message } };
}
