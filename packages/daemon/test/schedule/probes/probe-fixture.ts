import { observe, runtime } from '@aurae/proto';
import { onTestFinished } from 'vitest';
import { awaitReadiness, type ProbeTarget, watchLiveness } from '../../../src/schedule/probes/index.js';
import { VirtualClock } from '../virtual-clock.js';

export function tcpProbe(port: number, host = ''): runtime.Probe {
  return probeBy({ $case: 'tcp', value: { host, port } });
}

export function httpProbe(port: number, more: Partial<runtime.HttpProbe> = {}): runtime.Probe {
  return probeBy({ $case: 'http', value: { ...runtime.HttpProbe.fromPartial({ port }), ...more } });
}

export function execProbe(...argv: string[]): runtime.Probe {
  return probeBy({ $case: 'exec', value: { argv } });
}

export function logProbe(pattern: string, channel = ''): runtime.Probe {
  return probeBy({ $case: 'log', value: { pattern, channel } });
}

function probeBy(check: NonNullable<runtime.Probe['check']>): runtime.Probe {
  return { ...runtime.Probe.fromPartial({}), check };
}

/** Answers with each in turn, and then with the last one. */
export function answers(...given: (string | undefined)[]): ProbeTarget['exec'] {
  return async () => (given.length > 1 ? given.shift() : given[0]);
}

export function logItem(line: string, more: Partial<observe.LogItem> = {}): observe.LogItem {
  return { ...observe.LogItem.fromPartial({ channel: 'stdout', line }), ...more };
}

/** A log that a test writes. */
export class WrittenLog {
  readers = 0;
  #batches: observe.LogBatch[] = [];
  #isEnded = false;
  #wake: () => void = () => undefined;

  write(...items: (observe.LogItem | string)[]): void {
    this.#batches.push({ items: items.map((item) => (typeof item === 'string' ? logItem(item) : item)), logId: '' });
    this.#wake();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  async *read(signal: AbortSignal): AsyncGenerator<observe.LogBatch> {
    this.readers += 1;
    const onAbort = () => this.#wake();
    signal.addEventListener('abort', onAbort);
    try {
      for (let index = 0; ; index += 1) {
        while (index >= this.#batches.length) {
          if (signal.aborted || this.#isEnded) return;
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
        const batch = this.#batches[index];
        if (batch) yield batch;
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.readers -= 1;
    }
  }
}

/** A probe of a run that has just begun. */
export class ProbedRun {
  readonly clock = new VirtualClock();
  readonly ending = new AbortController();
  readonly failures: string[] = [];
  readonly log = new WrittenLog();
  exec: ProbeTarget['exec'] = answers(undefined);
  #watchers = new Set<() => void>();

  constructor() {
    onTestFinished(() => this.ending.abort());
  }

  ready(probe: runtime.Probe, ranForMs = 0): Promise<void> {
    return awaitReadiness(probe, this.#target(), this.clock, this.ending.signal, {
      ranForMs,
      onFailure: this.#onFailure,
    });
  }

  unwell(probe: runtime.Probe, ranForMs = 0): Promise<string> {
    return watchLiveness(probe, this.#target(), this.clock, this.ending.signal, {
      ranForMs,
      onFailure: this.#onFailure,
    });
  }

  /** Resolves once it has failed so often. */
  untilFailures(count: number): Promise<void> {
    return new Promise((resolve) => {
      const watcher = () => {
        if (this.failures.length < count) return;
        this.#watchers.delete(watcher);
        resolve();
      };
      this.#watchers.add(watcher);
      watcher();
    });
  }

  #onFailure = (reason: string): void => {
    this.failures.push(reason);
    for (const watcher of this.#watchers) watcher();
  };

  #target(): ProbeTarget {
    return { exec: (argv, signal) => this.exec(argv, signal), readLog: (signal) => this.log.read(signal) };
  }
}
