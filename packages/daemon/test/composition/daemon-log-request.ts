import { observe } from '@aurae/proto';

/** A request for the daemon's log, of which the rest is as by default. */
export function daemonLogRequest(
  request: Partial<observe.GetAuraeDaemonLogStreamRequest>,
): observe.GetAuraeDaemonLogStreamRequest {
  return observe.GetAuraeDaemonLogStreamRequest.fromPartial(request);
}
