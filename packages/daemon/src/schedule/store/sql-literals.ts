// Statements are sent as text (see SqliteWriter); no value may make one of them fail or mean something else.

/** NUL would end the statement. */
const nul = '\0';

export function sqlText(value: string): string {
  if (value.includes(nul)) return `CAST(${sqlBlob(Buffer.from(value))} AS TEXT)`;
  return `'${value.replaceAll("'", "''")}'`;
}

export function sqlBlob(value: Uint8Array): string {
  return `X'${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}'`;
}

export function sqlInteger(value: number): string {
  return String(storableInteger(value));
}

/** The nearest integer that is safe in JavaScript, too. */
export function storableInteger(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(Number.MIN_SAFE_INTEGER, Math.round(value)));
}

/**
 * Selects a text, as bytes: of a text itself, libsql drops what follows a NUL, and it ends the process over one that is not
 * UTF-8, as in a damaged file.
 */
export function textBytes(column: string, name = column): string {
  return `CAST(${column} AS BLOB) AS ${name}`;
}
