import {
  type backend,
  type CallContext,
  CancelledError,
  executableName,
  kindWord,
  meta,
  namedWorkloadName,
  type runtime,
  type TraceContext,
} from '@aurae/proto';
import { currentCall } from '../logging/log-context.js';
import { withTraceEnvironment } from './trace-environment.js';
import { type CallerTrace, type CommandSpan, passedOn, type StartSpan, type Tracing } from './tracing.js';

type Context = CallContext;
type Startable = runtime.Executable | runtime.Container | runtime.Instance;
type Started = Pick<runtime.ExecutableStatus, 'status' | 'meta'>;
type Start = (context: Context, value: Startable) => Promise<Started>;
type Exec = backend.ExecutableBackend<Context>['exec'];
type Attach = backend.ExecutableBackend<Context>['attach'];
/** Any of the contracts of workloads. */
type AnyBackend = object & { readonly start?: unknown; readonly exec?: unknown; readonly attach?: unknown };

/** With one more they could be more than a backend takes. */
const mostLabels = 60;

/**
 * The backend, with spans around what it runs, whoever asks for it: a call or the schedule. What it runs is told its
 * place in the trace.
 */
export function tracedBackend<Backend extends AnyBackend>(
  kind: meta.WorkloadKind,
  target: Backend,
  tracing: Tracing,
): Backend {
  const traced: Readonly<Record<string, unknown>> = {
    start: tracedStart(kind, bound(target, 'start') as Start, tracing),
    exec: tracedExec(bound(target, 'exec') as Exec, tracing),
    attach: tracedAttach(bound(target, 'attach') as Attach, tracing),
  };
  return new Proxy(target, {
    get: (_, key) => (key in target && traced[String(key)]) || bound(target, key),
  });
}

function tracedStart(kind: meta.WorkloadKind, start: Start, tracing: Tracing): Start {
  return async (context, value) => {
    const span = tracing.start({ kind, name: nameOf(value) }, callerOf(context));
    try {
      const started = await start(context, withTrace(value, span));
      const { STATUS_ERROR } = meta.Status;
      if (started.status === STATUS_ERROR)
        span.answered(started.meta?.message || `the ${kindWord(kind)} did not start`);
      else span.answered();
      return started;
    } catch (error) {
      span.failed(error);
      throw error;
    }
  };
}

/** A command that nobody has called for, such as a probe, is none of a trace. */
function tracedExec(exec: Exec, tracing: Tracing): Exec {
  return async (context, executable) => {
    const caller = passedOn(context);
    if (!caller) return await exec(context, executable);
    const span = tracing.command(executableName(executable), caller);
    try {
      const status = await exec({ ...context, ...span.trace }, withTraceEnvironment(executable, span.trace));
      span.ended(status);
      return status;
    } catch (error) {
      span.failed(error);
      throw error;
    }
  };
}

/** A new command that somebody talks to has a span as that of Exec; what runs already has one of its own. */
function tracedAttach(attach: Attach, tracing: Tracing): Attach {
  return async function* (context, requests) {
    const caller = passedOn(context);
    const traced: { span?: CommandSpan } = {};
    const opened = (executable: runtime.Executable): TraceContext | undefined => {
      if (caller) traced.span = tracing.command(executableName(executable), caller);
      return traced.span?.trace;
    };
    try {
      for await (const response of attach(context, withTraceInFirst(requests, opened))) {
        if (response.output?.$case === 'ended') traced.span?.ended(response.output.value);
        yield response;
      }
    } catch (error) {
      traced.span?.failed(error);
      throw error;
    } finally {
      // One that its caller has left.
      traced.span?.failed(new CancelledError('The conversation has ended before the command'));
    }
  };
}

function withTrace(value: Startable, { trace, labels }: StartSpan): Startable {
  const isRoomy = Object.keys(value.labels).length < mostLabels;
  const labelled = isRoomy ? { ...value, labels: { ...value.labels, ...labels } } : value;
  return isExecutable(labelled) ? withTraceEnvironment(labelled, trace) : labelled;
}

async function* withTraceInFirst(
  requests: AsyncIterable<runtime.AttachRequest>,
  opened: (executable: runtime.Executable) => TraceContext | undefined,
): AsyncGenerator<runtime.AttachRequest> {
  let isFirst = true;
  for await (const request of requests) {
    yield isFirst ? openWithTrace(request, opened) : request;
    isFirst = false;
  }
}

function openWithTrace(
  request: runtime.AttachRequest,
  opened: (executable: runtime.Executable) => TraceContext | undefined,
): runtime.AttachRequest {
  const { input } = request;
  if (input?.$case !== 'open' || input.value.target?.$case !== 'executable') return request;
  const executable = input.value.target.value;
  const value = withTraceEnvironment(executable, opened(executable));
  return { input: { ...input, value: { ...input.value, target: { $case: 'executable', value } } } };
}

function nameOf(value: Startable): string {
  return isExecutable(value) ? executableName(value) : namedWorkloadName(value);
}

function isExecutable(value: Startable): value is runtime.Executable {
  return 'argv' in value;
}

/** Of the call itself; else of the call in which this is done, as what the schedule starts at an Enable. */
function callerOf(context: Context): CallerTrace {
  return passedOn(context) ?? currentCall()?.trace ?? {};
}

/** To the backend itself, so that its private fields are found. */
function bound(target: object, key: string | symbol): unknown {
  const value: unknown = Reflect.get(target, key);
  return typeof value === 'function' ? value.bind(target) : value;
}
