import { callContext, GrpcRpc, observe } from '@aurae/proto';
import { bareClient } from '../bare-client.js';
import { echoPlace } from '../echo-place.js';
import type { Follow, FollowTask } from './follower.js';

/** As wide as that of `@aurae/client`. */
const options = { 'grpc-node.flow_control_window': 512 * 1024 };

/** The server takes the number of lines for that of a tail. */
export function followBareServer(task: Extract<FollowTask, { source: 'bare-server' }>, lines: number): Follow {
  const { target, pkiDir } = echoPlace(task.directory);
  return async function* (take, signal) {
    const client = bareClient(target, pkiDir, options);
    const stub = new observe.ObserveClientImpl(new GrpcRpc(client));
    const request = observe.GetWorkloadLogStreamRequest.fromPartial({ tail: lines });
    try {
      for await (const { items } of stub.getWorkloadLogStream(callContext({ signal }), request)) {
        for (const { line } of items) take(line);
        yield;
      }
    } finally {
      client.close();
    }
  };
}
