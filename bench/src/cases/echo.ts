import { runtime } from '@aurae/proto';
import { bareClient } from '../bare-client.js';
import { echoPlace } from '../echo-place.js';
import { assertSucceeded, execRequest } from '../exec-messages.js';
import type { Call } from '../measure.js';

/** grpc-js with nothing of ours but the messages and the certificates. */
export function echoCall(directory: string): Call {
  const { target, pkiDir } = echoPlace(directory);
  const client = bareClient(target, pkiDir);
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
