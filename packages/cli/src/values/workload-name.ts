import { basename } from 'node:path';

const form = /^[A-Za-z0-9][A-Za-z0-9._@:-]{0,127}$/;

/** What a name looks like, for messages. */
export const workloadNameForms = 'a name of at most 128 letters, digits, ".", "_", "@", ":" and "-"';

export function isWorkloadName(text: string): boolean {
  return form.test(text);
}

/** The base name of a program, where auraed would take that as the name of an executable. */
export function nameOfProgram(program: string): string | undefined {
  const name = basename(program);
  return isWorkloadName(name) ? name : undefined;
}
