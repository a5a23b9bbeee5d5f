import { basename } from 'node:path';

const form = /^[A-Za-z0-9][A-Za-z0-9._@:-]{0,127}$/;

/** The base name of a program, where auraed would take that as the name of an executable. */
export function nameOfProgram(program: string): string | undefined {
  const name = basename(program);
  return form.test(name) ? name : undefined;
}
