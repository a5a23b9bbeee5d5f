import type { ProcessScanner } from './process-scanner.js';
import type { CapturedOutput, ProcessExit, RunningProcess } from './running-process.js';
import { type TerminationCause, type TerminationResult, terminateTree } from './termination.js';

export interface Graces {
  readonly killGraceMs: number;
  readonly leftBehindGraceMs: number;
}

export interface LiveExecEnd {
  readonly exit: ProcessExit;
  readonly output: CapturedOutput;
  /** The first cause of its termination; it wins over later ones. */
  readonly cause: TerminationCause | undefined;
  readonly termination: TerminationResult | undefined;
}

/** A command while it runs. It ends with its whole tree, by itself or by `end`. */
export class LiveExec {
  readonly finished: Promise<LiveExecEnd>;
  private readonly process: RunningProcess;
  private readonly invocationId: string;
  private readonly scanner: ProcessScanner;
  private readonly graces: Graces;
  private cause: TerminationCause | undefined;
  private termination: Promise<TerminationResult> | undefined;
  private reaped = false;

  constructor(process: RunningProcess, invocationId: string, scanner: ProcessScanner, graces: Graces) {
    this.process = process;
    this.invocationId = invocationId;
    this.scanner = scanner;
    this.graces = graces;
    this.finished = this.run();
  }

  /** Begins to end the tree. Later causes change nothing. */
  end(cause: TerminationCause): void {
    if (this.cause !== undefined) return;
    this.cause = cause;
    const graceMs = cause === 'left-behind' ? this.graces.leftBehindGraceMs : this.graces.killGraceMs;
    const root = () => ({ pid: this.process.pid, invocationId: this.invocationId, reaped: this.reaped });
    this.termination = terminateTree(this.scanner, root, graceMs);
    // `run` awaits it too, but perhaps only later: until then a failure has no other listener.
    this.termination.catch(() => undefined);
  }

  private async run(): Promise<LiveExecEnd> {
    const exit = await this.process.exited;
    this.reaped = true;
    if (exit.output && this.cause === undefined) {
      return { exit, output: exit.output, cause: undefined, termination: undefined };
    }
    try {
      this.end('left-behind');
      const termination = await this.termination;
      return { exit, output: exit.output ?? this.process.finishOutput(), cause: this.cause, termination };
    } finally {
      // Also when the scan failed: the pipes must not stay open.
      if (!exit.output) this.process.finishOutput();
    }
  }
}
