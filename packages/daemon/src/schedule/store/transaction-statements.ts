import { changeStatements } from './change-statements.js';
import { afterHistory, historyStatement, progressStatement } from './note-statements.js';
import type { NotesToWrite } from './pending-notes.js';
import type { StoreChange } from './schedule-store.js';

export interface NumberedDecision {
  /** In the order of the calls, from 1 up. */
  readonly number: number;
  readonly changes: readonly StoreChange[];
}

/** Everything in the order in which it was asked for. Made bit by bit: an import decides about thousands of workloads. */
export function* transactionStatements(
  decisions: readonly NumberedDecision[],
  { progress, items }: NotesToWrite,
): Generator<string> {
  const steps = [
    ...progress.map((pending) => ({ place: pending.after * 2 + 1, make: () => [progressStatement(pending)] })),
    ...items.map((pending) => ({ place: pending.after * 2 + 1, make: () => [historyStatement(pending)] })),
    ...decisions.map(({ number, changes }) => ({ place: number * 2, make: () => statementsOf(changes) })),
  ];
  steps.sort((one, other) => one.place - other.place);
  for (const { make } of steps) yield* make();
  yield* afterHistory(items);
}

function* statementsOf(changes: readonly StoreChange[]): Generator<string> {
  for (const change of changes) yield changeStatements(change);
}
