import { promisify } from 'node:util';
import { pki } from '@aurae/daemon';
import { runtime } from '@aurae/proto';
import { type sendUnaryData, Server, ServerCredentials } from '@grpc/grpc-js';
import { echoPlace } from './echo-place.js';
import { execAnswer } from './exec-messages.js';

// A program: serves Exec with a fixed answer over mTLS until its parent goes away.

const { target, pkiDir } = echoPlace(process.argv[2] ?? '');
const { paths } = await pki.ensurePki({ pkiDir });
const { ca, cert, key } = await pki.loadServerCredentials(paths);
const server = new Server();
server.addService(runtime.RuntimeService, {
  exec: (_call: unknown, respond: sendUnaryData<runtime.ExecutableStatus>) => respond(null, execAnswer),
});
const keyPair = { cert_chain: asBuffer(cert), private_key: asBuffer(key) };
const bind = promisify(server.bindAsync.bind(server));
await bind(target, ServerCredentials.createSsl(asBuffer(ca), [keyPair], true));
process.on('disconnect', () => process.exit());
process.send?.('serves');

function asBuffer(pem: string | Buffer): Buffer {
  return Buffer.from(pem);
}
