import { once } from 'node:events';
import { startProgram } from '../start-caller.js';
import type { Workspace } from '../workspace.js';
import type { Followed, FollowOrder } from './follower.js';

/** A process that follows logs, one after the other. */
export async function startFollower(workspace: Workspace): Promise<(order: FollowOrder) => Promise<Followed>> {
  const follower = await startProgram(workspace, 'logs/follower.js', '');
  return async (order) => {
    follower.process.send(order);
    const [answer] = (await follower.unlessEnded(once(follower.process, 'message'))) as [
      Followed | { failure: string },
    ];
    if ('failure' in answer) throw new Error(`Cannot follow (${order.task.source}): ${answer.failure}`);
    return answer;
  };
}
