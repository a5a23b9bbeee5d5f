import { readFileSync } from 'node:fs';
import { pki } from '@aurae/daemon';
import { runtime } from '@aurae/proto';
import { Client, credentials } from '@grpc/grpc-js';
import { echoPlace } from '../echo-place.js';
import { assertSucceeded, execRequest } from '../exec-messages.js';
import type { Call } from '../measure.js';

const serverName = 'server.unsafe.aurae.io';

/** grpc-js with nothing of ours but the messages and the certificates. */
export function echoCall(directory: string): Call {
  const { target, pkiDir } = echoPlace(directory);
  const paths = pki.clientPaths(pkiDir, 'admin');
  const [ca, key, certificate] = [paths.caCertificate, paths.key, paths.certificate].map((path) => readFileSync(path));
  const client = new Client(target, credentials.createSsl(ca, key, certificate), {
    'grpc.ssl_target_name_override': serverName,
    'grpc.default_authority': serverName,
    'grpc.enable_retries': 0,
  });
  const { path, requestSerialize, responseDeserialize } = runtime.RuntimeService.exec;
  const request = runtime.Executable.fromPartial(execRequest);
  return () =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, answer) => {
        if (error || !answer) return reject(error ?? new Error('no answer'));
        assertSucceeded(answer);
        resolve();
      });
    });
}
