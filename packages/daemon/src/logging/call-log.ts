import { isAuraeError } from '@aurae/proto';
import type { CallObserver, EndedCall } from '../server/call-registry.js';
import type { Logger } from './logger.js';

/** Writes a line for each call that has ended: a fault of the product loudly, everything else for those who ask. */
export class CallLog implements CallObserver {
  constructor(private readonly log: Logger) {}

  onEnded({ method, context, durationMs, error }: EndedCall): void {
    const known = error === undefined || isAuraeError(error);
    if (known && !this.log.isEnabled('debug')) return;
    const fields = {
      method: method.slice(1),
      callId: context.callId,
      identity: context.identity,
      durationMs: Math.round(durationMs * 1000) / 1000,
    };
    if (!known) this.log.error('Call failed by a fault of the daemon', { ...fields, error });
    else if (error === undefined) this.log.debug('Call served', fields);
    else this.log.debug('Call failed', { ...fields, reason: error.reason, message: error.message });
  }
}
