/** `ENOENT` and the like; undefined for what is no error of the system. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const shortages = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);

/** Whether the fault lies with the file, so that others may well be readable. Else the host is short of something. */
export function isFaultOfFile(error: unknown): boolean {
  const code = errorCode(error);
  return code !== undefined && !shortages.has(code);
}
