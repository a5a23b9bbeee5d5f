import {
  abortReason,
  AlreadyExistsError,
  backend,
  type CallContext,
  meta,
  observe,
  onAbort,
  runtime,
  UnavailableError,
} from '@aurae/proto';
import type { StartedRun, WorkloadDriver } from '../../../src/schedule/drivers/workload-driver.js';
import { type ScheduleMark, markOf } from '../../../src/schedule/schedule-mark.js';
import { startedSpec } from '../../../src/schedule/spec-parts.js';
import { keyOf, type WorkloadKey, type WorkloadSpec } from '../../../src/schedule/workload-key.js';
import type { VirtualClock } from '../virtual-clock.js';
import { EventStream } from './event-stream.js';

/** Something that runs in the fake backend. */
export interface FakeRun {
  readonly name: string;
  readonly spec: WorkloadSpec;
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined for what was started without a schedule. */
  readonly mark: ScheduleMark | undefined;
  readonly pid: number;
  readonly startedAtMs: number;
}

/** How a run ends. The exit code of a signal is that of a shell. */
export interface FakeEnd {
  readonly exitCode?: string;
  readonly signal?: number;
  readonly outOfMemory?: boolean;
  readonly stopped?: boolean;
  readonly message?: string;
}

/** When the event of a start is told: `lost` also loses the answer, as a broken connection does. */
export type StartTelling = 'event-first' | 'answer-first' | 'lost';

interface Failure {
  readonly error: () => Error;
  times: number;
}

/** A backend in memory, which outlives the engines that drive it. A new watcher hears all that is known, then changes. */
export class FakeDriver implements WorkloadDriver {
  readonly running = new Map<string, FakeRun>();
  /** All that was ever started, in order. */
  readonly starts: FakeRun[] = [];
  readonly stops: string[] = [];
  /** How the last run of each name ended. */
  readonly ended = new Map<string, backend.WorkloadEvent>();
  readonly refusals = new Map<string, string>();
  startTelling: StartTelling = 'answer-first';
  /** Neither answers nor tells of anything. */
  isDown = false;
  /** What a probe command finds wrong. */
  execAnswer: (argv: readonly string[]) => string | undefined = () => undefined;
  /** Called at the moment of each start. */
  onStart: (run: FakeRun) => void = () => {};
  private readonly startFailures = new Map<string, Failure>();
  private readonly stopFailures = new Map<string, Failure>();
  private readonly heldStops = new Map<string, Promise<void>>();
  private heldStarts: Promise<void> | undefined;
  private readonly streams = new Set<EventStream>();
  private areEventsHeld = false;
  private lastPid = 100;

  constructor(
    private readonly clock: VirtualClock,
    readonly kind = meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE,
  ) {}

  /** The names of what runs, sorted. */
  get runningNames(): string[] {
    return [...this.running.keys()].sort();
  }

  startsOf(name: string): FakeRun[] {
    return this.starts.filter((run) => run.name === name);
  }

  failStart(name: string, error: () => Error, times = 1): void {
    this.startFailures.set(name, { error, times });
  }

  /** A run that its backend cannot stop. */
  failStop(name: string, error: () => Error, times = 1): void {
    this.stopFailures.set(name, { error, times });
  }

  /** From now on all goes well. */
  forgetFailures(): void {
    this.startFailures.clear();
    this.stopFailures.clear();
    this.heldStops.clear();
  }

  /** Its stop takes until the result is called. */
  holdStop(name: string): () => void {
    let release = (): void => {};
    this.heldStops.set(name, new Promise((resolve) => (release = resolve)));
    return () => {
      this.heldStops.delete(name);
      release();
    };
  }

  /** Starts take until the result is called. */
  holdStarts(): () => void {
    let release = (): void => {};
    this.heldStarts = new Promise((resolve) => (release = resolve));
    return () => {
      this.heldStarts = undefined;
      release();
    };
  }

  /** Ends every watch, as a lost connection does: at once, events on their way included. */
  cutStreams(): void {
    for (const stream of this.streams) stream.fail(new UnavailableError('The connection to the backend is lost'));
  }

  /** Events stay on their way until `releaseEvents`. */
  holdEvents(): void {
    this.areEventsHeld = true;
    for (const stream of this.streams) stream.hold();
  }

  releaseEvents(): void {
    this.areEventsHeld = false;
    for (const stream of this.streams) stream.release();
  }

  /** Something of that name is started without the schedule. */
  startForeign(name: string, labels: Readonly<Record<string, string>> = {}): FakeRun {
    const value = runtime.Executable.fromPartial({ meta: { name }, command: `foreign ${name}` });
    return this.begin(name, { $case: 'executable', value }, labels, true);
  }

