import { AlreadyExistsError, meta, runtime } from '@aurae/proto';
import { connectToDaemon } from '../connect-to-daemon.js';
import { exitCodes } from '../exit-codes.js';
import { Interruption } from '../interruption.js';
import { OutputStream } from '../output/output-stream.js';
import { execOutcome } from './exec-outcome.js';
import { type ExecutableOptions, executableRequest } from './executable-request.js';
import { writeNotes } from './write-notes.js';

/** Ends as `aurae exec` does for a command that could not run. */
export async function runStart(words: readonly string[], options: ExecutableOptions): Promise<number> {
  const request = executableRequest(words, options, 'aurae start --name web -- CMD');
  using interruption = Interruption.listen();
  await using client = connectToDaemon(options);
  const call = client.runtime.executableStart(request, { signal: interruption.signal });
  const status = await (options.output === 'json' ? call : call.catch(suggestName));
  client.close();
  const stdout = new OutputStream(process.stdout);
  const failure = status.status === meta.Status.STATUS_ERROR ? execOutcome(status, {}) : undefined;
  if (options.output === 'json') {
    const json = JSON.stringify(runtime.ExecutableStatus.toJSON(status));
    await interruption.race(stdout.write(`${json}\n`));
  } else if (failure) {
    await writeNotes(failure.notes, interruption);
  } else {
    const name = status.meta?.name || request.meta.name;
    await interruption.race(stdout.write(`Started ${name} (pid ${status.proc?.pid ?? 'unknown'})\n`));
  }
  return failure?.exitCode ?? exitCodes.success;
}

function suggestName(error: unknown): never {
  if (!(error instanceof AlreadyExistsError)) throw error;
  throw new AlreadyExistsError(`${error.message} (--name NAME)`, { cause: error });
}
