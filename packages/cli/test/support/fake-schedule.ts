import {
  bindService,
  type CallContext,
  executableName,
  meta,
  namedWorkloadName,
  NotFoundError,
  runtime,
  schedule,
} from '@aurae/proto';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { TestRoot } from '../../../client/test/support/test-daemon.js';

type Spec = NonNullable<schedule.ScheduleRecord['workload']>;
type State = runtime.DeepPartial<schedule.ScheduledWorkload>;

interface Kept {
  readonly spec: Spec;
  enabled: boolean;
  state: State;
}

const kinds = { executable: 1, container: 2, instance: 3 } as const;

/** A schedule in memory, which keeps what it is told and answers what a test says. */
export class FakeSchedule {
  readonly enabled: Spec[] = [];
  readonly applied: schedule.ApplyRequest[] = [];
  readonly kept = new Map<string, Kept>();
  applyAnswers: runtime.DeepPartial<schedule.ApplyResponse>[] = [];
  history: runtime.DeepPartial<schedule.ShowHistoryResponse> = {};
  applyFailure: Error | undefined;
  historyFailure: Error | undefined;
  historyAsked: meta.WorkloadReference | undefined;
  pagesShown = 0;
  notice = '';
  /** What Enable answers, or throws. */
  answer: (spec: Spec) => string = () => 'runs as pid 123';
  private server: Server | undefined;

  /** Puts a workload into it. */
  keep(spec: Spec, state: State = {}): this {
    this.kept.set(keyText(spec), { spec, enabled: state.enabled ?? true, state });
    return this;
  }

  executable(name: string, state: State = {}, rest: runtime.DeepPartial<runtime.Executable> = {}): this {
    const value = runtime.Executable.fromPartial({
      meta: { name },
      argv: [`./${name}`],
      command: `./${name}`,
      ...rest,
    });
    return this.keep({ $case: 'executable', value }, state);
  }

  clear(): void {
    this.kept.clear();
    this.enabled.length = 0;
    this.applied.length = 0;
    this.pagesShown = 0;
    this.notice = '';
    this.applyFailure = undefined;
    this.answer = () => 'runs as pid 123';
  }

  /** @param addOthers adds more services */
  async serve(root: TestRoot, addOthers?: (server: Server) => void): Promise<this> {
    const server = new Server();
    this.server = server;
    const { ScheduleService, ScheduleExecutableService, ScheduleContainerService, ScheduleInstanceService } = schedule;
    server.addService(ScheduleService, bindService(ScheduleService, this.schedule(), open));
    server.addService(
      ScheduleExecutableService,
      bindService(ScheduleExecutableService, this.verbs('executable'), open),
    );
    server.addService(ScheduleContainerService, bindService(ScheduleContainerService, this.verbs('container'), open));
    server.addService(ScheduleInstanceService, bindService(ScheduleInstanceService, this.verbs('instance'), open));
    addOthers?.(server);
    const keyPair = { private_key: Buffer.from(root.pki.server.keyPem), cert_chain: Buffer.from(root.pki.server.pem) };
    const credentials = ServerCredentials.createSsl(Buffer.from(root.pki.authority.pem), [keyPair], true);
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`unix:${root.socket}`, credentials, (error) => (error ? reject(error) : resolve()));
    });
    return this;
  }

  [Symbol.dispose](): void {
    this.server?.forceShutdown();
  }

  private verbs($case: Spec['$case']) {
    const specOf = (value: Spec['value']) => ({ $case, value }) as Spec;
    return {
      enable: async (_context: CallContext, value: Spec['value']) => {
        const spec = specOf(value);
        this.enabled.push(spec);
        const message = this.answer(spec);
        this.keep(spec);
        return { meta: { name: nameOf(spec), message } };
      },
      disable: async (_context: CallContext, value: Spec['value']) => {
        const kept = this.find(specOf(value), 'disable');
        kept.enabled = false;
        return { meta: undefined };
      },
      destroy: async (_context: CallContext, value: Spec['value']) => {
        const wasThere = this.kept.delete(keyText(specOf(value)));
        return { meta: { name: '', message: wasThere ? 'is destroyed' : 'was not scheduled' } };
      },
    };
  }

  private find(spec: Spec, verb: string): Kept {
    const kept = this.kept.get(keyText(spec));
    if (!kept) throw new NotFoundError(`Cannot ${verb} "${nameOf(spec)}": there is none in the schedule`);
    return kept;
  }

  private schedule(): schedule.Schedule<CallContext> {
    return {
      showEnabled: async (_context, request) => this.page(request, true),
      showDisabled: async (_context, request) => this.page(request, false),
      showHistory: async (_context, { workload }) => {
        this.historyAsked = workload;
        if (this.historyFailure) throw this.historyFailure;
        return schedule.ShowHistoryResponse.fromPartial(this.history);
      },
      export: async function* (this: FakeSchedule) {
        const all = [...this.kept.values()].map(({ spec, enabled }) => ({ workload: spec, disabled: !enabled }));
        yield { records: all.slice(0, 1) };
        yield { records: all.slice(1) };
      }.bind(this),
      apply: async function* (
        this: FakeSchedule,
        _context: CallContext,
        requests: AsyncIterable<schedule.ApplyRequest>,
      ) {
        for await (const request of requests) this.applied.push(request);
        if (this.applyFailure) throw this.applyFailure;
        for (const answer of this.applyAnswers) yield schedule.ApplyResponse.fromPartial(answer);
      }.bind(this),
    };
  }

  private page({ pageSize, pageToken }: schedule.ShowEnabledRequest, enabled: boolean): schedule.ShowEnabledResponse {
    this.pagesShown++;
    const all = [...this.kept.values()].filter((kept) => kept.enabled === enabled);
    const start = Number(pageToken);
    const shown = all.slice(start, start + (pageSize || all.length));
    const byKind = (['executable', 'container', 'instance'] as const).map((kind) =>
      shown.filter(({ spec }) => spec.$case === kind),
    );
    const [executables = [], containers = [], instances = []] = byKind.map((list) =>
      list.map(({ spec }) => spec.value),
    );
    const end = start + shown.length;
    return {
      meta: undefined,
      Executables: executables as runtime.Executable[],
      containers: containers as runtime.Container[],
      instances: instances as runtime.Instance[],
      workloads: byKind.flat().map(({ spec, state }) =>
        schedule.ScheduledWorkload.fromPartial({
          workload: { kind: kinds[spec.$case], name: nameOf(spec) },
          enabled,
          status: enabled ? meta.Status.STATUS_ACTIVE : meta.Status.STATUS_PASSIVE,
          ready: enabled,
          ...state,
        }),
      ),
      notice: this.notice,
      nextPageToken: end < all.length ? String(end) : '',
    };
  }
}

function nameOf(spec: Spec): string {
  return spec.$case === 'executable' ? executableName(spec.value) : namedWorkloadName(spec.value);
}

function keyText(spec: Spec): string {
  return `${spec.$case}/${nameOf(spec)}`;
}

const open = () => ({
  context: { signal: new AbortController().signal, callId: 'test', identity: 'test' },
  close: () => {},
});
