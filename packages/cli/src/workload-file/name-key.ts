import type { Table } from './table.js';

/** Kept as it is, so that what early clients enabled can be exported, too: they give a command and no name. */
export function readName(table: Table): { readonly meta?: { readonly name: string } } {
  const name = table.text('name');
  return name === '' ? {} : { meta: { name } };
}
