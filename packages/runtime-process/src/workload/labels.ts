import { type FieldViolation, InvalidSpecError } from '@aurae/proto';

export type Labels = Readonly<Record<string, string>>;

const mostLabels = 64;
const longestKey = 128;
const longestValueBytes = 4096;
const keyForm = /^[A-Za-z0-9][A-Za-z0-9._/-]*$/;

/** Throws `InvalidSpecError` for labels that are too many or too long, or that have other characters than they may. */
export function checkLabels(labels: Labels): void {
  const entries = Object.entries(labels);
  if (entries.length > mostLabels)
    refuse('labels', `there are ${entries.length} labels; at most ${mostLabels} are allowed`);
  for (const [key, value] of entries) {
    const problem = problemOf(key, value);
    if (problem !== undefined) refuse(`labels.${shown(key)}`, problem);
  }
}

function problemOf(key: string, value: string): string | undefined {
  if (key === '') return 'the key of a label is empty';
  if (key.length > longestKey) {
    return `the key "${shown(key)}" of a label has ${key.length} characters; at most ${longestKey} are allowed`;
  }
  if (!keyForm.test(key)) {
    return (
      `the key ${JSON.stringify(shown(key))} of a label is not allowed: it begins with a letter or a digit and goes on ` +
      'with letters, digits and any of ". _ / -"'
    );
  }
  if (value.includes('\0')) return `the value of the label "${shown(key)}" contains a NUL byte`;
  const bytes = Buffer.byteLength(value);
  if (bytes <= longestValueBytes) return undefined;
  return `the value of the label "${shown(key)}" has ${bytes} bytes; at most ${longestValueBytes} are allowed`;
}

function shown(key: string): string {
  return key.length <= 60 ? key : `${key.slice(0, 60)}…`;
}

function refuse(field: string, description: string): never {
  const violation: FieldViolation = { field, description };
  throw new InvalidSpecError(`Cannot start the executable: ${description}`, [violation]);
}
