import { InvalidSpecError, NotFoundError, schedule } from '@aurae/proto';
import type { ScheduleEngine } from './schedule-engine.js';
import { withoutSecrets } from './spec-parts.js';
import type { ScheduledWorkload } from './supervision/scheduled-workload.js';
import { shownKey, type WorkloadKey } from './workload-key.js';

/** Small enough for any client's limit on a message. */
const recordsPerMessage = 50;

type ShowRequest = schedule.ShowEnabledRequest | schedule.ShowDisabledRequest;

/** One page of what is enabled, or disabled. */
export function showWorkloads(engine: ScheduleEngine, request: ShowRequest, enabled: boolean) {
  const all = selected(engine, request).filter((workload) => workload.entry.enabled === enabled);
  const after = request.pageToken === '' ? all : allAfter(all, textOf(request.pageToken));
  const page = request.pageSize > 0 ? after.slice(0, request.pageSize) : after;
  const last = page.at(-1);
  const specs = page.map(({ entry }) => withoutSecrets(entry.spec));
  return schedule.ShowEnabledResponse.fromPartial({
    Executables: specs.flatMap((spec) => (spec.$case === 'executable' ? [spec.value] : [])),
    containers: specs.flatMap((spec) => (spec.$case === 'container' ? [spec.value] : [])),
    instances: specs.flatMap((spec) => (spec.$case === 'instance' ? [spec.value] : [])),
    workloads: page.map((workload) => engine.describe(workload)),
    nextPageToken: last && page.length < after.length ? tokenOf(last.text) : '',
  });
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
  const all = sorted(engine.supervisor.all());
  for (let from = 0; from < all.length; from += recordsPerMessage) {
    const records = all.slice(from, from + recordsPerMessage).map(({ entry }) => entry);
    yield { records: records.map(({ spec, enabled }) => ({ workload: spec, disabled: !enabled })) };
  }
}

function selected(engine: ScheduleEngine, { workload: only }: ShowRequest): ScheduledWorkload[] {
  if (!only) return sorted(engine.supervisor.all());
  const workload = engine.supervisor.scheduled(only);
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
