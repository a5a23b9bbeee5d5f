import { LogDispatcher, type LogRing, type NamedLogSink, type SinkStatus, writeToConsole } from '@aurae/observe-logs';
import type { DisposalStack } from '../lifecycle/disposal-stack.js';
import type { Logger } from '../logging/logger.js';
import type { BackendLoader, ConfiguredBackend } from './backend-loader.js';

/** How long the sinks may take for the last lines. */
const flushTimeoutMs = 3_000;
const lastWordsMs = 500;

/** Sends the daemon's log to its sinks, from the first line on: what was written before they were there is kept. */
export async function startLogSinks(
  choices: readonly ConfiguredBackend[],
  ring: LogRing,
  backends: BackendLoader,
  owned: DisposalStack,
  log: Logger,
): Promise<void> {
  const seen: { dispatcher?: LogDispatcher } = {};
  const sinks: NamedLogSink[] = [];
  for (const [index, choice] of choices.entries()) {
    const healthSeen = () => seen.dispatcher?.status()[index]?.health;
    const sink = await backends.load('log-sink', choice, `log.sinks[${index}]`, healthSeen);
    sinks.push({ name: choice.use, sink });
  }
  const dispatcher = new LogDispatcher({ sinks, onHealthChange: (status) => reportHealth(status, log) });
  owned.defer('the log dispatcher', async () => {
    const statuses = await dispatcher.close({ timeoutMs: flushTimeoutMs });
    for (const status of statuses) await reportUndelivered(status);
  });
  seen.dispatcher = dispatcher;
  dispatcher.follow(ring);
}

/** Told once when a sink begins to fail and once when it works again; the other sinks carry it. */
function reportHealth({ name, lastError, health }: SinkStatus, log: Logger): void {
  if (health.reason) log.warn('A log sink fails', { sink: name, reason: lastError?.message });
  else log.info('A log sink works again', { sink: name });
}

/** The log is closed by now: this is the last chance to be heard. */
async function reportUndelivered({ name, pendingRecords, droppedRecords, lastError }: SinkStatus): Promise<void> {
  const lost = pendingRecords + droppedRecords;
  if (lost === 0) return;
  const reason = lastError ? `: ${lastError.message}` : '';
  const text = `auraed: ${lost} lines of the log did not reach the log sink "${name}"${reason}\n`;
  // A terminal that takes nothing is no reason to stay.
  await writeToConsole(process.stderr, text, AbortSignal.timeout(lastWordsMs));
}
