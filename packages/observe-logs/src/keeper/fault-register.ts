import type { BackendLog } from '@aurae/proto';

export type FaultKind = 'read' | 'seal' | 'index' | 'compress' | 'remove' | 'spill';

/** What each kind of fault means to a person; what follows tells of the first place where it occurred. */
const meanings: Readonly<Record<FaultKind, string>> = {
  read: 'Cannot look at logs of workloads, whose bounds are not kept meanwhile',
  seal: 'Cannot take over complete segments of logs from their writers',
  index: 'Cannot index logs, whose reads by time are slow meanwhile',
  compress: 'Cannot compress logs',
  remove: 'Cannot remove old segments of logs, which take more room than they may',
  spill: 'What is kept for log sinks that are behind has reached its limit, and the oldest goes',
};

/** So many places of one kind are remembered; further ones do not matter for the message. */
const maximumPlaces = 1000;

/** What is wrong now. Each kind of fault is logged when it begins and when it is over, however often it occurs. */
export class FaultRegister {
  private readonly faults = new Map<FaultKind, Map<string, string>>();

  constructor(private readonly log: BackendLog | undefined) {}

  /** What a person should do something about; empty when all is well. */
  get notice(): string {
    return Array.from(this.faults, ([kind, places]) => {
      const more = places.size > 1 ? ` (and ${places.size - 1} more)` : '';
      return `${meanings[kind]}: ${[...places.values()][0]}${more}`;
    }).join('. ');
  }

  /** @param place a directory, or whatever else may have the fault while others do not */
  occurred(kind: FaultKind, place: string, reason: string): void {
    const places = this.faults.get(kind);
    if (places) {
      if (places.size < maximumPlaces) places.set(place, reason);
      return;
    }
    this.faults.set(kind, new Map([[place, reason]]));
    this.log?.warn(meanings[kind], { place, reason });
  }

  /** What was tried there has worked. */
  over(kind: FaultKind, place: string): void {
    const places = this.faults.get(kind);
    if (!places?.delete(place) || places.size > 0) return;
    this.faults.delete(kind);
    this.log?.info(`Over: ${meanings[kind]}`);
  }

  /** The place is gone. */
  forget(place: string): void {
    for (const kind of [...this.faults.keys()]) this.over(kind, place);
  }
}
