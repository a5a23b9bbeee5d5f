import { meta, schedule } from '@aurae/proto';
import { type Cell, formatColumns } from '../output/columns.js';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import type { Paint, Style } from '../output/terminal-style.js';
import { fileKeys } from '../schedule/field-keys.js';
import { stateSentence } from '../schedule/state-sentence.js';
import { keyOfReference, shownKey } from '../schedule/workload-key.js';

export interface ApplyView {
  readonly paint: Paint;
  readonly nowMs: () => number;
  /** Those that the files want to be disabled, as `shownKey` has them. */
  readonly disabled: ReadonlySet<string>;
}

interface Look {
  readonly mark: string;
  readonly style: Style;
  /** In the summary: `2 new`. */
  readonly word: string;
}

const { SCHEDULE_CHANGE_CREATE, SCHEDULE_CHANGE_UPDATE, SCHEDULE_CHANGE_ENABLE } = schedule.ScheduleChange;
const { SCHEDULE_CHANGE_DISABLE, SCHEDULE_CHANGE_DESTROY, SCHEDULE_CHANGE_NONE } = schedule.ScheduleChange;

const unchanged: Look = { mark: '=', style: 'dim', word: 'unchanged' };
const looks = new Map<schedule.ScheduleChange, Look>([
  [SCHEDULE_CHANGE_CREATE, { mark: '+', style: 'green', word: 'new' }],
  [SCHEDULE_CHANGE_UPDATE, { mark: '~', style: 'yellow', word: 'changed' }],
  [SCHEDULE_CHANGE_ENABLE, { mark: '~', style: 'yellow', word: 'enabled' }],
  [SCHEDULE_CHANGE_DISABLE, { mark: '~', style: 'yellow', word: 'disabled' }],
  [SCHEDULE_CHANGE_DESTROY, { mark: '-', style: 'red', word: 'destroyed' }],
  [SCHEDULE_CHANGE_NONE, unchanged],
]);

/** What Apply answers, for a person: first the plan, as a whole, then what became of each. */
export class ApplyReport {
  hasFailed = false;
  private plan: schedule.ApplyResponse[] = [];
  private lines: string[] = [];
  private failures = 0;
  private readonly counts = new Map<Look, number>();

  constructor(private readonly view: ApplyView) {}

  take(answer: schedule.ApplyResponse): void {
    if (!answer.done) {
      const look = lookOf(answer);
      this.counts.set(look, (this.counts.get(look) ?? 0) + 1);
      this.plan.push(answer);
      return;
    }
    this.endPlan();
    this.takeDone(answer);
  }

  /** What is to be shown since the last time. */
  newText(): string {
    return this.lines.splice(0).join('\n');
  }

  lastText(isDryRun: boolean): string {
    this.endPlan();
    const counts = [...this.counts].map(([{ word }, count]) => `${count} ${word}`);
    const failed = this.failures > 0 ? [this.view.paint('red', `${this.failures} failed`)] : [];
    const summary = [...counts, ...failed].join(', ') || 'nothing to do';
    this.lines.push(isDryRun ? `${summary} (--dry-run: nothing was changed)` : summary);
    return this.newText();
  }

  private takeDone(answer: schedule.ApplyResponse): void {
    const { state, change } = answer;
    const isError = state?.status === meta.Status.STATUS_ERROR && state.enabled;
    if (change === SCHEDULE_CHANGE_NONE && !isError) return;
    if (isError) {
      this.hasFailed = true;
      this.failures++;
    }
    const sentence = state
      ? stateSentence(nameOf(answer), { state }, this.view.nowMs())
      : `${nameOf(answer)} is destroyed.`;
    this.lines.push(this.view.paint(isError ? 'red' : undefined, sentence));
  }

  private endPlan(): void {
    if (this.plan.length === 0) return;
    const rows = this.plan.map((answer) => this.rowOf(answer));
    this.plan = [];
    this.lines.push(...formatColumns(rows, this.view.paint));
    this.lines.push('');
  }

  private rowOf(answer: schedule.ApplyResponse): Cell[] {
    const { mark, style } = lookOf(answer);
    return [{ text: mark, style }, { text: nameOf(answer), style }, { text: this.difference(answer) }];
  }

  private difference(answer: schedule.ApplyResponse): string {
    switch (answer.change) {
      case SCHEDULE_CHANGE_CREATE:
        return this.view.disabled.has(nameOf(answer)) ? 'new, disabled' : 'new';
      case SCHEDULE_CHANGE_UPDATE:
        return escapeControlCharacters(fileKeys(answer.fields).join(', ')) || 'changed';
      case SCHEDULE_CHANGE_ENABLE:
        return 'enabled';
      case SCHEDULE_CHANGE_DISABLE:
        return 'disabled';
      case SCHEDULE_CHANGE_DESTROY:
        return 'destroyed (--prune)';
      default:
        return '';
    }
  }
}

function lookOf({ change }: schedule.ApplyResponse): Look {
  return looks.get(change) ?? unchanged;
}

function nameOf({ workload }: schedule.ApplyResponse): string {
  const key = keyOfReference(workload);
  return escapeControlCharacters(key ? shownKey(key) : (workload?.name ?? ''));
}