  /** A run ends by itself, or by somebody else's hand. */
  end(name: string, how: FakeEnd = { exitCode: '0' }): void {
    const run = this.running.get(name);
    if (!run) throw new Error(`Nothing of the name "${name}" runs`);
    this.running.delete(name);
    const exitCode = how.exitCode ?? (how.signal === undefined ? '' : String(128 + how.signal));
    const event = this.eventOf(run, { ...how, exitCode, status: meta.Status.STATUS_COMPLETE });
    this.ended.set(name, event);
    this.tell(event);
  }

  stopByHand(name: string): void {
    this.end(name, { signal: 15, stopped: true });
  }

  async check(_: CallContext, spec: WorkloadSpec): Promise<string | undefined> {
    await this.answering();
    return this.refusals.get(keyOf(spec).name);
  }

  async start(context: CallContext, spec: WorkloadSpec, labels: Readonly<Record<string, string>>): Promise<StartedRun> {
    const { name } = keyOf(spec);
    await this.answering();
    await this.heldStarts;
    if (context.signal.aborted) throw abortReason(context.signal);
    throwIfPlanned(this.startFailures, name);
    if (this.running.has(name)) throw new AlreadyExistsError(`Cannot start executable "${name}": it runs already`);
    const run = this.begin(name, startedSpec(spec, labels), labels, this.startTelling !== 'answer-first');
    if (this.startTelling === 'lost') throw new UnavailableError('The connection to the backend is lost');
    if (this.startTelling === 'answer-first') queueMicrotask(() => this.tellStart(run));
    else await oneTurn();
    return { pid: run.pid, startedAtMs: run.startedAtMs };
  }

  async stop(_: CallContext, { name }: WorkloadKey): Promise<void> {
    await this.answering();
    this.stops.push(name);
    throwIfPlanned(this.stopFailures, name);
    await this.heldStops.get(name);
    if (this.running.has(name)) this.stopByHand(name);
    await oneTurn();
  }

  async *watch(context: CallContext): AsyncGenerator<backend.WorkloadEvent> {
    if (this.isDown) throw new UnavailableError('The backend does not answer');
    const stream = new EventStream();
    if (this.areEventsHeld) stream.hold();
    this.streams.add(stream);
    const stopListening = onAbort(context.signal, () => stream.end());
    try {
      for (const event of this.ended.values()) if (!this.running.has(nameOf(event))) stream.push(event);
      for (const run of this.running.values()) stream.push(this.activeEvent(run));
      stream.push(backend.WorkloadEvent.fromPartial({ inSync: true }));
      yield* stream.events();
    } finally {
      stopListening();
      this.streams.delete(stream);
    }
  }

  async exec(_: CallContext, _spec: WorkloadSpec, argv: readonly string[]): Promise<string | undefined> {
    await oneTurn();
    return this.execAnswer(argv);
  }

  async *readLog(): AsyncGenerator<observe.LogBatch> {
    await oneTurn();
    yield observe.LogBatch.fromPartial({});
  }

  private begin(
    name: string,
    spec: WorkloadSpec,
    labels: Readonly<Record<string, string>>,
    isToldNow: boolean,
  ): FakeRun {
    this.lastPid += 1;
    const run = { name, spec, labels, mark: markOf(labels), pid: this.lastPid, startedAtMs: this.clock.now() };
    this.running.set(name, run);
    this.starts.push(run);
    this.onStart(run);
    if (isToldNow) this.tellStart(run);
    return run;
  }

  private tellStart(run: FakeRun): void {
    if (this.running.get(run.name) === run) this.tell(this.activeEvent(run));
  }

  private tell(event: backend.WorkloadEvent): void {
    for (const stream of this.streams) stream.push(event);
  }

  private activeEvent(run: FakeRun): backend.WorkloadEvent {
    return this.eventOf(run, { status: meta.Status.STATUS_ACTIVE });
  }

  private eventOf(run: FakeRun, rest: FakeEnd & { readonly status: meta.Status }): backend.WorkloadEvent {
    return backend.WorkloadEvent.fromPartial({
      workload: { kind: this.kind, name: run.name },
      timestampMs: BigInt(this.clock.now()),
      proc: { pid: run.pid },
      labels: { ...run.labels },
      startedAtMs: BigInt(run.startedAtMs),
      ...rest,
    });
  }

  private async answering(): Promise<void> {
    await oneTurn();
    if (this.isDown) throw new UnavailableError('The backend does not answer');
  }
}

function throwIfPlanned(failures: Map<string, Failure>, name: string): void {
  const failure = failures.get(name);
  if (!failure) return;
  failure.times -= 1;
  if (failure.times <= 0) failures.delete(name);
  throw failure.error();
}

function nameOf(event: backend.WorkloadEvent): string {
  return event.workload?.name ?? '';
}

async function oneTurn(): Promise<void> {
  await Promise.resolve();
}
