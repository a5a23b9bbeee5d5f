import type { backend } from '@aurae/proto';

/** A message of at most so many bytes. */
export type EncodeSyslog = (record: backend.LogRecord, limitBytes: number) => string;

/** A way to a syslog server. It connects when there is something to send. */
export interface SyslogTransport extends AsyncDisposable {
  /**
   * Resolves when the kernel has all of them; one call at a time. Rejects with the error of the system when it does
   * not take them, or once it is disposed.
   */
  send(records: readonly backend.LogRecord[]): Promise<void>;
}
