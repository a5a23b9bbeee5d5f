import { executableName, meta, namedWorkloadName, type runtime } from '@aurae/proto';

/** What requests that concern one workload have in common. */
interface AnyRequest {
  readonly meta?: meta.AuraeMeta | undefined;
  readonly name?: unknown;
  readonly argv?: unknown;
  readonly workload?: meta.WorkloadReference | undefined;
}

const { WORKLOAD_KIND_EXECUTABLE, WORKLOAD_KIND_CONTAINER, WORKLOAD_KIND_INSTANCE } = meta.WorkloadKind;

/** By the beginnings of methods, without the slash in front of them. */
const kindsOfMethods: readonly (readonly [string, meta.WorkloadKind])[] = [
  ['runtime.Runtime/Executable', WORKLOAD_KIND_EXECUTABLE],
  ['runtime.Runtime/Container', WORKLOAD_KIND_CONTAINER],
  ['runtime.Runtime/Instance', WORKLOAD_KIND_INSTANCE],
  ['schedule.ScheduleExecutable/', WORKLOAD_KIND_EXECUTABLE],
  ['schedule.ScheduleContainer/', WORKLOAD_KIND_CONTAINER],
  ['schedule.ScheduleInstance/', WORKLOAD_KIND_INSTANCE],
];

/** Which workload a call is about, by its method and its request; undefined where it is none, or many. */
export function callWorkload(method: string, request: unknown): meta.WorkloadReference | undefined {
  if (typeof request !== 'object' || request === null) return undefined;
  const { workload } = request as AnyRequest;
  if (workload?.name) return workload;
  const kind = kindsOfMethods.find(([start]) => method.startsWith(start))?.[1];
  if (kind === undefined) return undefined;
  const name = nameIn(request as AnyRequest);
  return name === '' ? undefined : { kind, name };
}

function nameIn(request: AnyRequest): string {
  if (Array.isArray(request.argv)) return executableName(request as runtime.Executable);
  if (typeof request.name === 'string') return namedWorkloadName(request as runtime.Container);
  return request.meta?.name ?? '';
}
