import { InvalidSpecError, NotFoundError, schedule } from '@aurae/proto';
import type { ScheduleEngine } from './schedule-engine.js';
import { bytesOf, withoutSecrets } from './spec-parts.js';
import type { ScheduledWorkload } from './supervision/scheduled-workload.js';
import { requestedKey, shownKey, type WorkloadKey } from './workload-key.js';

/** Of a message that may be shorter: well below the 4 MiB that clients take by default. A single spec has at most 1 MiB. */
const messageBytes = 1024 * 1024;

const mostPerMessage = 500;

type ShowRequest = schedule.ShowEnabledRequest | schedule.ShowDisabledRequest;

/** One page of what is enabled, or disabled. */
export function showWorkloads(
  engine: ScheduleEngine,
  request: ShowRequest,
  enabled: boolean,
): schedule.ShowEnabledResponse {
  const all = selected(engine, request).filter((workload) => workload.entry.enabled === enabled);
  const after = request.pageToken === '' ? all : allAfter(all, textOf(request.pageToken));
  // Who asks for pages takes shorter ones too.
  const page = request.pageSize > 0 ? firstThatFit(after.slice(0, request.pageSize)) : after;
  const last = page.at(-1);
  const specs = page.map(({ entry }) => withoutSecrets(entry.spec));
  return {
    meta: undefined,
    Executables: specs.flatMap((spec) => (spec.$case === 'executable' ? [spec.value] : [])),
    containers: specs.flatMap((spec) => (spec.$case === 'container' ? [spec.value] : [])),
    instances: specs.flatMap((spec) => (spec.$case === 'instance' ? [spec.value] : [])),
    workloads: page.map((workload) => engine.describe(workload)),
    notice: engine.supervisor.store.notice,
    nextPageToken: last && page.length < after.length ? tokenOf(last.text) : '',
  };
}

function firstThatFit(workloads: readonly ScheduledWorkload[]): ScheduledWorkload[] {
  let bytes = 0;
  const end = workloads.findIndex((workload, index) => {
    bytes += bytesOf(workload.entry.spec).length;
    return index > 0 && bytes > messageBytes;
  });
  return workloads.slice(0, end === -1 ? undefined : end);
}

/** What has happened to one workload, and how it is. Throws NotFoundError. */
export async function showHistory(engine: ScheduleEngine, key: WorkloadKey): Promise<schedule.ShowHistoryResponse> {
  const workload = engine.supervisor.scheduled(key);
  if (!workload) {
    throw new NotFoundError(
      `Cannot tell the history of ${shownKey(key)}: it is not scheduled. \`aurae schedule\` shows what is`,
    );
  }
  const entries = await engine.supervisor.store.history(key);
  return schedule.ShowHistoryResponse.fromPartial({
    workload: engine.describe(workload),
    record: { workload: withoutSecrets(workload.entry.spec), disabled: !workload.entry.enabled },
    entries: entries.map(({ sequence, timestampMs, type, message, pid }) => ({
      sequence: BigInt(sequence),
      timestampMs: BigInt(timestampMs),
      type,
      message,
      ...(pid === undefined ? {} : { proc: { pid } }),
    })),
  });
}

/** Everything, with the values of environment variables. */
export async function* exportSchedule(engine: ScheduleEngine): AsyncGenerator<schedule.ExportResponse> {
  let left = sorted(engine.supervisor.all());
  while (left.length > 0) {
    const batch = firstThatFit(left.slice(0, mostPerMessage));
    left = left.slice(batch.length);
    yield { records: batch.map(({ entry: { spec, enabled } }) => ({ workload: spec, disabled: !enabled })) };
  }
}

function selected(engine: ScheduleEngine, { workload: only }: ShowRequest): ScheduledWorkload[] {
  if (!only) return sorted(engine.supervisor.all());
  const workload = engine.supervisor.scheduled(requestedKey(only));
  return workload ? [workload] : [];
}

/** By kind, then by name: the order of the answers' lists. */
function sorted(workloads: ScheduledWorkload[]): ScheduledWorkload[] {
  return workloads.sort((one, other) => compare(one.text, other.text));
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function tokenOf(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function textOf(token: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (/^\d\//.test(text)) return text;
  const description = `the page token ${JSON.stringify(token.slice(0, 50))} is none of this daemon's`;
  throw new InvalidSpecError(`Cannot show the schedule: ${description}`, [{ field: 'page_token', description }]);
}

function allAfter(workloads: readonly ScheduledWorkload[], last: string): ScheduledWorkload[] {
  return workloads.filter(({ text }) => compare(text, last) > 0);
}
