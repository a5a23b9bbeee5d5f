import { parse, TomlError } from 'smol-toml';
import type { schedule } from '@aurae/proto';
import type { FileFormat } from './file-format.js';
import { FileProblems } from './file-problems.js';
import { fileError, type FileSource, type KeyPath } from './file-source.js';
import { jsonProblem } from './json-problem.js';
import { isTable, type Values } from './table.js';
import { tomlLineOf } from './toml-line.js';
import { readDocument } from './workload-document.js';

export interface WorkloadText {
  readonly text: string;
  /** Undefined where it is not known. */
  readonly format: FileFormat | undefined;
  /** What messages call it. */
  readonly name: string;
  /** What paths in it are relative to. */
  readonly baseDir: string;
}

/** Reads the workloads of a file. Throws a `WorkloadFileError` for what is wrong with it. */
export function parseWorkloadFile({ text, format, name, baseDir }: WorkloadText): schedule.ScheduleRecord[] {
  const lineOf = (path: KeyPath) => lineInFile({ text, format }, path);
  const source: FileSource = { name, baseDir, lineOf, problems: new FileProblems() };
  const records = readDocument(isJson({ text, format }) ? parseJson(text, source) : parseToml(text, source), source);
  source.problems.throwIfAny(source);
  return records;
}

type Content = Pick<WorkloadText, 'text' | 'format'>;

/** The line of a value, from 1 up; undefined where it is not known. */
export function lineInFile(file: Content, path: KeyPath): number | undefined {
  return isJson(file) ? undefined : tomlLineOf(file.text, path);
}

/** No TOML begins with a brace. */
function isJson({ text, format }: Content): boolean {
  return format === 'json' || (format === undefined && /^\s*\{/.test(text));
}

function parseToml(text: string, source: FileSource): Values {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const [summary = 'it is not TOML'] = cause.message.replace(/^Invalid TOML document: /, '').split('\n');
    const place = `line ${cause.line}, column ${cause.column}`;
    throw fileError({ ...source, lineOf: () => undefined }, [], `${place}: ${summary}`, cause);
  }
}

function parseJson(text: string, source: FileSource): Values {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fileError(source, [], `it is not JSON: ${jsonProblem(text, (cause as Error).message)}`, cause);
  }
  if (!isTable(value)) throw fileError(source, [], 'it must be an object: { "name": "web", "argv": ["./serve"] }');
  return value;
}
