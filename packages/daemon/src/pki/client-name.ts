import { InvalidSpecError } from '@aurae/proto';

const pattern = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** A client name becomes part of a file name and of a SPIFFE id, so it is kept to what is plain in both. */
export function isClientName(name: string): boolean {
  return pattern.test(name) && !name.includes('..');
}

export function assertClientName(name: string): void {
  if (!isClientName(name)) {
    throw new InvalidSpecError(
      `Cannot use ${JSON.stringify(name)} as a client name: give 1 to 63 characters of a-z, 0-9, ".", "_" and "-" ` +
        'that start with a letter or digit and hold no ".."',
    );
  }
}
