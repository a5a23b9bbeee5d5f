import { UsageError } from '../failures.js';
import { interruptible } from '../interruptible.js';

export interface PatternOptions {
  readonly grep?: string;
  readonly ignoreCase?: boolean;
  readonly invertMatch?: boolean;
}

/** What is looked for in a log. */
export interface LinePattern {
  /** It may take very long with some lines. */
  readonly mayTakeLong: boolean;
  matches(text: string): boolean;
  /** Where it is found, from the left: start and end. Nothing where lines without it are wanted. */
  found(text: string): Iterable<readonly [start: number, end: number]>;
}

/** Undefined when nothing is looked for. */
export function linePattern({ grep, ignoreCase, invertMatch }: PatternOptions): LinePattern | undefined {
  if (grep === undefined) {
    const alone = ignoreCase ? '--ignore-case' : invertMatch ? '--invert-match' : undefined;
    if (alone) throw new UsageError(`option ${alone} says how to look for what --grep gives: give that, too`);
    return undefined;
  }
  const isInverted = invertMatch === true;
  const expression = compile(grep, ignoreCase ? 'i' : '');
  const everywhere = new RegExp(expression.source, `${expression.flags}g`);
  return {
    mayTakeLong: mayTakeLong(grep),
    matches: (text) => expression.test(text) !== isInverted,
    *found(text) {
      if (isInverted) return;
      for (const { index, 0: part } of text.matchAll(everywhere)) if (part !== '') yield [index, index + part.length];
    },
  };
}

/** Work with a pattern, which Ctrl-C ends where it may take long. */
export function withPattern<Result>(pattern: LinePattern, work: () => Result): Result {
  return pattern.mayTakeLong ? interruptible(work) : work();
}

/** Where one repetition alone can go wrong, there are few ways to go wrong. */
function mayTakeLong(source: string): boolean {
  const withoutClasses = source.replace(/\\\D/g, '_').replace(/\[[^\]]*\]/g, '_');
  const repetitions = withoutClasses.match(/[*+]|\{\d+,?\d*\}/g) ?? [];
  return repetitions.length > 1 || /\\\d/.test(withoutClasses);
}

/** With whole characters where it can be read so: that is stricter about what is escaped. */
function compile(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, `${flags}u`);
  } catch {
    return compileLeniently(source, flags);
  }
}

function compileLeniently(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch (error) {
    const [, fault] = /^Invalid regular expression: .*: (.*)$/s.exec((error as Error).message) ?? [];
    throw new UsageError(
      `option '--grep <regexp>' argument '${source}' is invalid: ${fault ?? (error as Error).message}. ` +
        'Allowed are regular expressions of JavaScript; \\ takes the meaning of the character after it',
    );
  }
}
