import { meta, type observe } from '@aurae/proto';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import type { Paint, Style } from '../output/terminal-style.js';
import { keyOfReference, shownKey } from '../schedule/workload-key.js';
import { shownTime } from '../values/shown-time.js';

/** By what happened: the last word of a type. */
const styles: Readonly<Record<string, Style>> = {
  started: 'green',
  adopted: 'green',
  ready: 'green',
  recovered: 'green',
  serving: 'green',
  restarting: 'yellow',
  stopping: 'yellow',
  waiting: 'yellow',
  missed: 'yellow',
  degraded: 'yellow',
  'taken-back': 'yellow',
  'events-lost': 'yellow',
  failed: 'red',
  'gave-up': 'red',
  unwell: 'red',
  unavailable: 'red',
  'start-failed': 'red',
  'stop-failed': 'red',
  enabled: 'cyan',
  disabled: 'cyan',
  destroyed: 'cyan',
  removed: 'dim',
};

/** Takes every type there is; longer ones push what follows. */
const typeWidth = 24;
/** The same of names. */
const longestAligned = 40;

/** Events as lines of a table whose column of names grows with what comes: nobody knows what will. */
export class EventFormat {
  private workloadWidth = 8;

  constructor(private readonly paint: Paint) {}

  line(event: observe.Event): string {
    const workload = this.aligned(workloadOf(event));
    const type = escapeControlCharacters(event.type).padEnd(typeWidth);
    const words = [
      this.paint('dim', shownTime(Number(event.timestampMs))),
      this.paint(styleOf(event), type),
      workload,
      messageOf(event),
    ];
    const line = words.join('  ').trimEnd();
    return event.dropped === 0n ? line : `${this.paint('yellow', lossText(event.dropped))}\n${line}`;
  }

  private aligned(text: string): string {
    if (text.length <= longestAligned) this.workloadWidth = Math.max(this.workloadWidth, text.length);
    return text.padEnd(this.workloadWidth);
  }
}

function styleOf({ type, status, attributes }: observe.Event): Style | undefined {
  const isOutOfMemory = attributes['out_of_memory'] === 'true';
  if (isOutOfMemory || status === meta.Status.STATUS_ERROR) return 'red';
  const happened = type.slice(type.indexOf('.') + 1);
  if (happened !== 'ended') return styles[happened];
  const isFailure = attributes['exit_code'] !== '0' && attributes['stopped'] !== 'true';
  return isFailure ? 'yellow' : 'dim';
}

function workloadOf({ workload }: observe.Event): string {
  const key = keyOfReference(workload);
  return escapeControlCharacters(key ? shownKey(key) : workload?.name || '-');
}

/** What says nothing for a person is told by its facts. */
function messageOf({ message, attributes }: observe.Event): string {
  const facts = Object.entries(attributes).map(([name, value]) => `${name}=${value}`);
  return escapeControlCharacters(message || facts.join(' '));
}

function lossText(dropped: bigint): string {
  return dropped === 1n ? '… 1 event is no longer kept' : `… ${dropped} events are no longer kept`;
}
