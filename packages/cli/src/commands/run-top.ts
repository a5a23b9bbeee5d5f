import { setTimeout as sleep } from 'node:timers/promises';
import type { AuraeClient } from '@aurae/client';
import { isAuraeError, NotFoundError } from '@aurae/proto';
import { connectToDaemon } from '../connect-to-daemon.js';
import { exitCodes } from '../exit-codes.js';
import { isOutOfReach } from '../following/is-out-of-reach.js';
import { Interruption } from '../interruption.js';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import { OutputStream } from '../output/output-stream.js';
import { paintFor } from '../output/terminal-style.js';
import { sorted } from '../top/top-order.js';
import { topJson } from '../top/top-json.js';
import { type TopSnapshot, TopSource } from '../top/top-source.js';
import { topTable } from '../top/top-table.js';
import type { TopOptions } from './top-options.js';

const usualIntervalMs = 1000;
/** A daemon that does not answer in this time is as good as gone. */
const timeoutMs = 10_000;

export async function runTop(names: readonly string[], options: TopOptions): Promise<number> {
  const { interval: intervalMs = usualIntervalMs } = options;
  using interruption = Interruption.listen();
  await using client = connectToDaemon(options);
  const source = new TopSource(client, names);
  const { signal } = interruption;
  await source.sample(signal);
  if (isLive(options)) {
    const nodeName = await nameOfNode(client, signal);
    const { TopSession } = await import('../top/top-session.js');
    await new TopSession({ client, source, intervalMs, nodeName, signal }).run();
    return exitCodes.success;
  }
  await interruption.race(sleep(intervalMs, undefined, { ref: true }));
  await source.sample(signal);
  client.close();
  const snapshot = source.at(Date.now());
  const unknown = source.unknownNames(snapshot);
  if (unknown.length === 0 || snapshot.workloads.length > 0) await showOnce(snapshot, options, interruption);
  if (unknown.length > 0) throw new NotFoundError(`No workload is called ${unknown.map(quoted).join(', ')}`);
  return exitCodes.success;
}

function quoted(name: string): string {
  return JSON.stringify(name);
}

function isLive({ once = false, output }: TopOptions): boolean {
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY && process.env['TERM'] !== 'dumb';
  return isTerminal && !once && output !== 'json';
}

/** Not everybody may ask for it. */
async function nameOfNode({ observe }: AuraeClient, signal: AbortSignal): Promise<string> {
  try {
    return (await observe.status({}, { signal, timeoutMs })).node;
  } catch (error) {
    if (!isAuraeError(error) || isOutOfReach(error)) throw error;
    return '';
  }
}

async function showOnce(snapshot: TopSnapshot, { output }: TopOptions, interruption: Interruption): Promise<void> {
  const nowMs = Date.now();
  const stdout = new OutputStream(process.stdout);
  const stderr = new OutputStream(process.stderr);
  const workloads = sorted(snapshot.workloads, 'cpu', false);
  if (output === 'json') {
    await interruption.race(stdout.write(`${JSON.stringify(topJson({ ...snapshot, workloads }, nowMs))}\n`));
    return;
  }
  const { usageNotice } = snapshot;
  if (usageNotice !== '') {
    await interruption.race(stderr.write(`aurae: note: ${escapeControlCharacters(usageNotice)}\n`));
  }
  if (workloads.length === 0) {
    await interruption.race(stderr.write('There are no workloads.\n'));
    return;
  }
  const table = topTable(workloads, paintFor(process.stdout), nowMs, process.stdout.columns || undefined);
  await interruption.race(stdout.write(`${table}\n`));
}
