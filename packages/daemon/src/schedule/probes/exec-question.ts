import { executableName, runtime } from '@aurae/proto';
import type { ProbeTarget } from './probe-target.js';
import type { Question } from './question.js';

/** Asks by a command. */
export function execQuestion({ argv }: runtime.ExecProbe, target: ProbeTarget): Question {
  return {
    text: `the command ${JSON.stringify(executableName(runtime.Executable.fromPartial({ argv })))}`,
    ask: (signal) => target.exec(argv, signal),
  };
}
