import { executableName, InvalidSpecError, type runtime } from '@aurae/proto';

const form = /^[A-Za-z0-9][A-Za-z0-9._@:-]*$/;
const longestName = 128;

/** By what a workload is known. Throws `InvalidSpecError` where it was given a name that cannot be one. */
export function workloadName(request: runtime.Executable): string {
  const given = request.meta?.name ?? '';
  if (given !== '') check(given);
  return executableName(request);
}

function check(name: string): void {
  if (name.length > longestName) {
    throw invalid(`the name has ${name.length} characters; at most ${longestName} are allowed`);
  }
  if (!form.test(name)) {
    throw invalid(
      `the name ${JSON.stringify(name)} is not allowed: it begins with a letter or a digit and goes on with letters, ` +
        'digits and any of ". _ @ : -"',
    );
  }
}

function invalid(problem: string): InvalidSpecError {
  return new InvalidSpecError(`Cannot start the executable: ${problem}`, [
    { field: 'meta.name', description: problem },
  ]);
}
