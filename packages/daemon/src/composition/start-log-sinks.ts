import { join } from 'node:path';
import {
  LogDispatcher,
  type LogKeeper,
  LogPositions,
  type LogRing,
  type NamedLogSink,
  type SinkStatus,
  writeToConsole,
} from '@aurae/observe-logs';
import type { Config } from '../config/config-schema.js';
import type { DisposalStack } from '../lifecycle/disposal-stack.js';
import type { Logger } from '../logging/logger.js';
import type { BackendLoader } from './backend-loader.js';
import { type NamedSinkChoice, namedSinks } from './named-sinks.js';

/** How long the sinks may take for the last lines. */
const flushTimeoutMs = 3_000;
const lastWordsMs = 500;

export interface LogSinkParts {
  readonly choices: Config['log']['sinks'];
  readonly configFile: string;
  /** Where the positions of the sinks are kept. */
  readonly stateDir: string;
  readonly ring: LogRing;
  readonly keeper: LogKeeper;
  readonly backends: BackendLoader;
  readonly log: Logger;
  readonly onHealthChange: (status: SinkStatus) => void;
}

/** Sends the daemon's log to its sinks, from the first line on: what was written before they were there is kept. */
export async function startLogSinks(parts: LogSinkParts, owned: DisposalStack): Promise<LogDispatcher> {
  const { choices, configFile, ring, log, onHealthChange } = parts;
  const seen: { dispatcher?: LogDispatcher } = {};
  const sinks: NamedLogSink[] = [];
  for (const choice of namedSinks(choices, configFile)) {
    const healthSeen = () => seen.dispatcher?.status()[choice.index]?.health;
    sinks.push(await openSink(choice, parts, healthSeen, owned));
  }
  const dispatcher = new LogDispatcher({ sinks, onHealthChange, log });
  owned.defer('the log dispatcher', async () => {
    const statuses = await dispatcher.close({ timeoutMs: flushTimeoutMs });
    for (const [index, status] of statuses.entries()) await reportUndelivered(status, sinks[index]);
  });
  seen.dispatcher = dispatcher;
  dispatcher.follow(ring);
  return dispatcher;
}

async function openSink(
  { index, name, from, choice }: NamedSinkChoice,
  { stateDir, keeper, backends, log }: LogSinkParts,
  healthSeen: Parameters<BackendLoader['load']>[3],
  owned: DisposalStack,
): Promise<NamedLogSink> {
  const sink = await backends.load('log-sink', choice, `log.sinks[${index}]`, healthSeen);
  const options = {
    maximumBatchItems: choice.batch_records,
    maximumBatchBytes: choice.batch_bytes,
    lingerMs: choice.linger,
    writeTimeoutMs: choice.write_timeout,
    initialBackoffMs: choice.first_retry,
    maximumBackoffMs: choice.longest_retry,
    whenBehind: choice.when_behind,
    blockForMs: choice.block_for,
  };
  if (!from.includes('workloads')) return { name, sink, from, options };
  const positions = await LogPositions.open({ directory: join(stateDir, 'log-sinks', name), log });
  owned.defer(`the positions of the log sink "${name}"`, () => positions.close());
  if (choice.when_behind !== 'spill') return { name, sink, from, options, positions };
  const holder = keeper.holder(name, choice.spill_bytes);
  owned.defer(`what is held for the log sink "${name}"`, () => holder.dispose());
  return { name, sink, from, options, positions, holder };
}

/** The log is closed by now: this is the last chance to be heard. */
async function reportUndelivered(status: SinkStatus, sink: NamedLogSink | undefined): Promise<void> {
  const { name, pendingRecords, droppedRecords, lastError } = status;
  const undelivered = pendingRecords + droppedRecords;
  if (undelivered === 0) return;
  const reason = lastError ? `: ${lastError.message}` : '';
  const later = sink?.positions && pendingRecords > 0 ? '. What is of workloads comes with the next daemon' : '';
  const text = `auraed: ${undelivered} lines of the log did not reach the log sink "${name}"${reason}${later}\n`;
  // A terminal that takes nothing is no reason to stay.
  await writeToConsole(process.stderr, text, AbortSignal.timeout(lastWordsMs));
}
