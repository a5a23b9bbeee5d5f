import { readFileSync } from 'node:fs';
import { pki } from '@aurae/daemon';
import { Client, type ClientOptions, credentials } from '@grpc/grpc-js';

const serverName = 'server.unsafe.aurae.io';

/** grpc-js with nothing of ours but the certificates. */
export function bareClient(target: string, pkiDir: string, options: ClientOptions = {}): Client {
  const paths = pki.clientPaths(pkiDir, 'admin');
  const [ca, key, certificate] = [paths.caCertificate, paths.key, paths.certificate].map((path) => readFileSync(path));
  return new Client(target, credentials.createSsl(ca, key, certificate), {
    'grpc.ssl_target_name_override': serverName,
    'grpc.default_authority': serverName,
    'grpc.enable_retries': 0,
    ...options,
  });
}
