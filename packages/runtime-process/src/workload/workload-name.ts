import { InvalidSpecError, type runtime } from '@aurae/proto';

const form = /^[A-Za-z0-9][A-Za-z0-9._@:-]*$/;
const longestName = 128;

/**
 * By what a workload is known: the name that it was given, or the command itself for those who give none, as the early
 * clients do. Throws `InvalidSpecError` for a name that cannot be one.
 */
export function workloadName(request: runtime.Executable): string {
  const name = request.meta?.name ?? '';
  if (name !== '') return checkedName(name);
  return request.command === '' ? request.argv.map(quoted).join(' ') : request.command;
}

function checkedName(name: string): string {
  if (name.length > longestName) {
    throw invalid(`the name has ${name.length} characters; at most ${longestName} are allowed`);
  }
  if (!form.test(name)) {
    throw invalid(
      `the name ${JSON.stringify(name)} is not allowed: it begins with a letter or a digit and goes on with letters, ` +
        'digits and any of ". _ @ : -"',
    );
  }
  return name;
}

function invalid(problem: string): InvalidSpecError {
  return new InvalidSpecError(`Cannot start the executable: ${problem}`, [
    { field: 'meta.name', description: problem },
  ]);
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
