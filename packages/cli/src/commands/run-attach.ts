import type { AuraeClient } from '@aurae/client';
import { meta } from '@aurae/proto';
import { type ConversationPlan, converse } from '../attach/conversation.js';
import { defaultDetachKeys } from '../attach/detach-keys-choice.js';
import { connectToDaemon } from '../connect-to-daemon.js';
import { exitCodes } from '../exit-codes.js';
import { InterruptedError, UsageError } from '../failures.js';
import type { GlobalOptions } from '../global-options.js';
import { Interruption } from '../interruption.js';
import { OutputStream } from '../output/output-stream.js';
import { describeDetachKeys } from '../values/detach-keys.js';
import { execOutcome } from './exec-outcome.js';
import { writeNotes } from './write-notes.js';

export interface AttachOptions extends GlobalOptions {
  readonly stdin: boolean;
  readonly closeStdin?: boolean;
  readonly detachKeys?: Uint8Array;
}

/** Returns the exit code of the executable when it ends meanwhile. */
export async function runAttach(name: string, options: AttachOptions): Promise<number> {
  if (options.output === 'json') throw new UsageError('the output is passed on as it comes: leave out --output json');
  if (options.closeStdin && !options.stdin) throw new UsageError('give either --no-stdin or --close-stdin, not both');
  const detachKeys = options.detachKeys ?? defaultDetachKeys(process.env);
  using interruption = Interruption.listen();
  await using client = connectToDaemon(options);
  const plan = await planFor(client, name, { ...options, detachKeys }, interruption.signal);
  try {
    const end = await converse(client, plan, interruption);
    client.close();
    if (end.kind === 'detached') await writeNotes([detachedNote(name)], interruption);
    if (end.kind !== 'ended') return exitCodes.success;
    const { exitCode, notes } = execOutcome(end.status, {});
    await writeNotes(notes, interruption);
    return exitCode;
  } catch (error) {
    if (error instanceof InterruptedError) await sayGoodbye(name);
    throw error;
  }
}

/** How to attach hangs on how it was started. Whether it runs at all is told by the daemon when it comes to that. */
async function planFor(
  client: AuraeClient,
  name: string,
  options: AttachOptions & { readonly detachKeys: Uint8Array },
  signal: AbortSignal,
): Promise<ConversationPlan> {
  const { executables } = await client.runtime.executableList({ all: false }, { signal });
  const executable = executables.find((status) => status.meta?.name === name)?.executable;
  const hasTerminal = executable?.terminal !== undefined;
  const isOpen = hasTerminal || executable?.stdin === true;
  const takesInput = options.stdin && isOpen;
  if (options.closeStdin && executable && !isOpen) {
    throw new UsageError(`"${name}" has no standard input to close: it was started without -i or -t`);
  }
  const isTerminal = hasTerminal && takesInput && process.stdin.isTTY;
  const workload = { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name };
  return {
    open: { target: { $case: 'workload', value: workload }, stdin: takesInput },
    takesInput,
    // Its input stays open for whoever attaches next, unless the user wants it otherwise.
    passesEndOfInput: options.closeStdin === true,
    isTerminal,
    detachKeys: isTerminal ? options.detachKeys : undefined,
    greeting: process.stderr.isTTY
      ? greeting(name, isTerminal ? describeDetachKeys(options.detachKeys) : 'Ctrl-C')
      : '',
    inputEndNote: `aurae: ${inputEndNote(name, options)}`,
  };
}

function greeting(name: string, keys: string): string {
  return `Attached to "${name}"; ${keys} leaves it running`;
}

function inputEndNote(name: string, { closeStdin }: AttachOptions): string {
  if (closeStdin) return `standard input has ended, and with it that of "${name}", whose output is shown on`;
  return `standard input has ended; the output of "${name}" is shown on, and its input stays open (--close-stdin)`;
}

/** The interruption is over with this, so nothing waits for a reader that does not read. */
async function sayGoodbye(name: string): Promise<void> {
  const written = new OutputStream(process.stderr).write(`aurae: ${detachedNote(name)}\n`).catch(() => false);
  await Promise.race([written, new Promise((resolve) => setImmediate(resolve))]);
}

function detachedNote(name: string): string {
  return `detached from "${name}", which goes on: "aurae attach ${name}" comes back`;
}
