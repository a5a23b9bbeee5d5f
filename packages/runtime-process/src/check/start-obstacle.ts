import { constants } from 'node:os';
import type { CommandSpec } from '../command-spec.js';
import { SpawnFailure, SpawnStep } from '../spawn-failure.js';
import { directoryObstacle, type Obstacle } from './path-access.js';
import { programObstacle } from './program-search.js';
import { targetUser } from './target-user.js';

/**
 * What a start of a command would fail for now, in the order in which a start finds out. Undefined when nothing is known
 * to be in the way, which is no promise. Nothing is started for it.
 */
export async function startObstacle(
  command: CommandSpec,
  env: ReadonlyMap<string, string>,
): Promise<SpawnFailure | undefined> {
  try {
    const user = await targetUser(command.user);
    const { cwd, argv } = command;
    refuse(SpawnStep.directory, await directoryObstacle(cwd, user));
    refuse(SpawnStep.exec, await programObstacle(argv[0] ?? '', { cwd, path: env.get('PATH') ?? '', user }));
    refuse(SpawnStep.exec, lengthObstacle(argv, env));
    return undefined;
  } catch (error) {
    if (error instanceof SpawnFailure) return error;
    throw error;
  }
}

/** MAX_ARG_STRLEN of execve(2), with the NUL. What all of them may take together depends on the stack limit. */
const longestArgumentBytes = 128 * 1024;

function lengthObstacle(argv: readonly string[], env: ReadonlyMap<string, string>): Obstacle {
  const texts = [...argv, ...Array.from(env, ([name, value]) => `${name}=${value}`)];
  return texts.some((text) => Buffer.byteLength(text) >= longestArgumentBytes) ? 'E2BIG' : undefined;
}

function refuse(step: number, obstacle: Obstacle): void {
  if (obstacle === undefined) return;
  const errno = Object.entries(constants.errno).find(([name]) => name === obstacle)?.[1] ?? 0;
  throw new SpawnFailure(step, errno);
}
