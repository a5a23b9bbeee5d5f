import { startProcess } from '@aurae/runtime-process';
import type { Call } from '../measure.js';

/** The native start path alone. */
export function addonCall(): Call {
  const options = { file: '/bin/true', argv: ['/bin/true'], env: new Map([['PATH', '/usr/bin:/bin']]), cwd: '/' };
  return async () => {
    const running = await startProcess(options);
    const { exitCode, output } = await running.exited;
    if (exitCode !== 0) throw new Error(`/bin/true ended with ${exitCode}`);
    if (!output) running.finishOutput();
  };
}
