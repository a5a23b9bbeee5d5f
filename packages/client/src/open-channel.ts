import { Client, type ClientOptions, credentials } from '@grpc/grpc-js';
import { type Endpoint, endpointTarget } from './endpoint.js';
import type { ClientCredentials } from './load-credentials.js';
import { serverName } from './server-name.js';

const maximumMessageBytes = 64 * 1024 * 1024;
/** Of one stream, on its way and not read. HTTP/2's own 64 KiB would make a log wait for its reader after each batch. */
const flowControlWindowBytes = 512 * 1024;

/** A grpc-js client that connects with its first call. */
export function openChannel(endpoint: Endpoint, { secureContext }: ClientCredentials): Client {
  const options = { ...commonOptions, ...(endpoint.kind === 'tcp' ? keepalive : {}) };
  return new Client(endpointTarget(endpoint), credentials.createFromSecureContext(secureContext), options);
}

const commonOptions: ClientOptions = {
  'grpc.ssl_target_name_override': serverName,
  'grpc.default_authority': serverName,
  'grpc.max_receive_message_length': maximumMessageBytes,
  'grpc.max_send_message_length': maximumMessageBytes,
  'grpc-node.flow_control_window': flowControlWindowBytes,
  // A command that was sent twice would run twice.
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  // Statistics of the transport that nobody reads.
  'grpc.enable_channelz': 0,
  // Two clients of one process may hold different certificates, and closing one must close its connection.
  'grpc.use_local_subchannel_pool': 1,
  // The daemon is near: a script that waits for it to come back should not wait for a backoff.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
};

const keepalive: ClientOptions = {
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
};
