import type { LogLevel } from '@aurae/observe-logs';
import type { BackendLog, meta } from '@aurae/proto';
import { type Logger as PinoLogger, pino } from 'pino';
import { currentLogContext, type LogContext } from './log-context.js';
import { type LogLevelChange, LogLevels } from './log-levels.js';
import { redactFields } from './redact-fields.js';
import { redactText } from './redact-text.js';
import { workloadText } from './workload-text.js';

export type { LogLevel };

/** A line of the daemon's own log, before it is numbered. */
export interface LogLine {
  /** The component that speaks. */
  readonly channel: string;
  readonly level: LogLevel;
  readonly line: string;
  readonly timestampMs: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

type Fields = Readonly<Record<string, unknown>>;
/** Makes the log of a component, once for each name. */
type ComponentLogs = (component: string) => PinoLogger;

/**
 * The daemon's own log: a sentence for a person and fields for a program, on behalf of a component. Each line also says
 * on behalf of which call, of whom, and of which workload (`log-context.ts`), unless its own fields do. Values that are
 * secret, by their names or their looks, are not written.
 */
export class Logger implements BackendLog {
  private constructor(
    private readonly pino: PinoLogger,
    private readonly componentLogs: ComponentLogs,
    private readonly bound: Fields = {},
  ) {}

  /** @param levels of the components; a level alone is that of all */
  static create(levels: LogLevels | LogLevel, write: (line: LogLine) => void): Logger {
    const known = levels instanceof LogLevels ? levels : new LogLevels(levels);
    const options = { level: 'trace', base: null, formatters: { level: (label: string) => ({ level: label }) } };
    const root = pino(options, { write: (json: string) => write(parseLine(json)) });
    const logs = new Map<string, PinoLogger>();
    const componentLogs: ComponentLogs = (component) => {
      const log = logs.get(component) ?? root.child({ component });
      if (!logs.has(component)) known.register(component, (level) => void (log.level = level));
      logs.set(component, log);
      return log;
    };
    // Whatever the levels: who has changed them is always told.
    const always = new Logger(root.child({ component: 'daemon' }), componentLogs);
    known.onChange((change) => always.info('A level of the log was changed', factsOf(change)));
    return new Logger(componentLogs('daemon'), componentLogs);
  }

  /** The same log for another component. */
  forComponent(component: string): Logger {
    return new Logger(this.componentLogs(component), this.componentLogs, this.bound);
  }

  /** The same log, on behalf of this workload. */
  forWorkload(workload: meta.WorkloadReference): Logger {
    return new Logger(this.pino, this.componentLogs, { ...this.bound, workload: workloadText(workload) });
  }

  isEnabled(level: LogLevel): boolean {
    return this.pino.isLevelEnabled(level);
  }

  debug(message: string, fields: Fields = {}): void {
    this.write('debug', message, fields);
  }

  info(message: string, fields: Fields = {}): void {
    this.write('info', message, fields);
  }

  warn(message: string, fields: Fields = {}): void {
    this.write('warn', message, fields);
  }

  error(message: string, fields: Fields = {}): void {
    this.write('error', message, fields);
  }

  private write(level: LogLevel, message: string, fields: Fields): void {
    if (!this.isEnabled(level)) return;
    const context: LogContext = currentLogContext();
    const all = { ...context, ...this.bound, ...redactFields(fields) };
    // Below a name of their own they cannot be taken for the level, the time or the component of the line.
    this.pino[level]({ fields: all }, redactText(message));
  }
}

function factsOf({ component, level, before, identity }: LogLevelChange): Fields {
  return { of: component === '' ? 'every component without one of its own' : component, level, before, identity };
}

function parseLine(json: string): LogLine {
  const { level, time, msg, component, fields } = JSON.parse(json) as {
    level: LogLevel;
    time: number;
    msg: string;
    component: string;
    fields: Record<string, unknown>;
  };
  return { channel: component, level, line: msg, timestampMs: time, fields };
}
