import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import Database from 'libsql/promise';

/** As SQLite has it, a blob as bytes. */
export type SqliteRow = Readonly<Record<string, string | number | null | Uint8Array<ArrayBuffer>>>;

/** How long to wait for another program that writes to the same file, such as sqlite3(1). Waits on another thread. */
const busyTimeoutMs = 2000;

/**
 * A connection that writes, by text alone: libsql runs that off the event loop, where it runs prepared statements on it.
 * And it finalizes statements only when they are collected, so that a connection with statements is closed at some later
 * moment, and may then remove the log of a file that has taken the place of its own.
 */
export class SqliteWriter implements AsyncDisposable {
  private closing: Promise<void> | undefined;

  private constructor(private readonly database: Database) {}

  static async open(path: string): Promise<SqliteWriter> {
    const writer = new SqliteWriter(new Database(path, {}));
    try {
      await writer.execute(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    } catch (error) {
      await writer[Symbol.asyncDispose]();
      throw error;
    }
    return writer;
  }

  get inTransaction(): boolean {
    return (this.database as unknown as { readonly inTransaction: boolean }).inTransaction;
  }

  /** Any number of statements; the first that fails is the last. Rows are dropped. One call at a time. */
  async execute(sql: string): Promise<void> {
    await (this.database.exec(sql) as Promise<unknown>);
  }

  /**
   * Twice is harmless.
   *
   * libsql tells that a statement has ended a moment before the thread that ran it lets go of the connection. If that is
   * the last to let go, it closes the connection there, and does so twice: in between, one that is opened here may have
   * got the same memory, and is closed instead ("bad parameter or other API misuse"). So the thread goes first.
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.closing ??= this.close();
    return this.closing;
  }

  private async close(): Promise<void> {
    // Waits for the lock that the thread holds; after that, it has but its share to drop.
    void this.inTransaction;
    await setImmediate();
    this.database.close();
  }
}

/**
 * A connection that only reads. Its descriptors are given back once its statements are collected; it never removes a
 * file then, since it may not lock one for writing.
 */
export class SqliteReader implements Disposable {
  private readonly database: Database;
  private lastRead: Promise<unknown> = Promise.resolve();

  /** A file in WAL mode has to be open for writing already. */
  constructor(path: string) {
    this.database = new Database(`file:${pathToFileURL(path).pathname}?mode=ro`, {});
  }

  rows(sql: string): Promise<SqliteRow[]> {
    // One after the other, so that a long one does not keep many threads.
    const rows = this.lastRead.then(() => rowsOf(this.database, sql));
    this.lastRead = rows.catch(() => undefined);
    return rows;
  }

  [Symbol.dispose](): void {
    this.database.close();
  }
}

/** Asks a database that is made for this question only. */
export async function rowsInMemory(setup: string, sql: string): Promise<SqliteRow[]> {
  const database = new Database(':memory:', {});
  try {
    await (database.exec(setup) as Promise<unknown>);
    return await rowsOf(database, sql);
  } finally {
    database.close();
  }
}

interface Statement {
  /** Parameters in an array, always: libsql ends the process over a lone object. */
  all(parameters: readonly string[]): Promise<Readonly<Record<string, LibsqlValue>>[]>;
}

type LibsqlValue = string | number | null | ArrayBuffer;

async function rowsOf(database: Database, sql: string): Promise<SqliteRow[]> {
  const statement = (await (database.prepare(sql) as Promise<unknown>)) as Statement;
  const rows = await statement.all([]);
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])));
}

function plain(value: LibsqlValue): SqliteRow[string] {
  return value instanceof ArrayBuffer ? new Uint8Array(value) : value;
}
