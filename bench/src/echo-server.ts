import { runtime } from '@aurae/proto';
import { type sendUnaryData, Server } from '@grpc/grpc-js';
import { execAnswer } from './exec-messages.js';
import { serveOnEchoPlace } from './serve-on-echo-place.js';

// A program: serves Exec with a fixed answer over mTLS until its parent goes away.

const server = new Server();
server.addService(runtime.RuntimeService, {
  exec: (_call: unknown, respond: sendUnaryData<runtime.ExecutableStatus>) => respond(null, execAnswer),
});
await serveOnEchoPlace(server, process.argv[2] ?? '');
process.on('disconnect', () => process.exit());
process.send?.('serves');
