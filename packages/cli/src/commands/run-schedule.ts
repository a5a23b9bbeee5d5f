import { schedule } from '@aurae/proto';
import { connectToDaemon } from '../connect-to-daemon.js';
import { exitCodes } from '../exit-codes.js';
import { UsageError } from '../failures.js';
import { Interruption } from '../interruption.js';
import { OutputStream } from '../output/output-stream.js';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import { paintFor } from '../output/terminal-style.js';
import { type ScheduledItem, scheduledItems } from '../schedule/scheduled-item.js';
import { namedWorkloads } from '../schedule/named-workloads.js';
import { specAsJson } from '../schedule/spec-as-json.js';
import { workloadState } from '../schedule/workload-state.js';
import { formatSchedule, summaryOf } from './format-schedule.js';
import type { ScheduleOptions } from './schedule-options.js';

/** Of `aurae schedule`: a word that is none of them is a name. */
const subcommands = ['export', 'import'];

export async function runSchedule(names: readonly string[], options: ScheduleOptions): Promise<number> {
  const { enabled = false, disabled = false } = options;
  if (enabled && disabled) throw new UsageError('give either --enabled or --disabled: without them both are shown');
  using interruption = Interruption.listen();
  await using client = connectToDaemon(options);
  const choice = { enabled: !disabled, disabled: !enabled };
  const { items: all, notice } = await scheduledItems(client, choice, interruption.signal);
  client.close();
  const nowMs = Date.now();
  const ofKind = all.filter(({ key }) => options.kind === undefined || key.kind === options.kind);
  const named = namedWorkloads(ofKind, names, ({ key }) => key, 'show', subcommands);
  const items = named.filter((item) => !options.failed || isUnwell(item, nowMs));
  const stdout = new OutputStream(process.stdout);
  const stderr = new OutputStream(process.stderr);
  if (options.output === 'json') {
    const json = { workloads: items.map(itemAsJson), ...(notice === '' ? {} : { notice }) };
    await interruption.race(stdout.write(`${JSON.stringify(json)}\n`));
    return exitCodes.success;
  }
  if (notice !== '') await interruption.race(stderr.write(`aurae: note: ${escapeControlCharacters(notice)}\n`));
  if (items.length === 0) {
    await interruption.race(stderr.write(`${nothingNote(all, options)}\n`));
  } else {
    const view = { paint: paintFor(process.stdout), width: process.stdout.columns || undefined, nowMs };
    await interruption.race(stdout.write(`${formatSchedule(items, view)}\n`));
    if (process.stdout.isTTY) {
      await interruption.race(stderr.write(`${summaryOf(names.length > 0 ? items : all, nowMs)}\n`));
    }
  }
  return exitCodes.success;
}

function isUnwell(item: ScheduledItem, nowMs: number): boolean {
  const { wellness } = workloadState(item, nowMs);
  return wellness === 'failed' || wellness === 'waiting';
}

function itemAsJson({ state, spec }: ScheduledItem): object {
  return { ...(schedule.ScheduledWorkload.toJSON(state) as object), ...(spec ? { spec: specAsJson(spec) } : {}) };
}

function nothingNote(all: readonly ScheduledItem[], { failed, enabled, disabled, kind }: ScheduleOptions): string {
  if (failed && all.length > 0) return 'All is well.';
  if (enabled || disabled || kind || failed) return 'There is nothing of that kind in the schedule.';
  return 'Nothing is scheduled: "aurae enable --name web -- /path/to/program" keeps an executable running.';
}
