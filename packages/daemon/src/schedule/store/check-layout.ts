import { isDeepStrictEqual } from 'node:util';
import type { Migration } from './migrations.js';
import { textBytes } from './sql-literals.js';
import { rowsInMemory, type SqliteReader } from './sqlite-connection.js';
import { DamagedContentsError } from './store-contents.js';

/** As it is understood, and not as it is written: another version of SQLite may write it in another way. */
const layout = `
  SELECT ${textBytes('tables.name', 'place')}, ${textBytes('columns.name', 'name')}, ${textBytes('columns.type', 'type')},
    columns."notnull" AS constrained, columns.pk AS position
  FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
  WHERE tables.type = 'table'
  UNION ALL
  SELECT CAST(tables.name AS BLOB), CAST(columns.name AS BLOB), CAST(indexes.name AS BLOB), indexes."unique", columns.seqno
  FROM sqlite_schema AS tables, pragma_index_list(tables.name) AS indexes, pragma_index_info(indexes.name) AS columns
  WHERE tables.type = 'table'
  ORDER BY 1, 2, 3, 4, 5`;

/** Checks that tables and indexes are those that the migrations make: their names are not covered by any other check. */
export async function checkLayout(reader: SqliteReader, migrations: readonly Migration[]): Promise<void> {
  const expected = await rowsInMemory(migrations.map((migration) => migration()).join(';'), layout);
  if (isDeepStrictEqual(await reader.rows(layout), expected)) return;
  throw new DamagedContentsError('its tables are not those that were made');
}
