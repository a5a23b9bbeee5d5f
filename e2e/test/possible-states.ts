/** What is done to the one thing whose states are followed. */
export interface Operation {
  /** For a person. */
  readonly text: string;
  /** What it leads to from a state, and how it is answered then. */
  apply(state: string): { readonly state: string; readonly answer: string };
}

/** A state, and which of the operations under way have led to it, with what they answer. */
interface Course {
  readonly state: string;
  readonly answers: ReadonlyMap<Operation, string>;
}

/**
 * The states that something may be in, as far as the answers of operations tell, many of which may be under way at once:
 * each takes effect at one moment between its begin and its end, in an order that nobody knows. One whose answer never
 * comes may have taken effect or not.
 */
export class PossibleStates {
  private courses: readonly Course[];
  private readonly underWay = new Set<Operation>();
  private readonly told: string[] = [];

  constructor(state: string) {
    this.courses = [{ state, answers: new Map() }];
  }

  begin(operation: Operation): void {
    this.underWay.add(operation);
    this.told.push(`begin ${operation.text}`);
  }

  /** Throws when nothing that can have happened leads to this answer. */
  end(operation: Operation, answer: string): void {
    this.told.push(`end ${operation.text}: ${answer}`);
    const before = this.states();
    this.courses = this.reachable()
      .filter(({ answers }) => answers.get(operation) === answer)
      .map(({ state, answers }) => ({ state, answers: without(answers, operation) }));
    this.underWay.delete(operation);
    if (this.courses.length > 0) return;
    throw new Error(`Nothing explains this answer; possible were ${[...before].join(' | ')}:\n${this.told.join('\n')}`);
  }

  /** All that it may be in now. */
  states(): Set<string> {
    return new Set(this.reachable().map(({ state }) => state));
  }

  /** Nothing is under way any more, and this is what is seen. Throws when that cannot be. */
  settle(state: string): void {
    const states = this.states();
    if (!states.has(state)) {
      throw new Error(`It is ${state}, and may only be ${[...states].join(' | ')}:\n${this.told.join('\n')}`);
    }
    this.courses = [{ state, answers: new Map() }];
    this.underWay.clear();
    this.told.length = 0;
  }

  private reachable(): readonly Course[] {
    const found = new Map<string, Course>();
    const waiting = [...this.courses];
    for (let course = waiting.pop(); course; course = waiting.pop()) {
      const identity = this.identityOf(course);
      if (found.has(identity)) continue;
      found.set(identity, course);
      for (const operation of this.underWay) if (!course.answers.has(operation)) waiting.push(after(course, operation));
    }
    return [...found.values()];
  }

  private identityOf({ state, answers }: Course): string {
    return [state, ...Array.from(this.underWay, (operation) => answers.get(operation) ?? 'not yet')].join('\n');
  }
}

function after({ state, answers }: Course, operation: Operation): Course {
  const { state: next, answer } = operation.apply(state);
  return { state: next, answers: new Map([...answers, [operation, answer]]) };
}

function without(answers: ReadonlyMap<Operation, string>, operation: Operation): ReadonlyMap<Operation, string> {
  return new Map([...answers].filter(([other]) => other !== operation));
}
