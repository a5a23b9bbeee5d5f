import { writeToConsole } from '@aurae/observe-logs';
import { createDaemon, type Daemon } from './composition/create-daemon.js';
import type { Surroundings } from './config/daemon-paths.js';
import { loadSettings } from './load-settings.js';
import type { RunOptions } from './main.js';
import { version } from './version.js';

/** Serves until SIGTERM or SIGINT, then drains and returns. A second signal cuts the draining short. */
export async function runDaemon(options: RunOptions, surroundings: Surroundings): Promise<void> {
  const settings = loadSettings(options, surroundings);
  // Whatever the daemon makes is its own; workloads get the usual mask back at their start.
  process.umask(0o077);
  const stopRequested = stopSignals();
  const starting = createDaemon(settings);
  void stopRequested.first.then(() => endWithin(startLimitMs, starting));
  const daemon = await starting;
  reportFaults(daemon, stopRequested.request);
  await writeToConsole(process.stdout, welcome(daemon, options.root), AbortSignal.timeout(welcomeLimitMs));
  await stopRequested.first;
  await daemon.stop(stopRequested.second);
  endWithin(leftoverLimitMs);
}

/** A terminal that takes nothing, or a closed pipe, is no reason not to serve. */
const welcomeLimitMs = 1_000;
/** How long a start may go on after a signal asked for the end. */
const startLimitMs = 10_000;
/** Everything is disposed: what still keeps the process alive is not worth waiting for. */
const leftoverLimitMs = 1_000;

/** Ends the process after this time, unless it has ended by itself or `unless` came true before. */
function endWithin(limitMs: number, unless?: Promise<unknown>): void {
  const timer = setTimeout(() => process.exit(), limitMs).unref();
  unless?.then(
    () => clearTimeout(timer),
    () => clearTimeout(timer),
  );
}

interface StopSignals {
  readonly first: Promise<void>;
  readonly second: AbortSignal;
  readonly request: () => void;
}

function stopSignals(): StopSignals {
  const second = new AbortController();
  let isRequested = false;
  let request = (): void => {};
  const first = new Promise<void>((resolve) => {
    request = resolve;
  });
  const onSignal = (): void => {
    if (isRequested) second.abort();
    isRequested = true;
    request();
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal);
  return { first, second: second.signal, request };
}

/** A forgotten rejection is a fault of one call; after an exception that nobody caught, nothing can be trusted. */
function reportFaults({ log }: Daemon, stop: () => void): void {
  process.on('unhandledRejection', (error) => log.error('A promise was rejected and nobody cared', { error }));
  process.on('uncaughtException', (error) => {
    log.error('Stopping after an exception that nobody caught', { error });
    process.exitCode = 1;
    stop();
  });
}

function welcome({ socket, tcpAddress }: Daemon, root: string | undefined): string {
  // In a checkout the command is not on the PATH, and `npm start` is how one got here.
  const isCheckout = process.env['npm_lifecycle_event'] === 'start';
  const command = isCheckout ? 'npx aurae' : 'aurae';
  const where = isCheckout ? `, in ${process.cwd()}` : '';
  const flags = root === undefined ? '' : ` --root ${shellQuoted(root)}`;
  const tcp = tcpAddress === undefined ? '' : ` and on ${tcpAddress}`;
  return `auraed ${version} serves on ${socket}${tcp} (pid ${process.pid})

  In another terminal${where}:
    ${command}${flags} status
    ${command}${flags} exec -- uname -a
    ${command}${flags} logs --daemon -f

  Ctrl-C stops it.
`;
}

function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
