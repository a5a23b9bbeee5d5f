import { promisify } from 'node:util';
import { pki } from '@aurae/daemon';
import { type Server, ServerCredentials } from '@grpc/grpc-js';
import { echoPlace } from './echo-place.js';

/** Binds a server to its place below the directory, over mTLS with certificates as a daemon makes them. */
export async function serveOnEchoPlace(server: Server, directory: string): Promise<void> {
  const { target, pkiDir } = echoPlace(directory);
  const { paths } = await pki.ensurePki({ pkiDir });
  const { ca, cert, key } = await pki.loadServerCredentials(paths);
  const keyPair = { cert_chain: asBuffer(cert), private_key: asBuffer(key) };
  const bind = promisify(server.bindAsync.bind(server));
  await bind(target, ServerCredentials.createSsl(asBuffer(ca), [keyPair], true));
}

function asBuffer(pem: string | Buffer): Buffer {
  return Buffer.from(pem);
}
