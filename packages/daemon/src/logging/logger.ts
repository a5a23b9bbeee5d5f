import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import type { BackendLog } from '@aurae/proto';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

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

/** The daemon's own log: a sentence for a person and fields for a program, on behalf of a component. */
export class Logger implements BackendLog {
  private constructor(private readonly pino: PinoLogger) {}

  static create(level: LogLevel, write: (line: LogLine) => void): Logger {
    const destination: DestinationStream = { write: (json) => write(parseLine(json)) };
    return new Logger(
      pino(
        {
          level,
          base: null,
          formatters: { level: (label) => ({ level: label }) },
          serializers: { error: pino.stdSerializers.err },
          redact: { paths: secretFields, censor: '[redacted]' },
        },
        destination,
      ).child({ component: 'daemon' }),
    );
  }

  /** The same log for another component. */
  forComponent(component: string): Logger {
    return new Logger(this.pino.child({ component }));
  }

  isEnabled(level: LogLevel): boolean {
    return this.pino.isLevelEnabled(level);
  }

  debug(message: string, fields: Fields = {}): void {
    this.pino.debug(fields, message);
  }

  info(message: string, fields: Fields = {}): void {
    this.pino.info(fields, message);
  }

  warn(message: string, fields: Fields = {}): void {
    this.pino.warn(fields, message);
  }

  error(message: string, fields: Fields = {}): void {
    this.pino.error(fields, message);
  }
}

/** Environments carry passwords, and commands sometimes do. */
const secretFields = ['env', '*.env', 'password', '*.password', 'token', '*.token', 'key', '*.key'];

function parseLine(json: string): LogLine {
  const { level, time, msg, component, ...fields } = JSON.parse(json) as {
    level: LogLevel;
    time: number;
    msg: string;
    component: string;
  };
  return { channel: component, level, line: msg, timestampMs: time, fields };
}
