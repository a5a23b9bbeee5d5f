import { connect } from '@aurae/client';
import { runtime } from '@aurae/proto';
import { connectOptions } from '../global-options.js';
import { Interruption } from '../interruption.js';
import { OutputStream } from '../output/output-stream.js';
import { hasUnreadInput } from '../unread-input.js';
import { type ExecOptions, execRequest } from './exec-request.js';
import { execOutcome } from './exec-outcome.js';

const unreadInputNote =
  'note: the command saw nothing of standard input: -i passes it on; "</dev/null" says that this is meant';

/** Returns the command's own exit code, or what stands for why it has none. */
export async function runExec(words: readonly string[], options: ExecOptions): Promise<number> {
  const asJson = options.output === 'json';
  const request = { ...execRequest(words, options), binaryOutput: !asJson };
  using interruption = Interruption.listen();
  await using client = connect(connectOptions(options));
  const status = await client.runtime.exec(request, { signal: interruption.signal });
  // From here on the answer is complete: closing lets the process end while a slow reader takes the output.
  client.close();
  const outcome = execOutcome(status, options);
  const stdout = new OutputStream(process.stdout);
  if (asJson) {
    await interruption.race(stdout.write(`${JSON.stringify(jsonOf(status))}\n`));
    return outcome.exitCode;
  }
  const stderr = new OutputStream(process.stderr);
  await interruption.race(stdout.write(bytesOf(status.stdoutBytes, status.stdout)));
  await interruption.race(stderr.write(bytesOf(status.stderrBytes, status.stderr)));
  const notes = [...outcome.notes, ...((await hasUnreadInput()) ? [unreadInputNote] : [])];
  for (const note of notes) await interruption.race(stderr.write(`aurae: ${note}\n`));
  return outcome.exitCode;
}

/** A daemon that does not know `binary_output` answers with text. */
function bytesOf(bytes: Uint8Array, text: string): Uint8Array | string {
  return bytes.length > 0 ? bytes : text;
}

/** The whole answer; what a program is sure to look at is there even when it is empty. */
function jsonOf(status: runtime.ExecutableStatus): object {
  const { stdout, stderr, exitCode } = status;
  return { ...(runtime.ExecutableStatus.toJSON(status) as object), stdout, stderr, exitCode };
}
