import { connect } from '@aurae/client';
import { meta, type observe } from '@aurae/proto';
import type { Follow, FollowTask, TakeLine } from './follower.js';

const isNumbered = /^\d{10} /;

/** As a script follows a log: `@aurae/client` over the socket of the daemon. */
export function followExecutable({ root, name, argv }: Extract<FollowTask, { source: 'executable' }>): Follow {
  const workload = { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name };
  return async function* (take, signal) {
    await using client = connect({ root });
    await client.runtime.executableStart({ meta: { name }, argv: [...argv] });
    const lines = new WholeLines(take);
    for await (const { items } of client.observe.getWorkloadLogStream({ workload, follow: true }, { signal })) {
      for (const item of items) lines.take(item);
      yield;
    }
  };
}

/** A writer that is held up in the middle of a line has that in two items, of which one may be lost. */
class WholeLines {
  private lastSequence = 0;
  private begun = '';

  constructor(private readonly whole: TakeLine) {}

  take({ line, sequence, dropped, partial }: observe.LogItem): void {
    const [number, lost] = [Number(sequence), Number(dropped)];
    const untold = number - this.lastSequence - 1 - lost;
    this.lastSequence = number;
    if (lost > 0) this.begun = '';
    const text = this.begun === '' ? line : this.begun + line;
    this.begun = partial ? text : '';
    if (partial || (lost > 0 && !isNumbered.test(text))) return;
    this.whole(text, untold);
  }
}
