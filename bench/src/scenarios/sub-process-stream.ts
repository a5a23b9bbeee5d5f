import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '@aurae/client';
import { meta, observe } from '@aurae/proto';
import type { Client } from '@grpc/grpc-js';
import { bareClient } from '../bare-client.js';
import { echoPlace } from '../echo-place.js';
import { startProgram } from '../start-caller.js';
import { startDaemon } from '../start-daemon.js';
import { median } from '../statistics.js';
import { streamedLine, streamedLines } from '../stream-messages.js';
import type { Workspace } from '../workspace.js';
import { atLeast, finding, type Finding } from './scenario.js';

const rounds = 3;
/** Of the log, from its begin: enough for some seconds. */
const measuredMessages = 250_000;
/** The whole log has to be kept: 1,000,000 records of some 145 bytes. */
const options = '[backends.executable.options]\nlog_segments = 40\n';

/** Messages a second of a long log: the daemon's, against those of a server that does nothing else. */
export async function subProcessStream(workspace: Workspace): Promise<readonly Finding[]> {
  const root = join(workspace.directory, 'sub-process-stream');
  mkdirSync(join(root, 'etc/aurae'), { recursive: true });
  writeFileSync(join(root, 'etc/aurae/auraed.toml'), options);
  await startDaemon(workspace, root, false);
  const processId = await writeLog(root);
  await startProgram(workspace, 'stream-server.js', root);
  const place = echoPlace(root);
  const bare = bareClient(place.target, place.pkiDir);
  const ours = bareClient(`unix:${join(root, 'run/aurae/aurae.sock')}`, join(root, 'etc/aurae/pki'));
  const speeds: { readonly bare: number; readonly ours: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    speeds.push({ bare: await messagesPerSecond(bare, 1), ours: await messagesPerSecond(ours, processId) });
  }
  for (const client of [bare, ours]) client.close();
  const ratio = median(speeds.map((speed) => speed.ours / speed.bare)) * 100;
  return [
    finding('a bare grpc-js server streams', median(speeds.map((speed) => speed.bare)), 'messages/s', 0),
    finding('GetSubProcessStream delivers', median(speeds.map((speed) => speed.ours)), 'messages/s', 0),
    atLeast(80, finding('that is at least 80 % of the bare server', ratio, '%', 0)),
  ];
}

/** The pid of a process that has ended, and has left its lines in a log. */
async function writeLog(root: string): Promise<number> {
  await using client = connect({ root });
  const argv = ['/bin/sh', '-c', `yes ${streamedLine} | head -n ${streamedLines}`];
  const { proc } = await client.runtime.executableStart({ meta: { name: 'writer' }, argv });
  for (;;) {
    const [writer] = (await client.runtime.executableList({ all: true })).executables;
    if (writer?.status === meta.Status.STATUS_COMPLETE) return proc?.pid ?? 0;
    await delay(50);
  }
}

function messagesPerSecond(client: Client, processId: number): Promise<number> {
  const { path, requestSerialize, responseDeserialize } = observe.ObserveService.getSubProcessStream;
  const request = observe.GetSubProcessStreamRequest.fromPartial({ processId: BigInt(processId) });
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    let count = 0;
    const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
    call.on('data', () => {
      if (++count !== measuredMessages) return;
      resolve((count / (performance.now() - startedAt)) * 1_000);
      call.cancel();
    });
    // After the cancellation nobody hears it any more.
    call.on('error', reject);
    call.on('end', () => reject(new Error(`only ${count} messages came`)));
  });
}
