import type { runtime } from '@aurae/proto';
import { execQuestion } from './exec-question.js';
import { httpQuestion } from './http-question.js';
import type { ProbeTarget } from './probe-target.js';
import { tcpQuestion } from './tcp-question.js';

/** A question to a workload: whether it is well. */
export interface Question {
  /** What is asked, for a person: `GET http://127.0.0.1:8080/healthz`. */
  readonly text: string;
  /**
   * Asks once. Answers with what is wrong, for a person; undefined when all is well. When the signal aborts it is over
   * soon, and the answer then counts no more.
   */
  ask(signal: AbortSignal): Promise<string | undefined>;
}

/** A check that asks, rather than to read what the workload says by itself. */
export type AskingCheck = Exclude<NonNullable<runtime.Probe['check']>, { readonly $case: 'log' }>;

export function probeQuestion(check: AskingCheck, target: ProbeTarget): Question {
  switch (check.$case) {
    case 'exec':
      return execQuestion(check.value, target);
    case 'tcp':
      return tcpQuestion(check.value);
    case 'http':
      return httpQuestion(check.value);
  }
}
