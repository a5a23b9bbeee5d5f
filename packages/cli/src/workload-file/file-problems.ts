import { fileError, type FileSource, type KeyPath } from './file-source.js';
import { WorkloadFileError } from './workload-file-error.js';

interface Problem {
  readonly path: KeyPath;
  readonly text: string;
  /** Something is missing: that may be because of another problem. */
  readonly isLack: boolean;
}

/** Nobody mends more at once. */
const mostProblems = 10;

/** What is found to be wrong with a file while it is read: all of it is told at once. */
export class FileProblems {
  private readonly found: Problem[] = [];

  add(path: KeyPath, text: string, isLack = false): void {
    this.found.push({ path, text, isLack });
  }

  throwIfAny(source: FileSource): void {
    if (this.found.length === 0) return;
    const inOrder = this.found.slice(0, lookedAt).map(({ path, text, isLack }) => ({
      isLack,
      line: source.lineOf(path) ?? Number.POSITIVE_INFINITY,
      message: fileError(source, path, text).message,
    }));
    inOrder.sort((one, other) => Number(one.isLack) - Number(other.isLack) || compare(one.line, other.line));
    const messages = [...new Set(inOrder.map(({ message }) => message))];
    const [first = ''] = messages;
    if (messages.length === 1) throw new WorkloadFileError(first);
    const left = messages.length > mostProblems ? ['… and more'] : [];
    throw new WorkloadFileError(first, { problems: [...messages.slice(0, mostProblems), ...left] });
  }
}

/** Each of them costs a look at the whole file for its line. */
const lookedAt = 20;

function compare(one: number, other: number): number {
  return one === other ? 0 : one - other;
}
