import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { backend, backendProtocolVersion, type CallContext, defineBackend, meta, runtime } from '@aurae/proto';

// A module for a daemon's configuration. Nothing runs: what was once started is said to run, also to the next daemon.

/** Below its state directory: what runs, with its labels. */
export const runningFile = 'running.json';
/** Below its state directory: a line for each time that a schedule has taken in what runs, in milliseconds. */
export const takenInFile = 'taken-in';
/** Below its state directory: a line for each start and each stop. */
export const actionsFile = 'actions';

type Labels = Readonly<Record<string, string>>;

/** Executables that cost nothing, so that what is seen is the schedule's own work. */
class FakeExecutables implements AsyncDisposable {
  private readonly running: Map<string, Labels>;

  constructor(private readonly directory: string) {
    const file = join(directory, runningFile);
    const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as [string, Labels][]) : [];
    this.running = new Map(kept);
  }

  async describe(): Promise<meta.BackendDescription> {
    return meta.BackendDescription.fromPartial({
      ...{ name: 'fake-executables', version: '1.0.0', protocolVersion: backendProtocolVersion },
      capabilities: ['Start', 'Stop', 'Check', 'Watch'],
      health: { state: meta.HealthState.HEALTH_STATE_SERVING },
    });
  }

  async check(): Promise<runtime.ExecutableStatus> {
    return runtime.ExecutableStatus.fromPartial({ status: meta.Status.STATUS_STANDBY });
  }

  async start(_: CallContext, { meta: named, labels }: runtime.Executable): Promise<runtime.ExecutableStatus> {
    this.running.set(named?.name ?? '', labels);
    this.note(actionsFile, 'start');
    const startedAtMs = BigInt(Date.now());
    return runtime.ExecutableStatus.fromPartial({ status: meta.Status.STATUS_ACTIVE, proc: { pid: 1 }, startedAtMs });
  }

  async stop(_: CallContext, request: runtime.WorkloadStopRequest): Promise<runtime.ExecutableStatus> {
    this.running.delete(request.meta?.name ?? '');
    this.note(actionsFile, 'stop');
    return runtime.ExecutableStatus.fromPartial({ status: meta.Status.STATUS_COMPLETE });
  }

  async *watch({ signal }: CallContext): AsyncGenerator<backend.WorkloadEvent> {
    const from = performance.now();
    for (const [name, labels] of this.running) yield livingEvent(name, labels);
    yield backend.WorkloadEvent.fromPartial({ inSync: true });
    // Whoever asks for the next event has done what there was to do with those before.
    this.note(takenInFile, String(performance.now() - from));
    if (!signal.aborted) await once(signal, 'abort');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    writeFileSync(join(this.directory, runningFile), JSON.stringify([...this.running]));
  }

  private note(file: string, text: string): void {
    appendFileSync(join(this.directory, file), `${text}\n`);
  }
}

function livingEvent(name: string, labels: Labels): backend.WorkloadEvent {
  return backend.WorkloadEvent.fromPartial({
    workload: { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name },
    ...{ status: meta.Status.STATUS_ACTIVE, labels: { ...labels }, proc: { pid: 1 } },
    ...{ startedAtMs: BigInt(Date.now()), timestampMs: BigInt(Date.now()) },
  });
}

export const registration = defineBackend({
  kind: 'executable',
  name: 'fake-executables',
  options: { '~standard': { version: 1, vendor: 'bench', validate: () => ({ value: undefined }) } },
  create: (_, { stateDir }) => new FakeExecutables(stateDir) as never,
});
