import { runtime } from '@aurae/proto';
import { connectToDaemon } from '../connect-to-daemon.js';
import { UsageError } from '../failures.js';
import { Interruption } from '../interruption.js';
import { OutputStream } from '../output/output-stream.js';
import { type ExecOptions, execRequest } from './exec-request.js';
import { execOutcome } from './exec-outcome.js';

/** Shows one answer once the command has ended. Returns what `runExec` returns. */
export async function runExecAsJson(words: readonly string[], options: ExecOptions): Promise<number> {
  const request = execRequest(words, options);
  if (options.interactive || options.tty) {
    throw new UsageError('with -i or -t the output is passed on: leave out --output json');
  }
  using interruption = Interruption.listen();
  await using client = connectToDaemon(options);
  const status = await client.runtime.exec(request, { signal: interruption.signal });
  // From here on the answer is complete: closing lets the process end while a slow reader takes the output.
  client.close();
  const { exitCode } = execOutcome(status, options);
  await interruption.race(new OutputStream(process.stdout).write(`${JSON.stringify(jsonOf(status))}\n`));
  return exitCode;
}

/** The whole answer; what a program is sure to look at is there even when it is empty. */
function jsonOf(status: runtime.ExecutableStatus): object {
  const { stdout, stderr, exitCode } = status;
  return { ...(runtime.ExecutableStatus.toJSON(status) as object), stdout, stderr, exitCode };
}
