import { type FieldViolation, InvalidSpecError, meta, type observe } from '@aurae/proto';

/** What of the events a request asks for, apart from where it begins and ends. */
export type EventSelection = (event: observe.Event) => boolean;

/** @throws InvalidSpecError naming what cannot be right */
export function eventSelection(request: observe.WatchEventsRequest): EventSelection {
  refuseWrong(request);
  const { workloads, types } = request;
  const sinceMs = request.sinceMs === 0n ? undefined : request.sinceMs;
  const untilMs = request.untilMs === 0n ? undefined : request.untilMs;
  return (event) =>
    (sinceMs === undefined || event.timestampMs >= sinceMs) &&
    (untilMs === undefined || event.timestampMs <= untilMs) &&
    (types.length === 0 || types.some((type) => isOfType(event, type))) &&
    (workloads.length === 0 || workloads.some((workload) => isAbout(event, workload)));
}

function isOfType({ type }: observe.Event, wanted: string): boolean {
  return wanted.endsWith('.') ? type.startsWith(wanted) : type === wanted;
}

function isAbout({ workload }: observe.Event, { kind, name }: meta.WorkloadReference): boolean {
  if (workload?.name !== name) return false;
  return kind === meta.WorkloadKind.WORKLOAD_KIND_UNSPECIFIED || workload.kind === kind;
}

const mostWorkloads = 1000;
const mostTypes = 100;

function refuseWrong({ workloads, types, sinceMs, untilMs }: observe.WatchEventsRequest): void {
  const violations: FieldViolation[] = [];
  const wrong = (field: string, description: string) => violations.push({ field, description });
  if (workloads.length > mostWorkloads) wrong('workloads', `${workloads.length} are more than ${mostWorkloads}`);
  if (workloads.some(({ name }) => name === '')) wrong('workloads', 'each needs a name');
  if (types.length > mostTypes) wrong('types', `${types.length} are more than ${mostTypes}`);
  const type = types.find((text) => !/^[a-z][a-z-]*\.[a-z-]*$/.test(text));
  if (type !== undefined) {
    wrong(
      'types',
      `"${type.slice(0, 50)}" is no type: "workload.ended" is one, "workload." stands for all that begin so`,
    );
  }
  if (sinceMs !== 0n && untilMs !== 0n && untilMs < sinceMs) wrong('until_ms', 'lies before since_ms');
  if (violations.length === 0) return;
  const reasons = violations.map(({ field, description }) => `${field}: ${description}`).join('; ');
  throw new InvalidSpecError(`Cannot watch the events: ${reasons}`, violations);
}
