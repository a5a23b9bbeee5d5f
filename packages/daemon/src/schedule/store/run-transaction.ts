import type { SqliteWriter } from './sqlite-connection.js';

/** libsql takes time for each statement in proportion to the text that follows it. */
const pieceLength = 64 * 1024;

/** All or nothing; resolves once it is on the disk. Whatever happens, no transaction is open afterwards. */
export async function runTransaction(writer: SqliteWriter, statements: Iterable<string>): Promise<void> {
  try {
    let piece = 'BEGIN IMMEDIATE;';
    for (const statement of statements) {
      piece += statement;
      if (piece.length < pieceLength) continue;
      await writer.execute(piece);
      piece = '';
    }
    await writer.execute(`${piece}COMMIT`);
  } catch (error) {
    await endTransaction(writer);
    throw error;
  }
}

/** A full disk may have ended it already. */
export async function endTransaction(writer: SqliteWriter): Promise<void> {
  // One that stays open nevertheless makes the next BEGIN fail, and is ended then.
  if (writer.inTransaction) await writer.execute('ROLLBACK').catch(() => undefined);
}
