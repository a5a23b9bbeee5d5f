import { abortReason, type observe, onAbort } from '@aurae/proto';
import { LineItems } from './exec-follow-lines.js';
import type { LiveExecEnd } from './live-exec.js';
import { Notice } from './notice.js';
import type { OutputChannel, RunningProcess } from './running-process.js';

const pieceBytes = 64 * 1024;
const nothing = Buffer.alloc(0);

/**
 * The captured output of a process as lines: what is there, then what comes, to the end of the command. It holds
 * nothing back for its reader: it reads from what is captured anyway, which is bounded.
 */
export async function* followCaptured(
  process: RunningProcess,
  gone: Promise<LiveExecEnd>,
  channel: OutputChannel,
  signal: AbortSignal,
): AsyncGenerator<observe.LogItem> {
  const lines = new LineItems(channel);
  const news = new Notice();
  let all: Buffer | undefined;
  const end = (bytes: Buffer) => {
    all = bytes;
    news.tell();
  };
  gone.then(
    (ended) => end(ended.started ? ended.output[channel].bytes : nothing),
    () => end(nothing),
  );
  const ignoreOutput = process.onCaptured(news.tell);
  const ignoreAbort = onAbort(signal, news.tell);
  try {
    for (let from = 0; ; ) {
      if (signal.aborted) throw abortReason(signal);
      const piece = all ? all.subarray(from, from + pieceBytes) : process.captured(channel, from, pieceBytes);
      yield* lines.add(piece);
      from += piece.length;
      if (piece.length > 0) continue;
      if (all) break;
      await news.wait();
    }
    yield* lines.end();
  } finally {
    ignoreOutput();
    ignoreAbort();
  }
}
