import type { BackendLog, meta } from '@aurae/proto';
import type { Logger } from './logger.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The log for a backend that runs workloads: a line with a field `name` is about the workload of that name, and says so
 * as every other line does, in the field `workload`.
 */
export class WorkloadBackendLog implements BackendLog {
  constructor(
    private readonly log: Logger,
    private readonly kind: meta.WorkloadKind,
  ) {}

  debug(message: string, fields?: Fields): void {
    this.about(fields).debug(message, withoutName(fields));
  }

  info(message: string, fields?: Fields): void {
    this.about(fields).info(message, withoutName(fields));
  }

  warn(message: string, fields?: Fields): void {
    this.about(fields).warn(message, withoutName(fields));
  }

  error(message: string, fields?: Fields): void {
    this.about(fields).error(message, withoutName(fields));
  }

  private about(fields: Fields | undefined): Logger {
    const name = nameIn(fields);
    return name === undefined ? this.log : this.log.forWorkload({ kind: this.kind, name });
  }
}

function nameIn(fields: Fields | undefined): string | undefined {
  return typeof fields?.['name'] === 'string' ? fields['name'] : undefined;
}

function withoutName(fields: Fields = {}): Fields {
  if (nameIn(fields) === undefined) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([key]) => key !== 'name'));
}
