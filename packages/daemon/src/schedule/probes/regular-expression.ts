import { createRequire } from 'node:module';

const longestPattern = 1000;
/** Bounds the time for each character of a line. Patterns that people write have a few dozen. */
const largestProgram = 1000;

/** A regular expression whose time to match grows with the length of the text, and never faster. */
export interface LinearPattern {
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean;
}

type PatternLibrary = typeof import('re2js');

const require = createRequire(import.meta.url);
let loaded: PatternLibrary | undefined;

/** It takes about 10 ms to load, and most schedules have no pattern. */
function patternLibrary(): PatternLibrary {
  loaded ??= require('re2js') as PatternLibrary;
  return loaded;
}

/** Throws an Error with the reason, for a person, where it is none in the syntax of RE2. */
export function linearPattern(pattern: string): LinearPattern {
  if (pattern.length > longestPattern) {
    throw new Error(`it has ${pattern.length} characters; at most ${longestPattern} are allowed`);
  }
  const compiled = compile(pattern);
  const size = compiled.programSize();
  if (size > largestProgram) {
    throw new Error(
      `it takes ${size} steps when its repetitions are written out; at most ${largestProgram} are allowed`,
    );
  }
  return compiled;
}

function compile(pattern: string) {
  const { RE2JS, RE2JSSyntaxException } = patternLibrary();
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    const { error: reason, input } = error;
    throw new Error(input ? `${reason}: ${JSON.stringify(input)}` : reason, { cause: error });
  }
}
