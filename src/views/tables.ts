/**
 * The tables of a projection in SQLite. Each generation of a view has its own (`sessions_3`); readers ask the plain name,
 * an SQL view that a switch points at another generation.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { ColumnType, Projection, TableSchema } from '../../projections/projection.ts'

/** `"from"`: names come from the schemas, never from people, and some are SQL words. */
const quoted = (name: string): string => `"${name}"`
const list = (names: readonly string[]): string => names.map(quoted).join(', ')

export const tableName = (table: string, generation: number): string => `${table}_${generation}`

const columnTypes: Readonly<Record<ColumnType, string>> = {
  text: 'TEXT',
  number: 'INTEGER',
  count: 'INTEGER NOT NULL DEFAULT 0',
}

const createTable = (name: string, { key, columns, computed = {} }: TableSchema): string => {
  const stored = Object.entries(columns).map(([column, type]) => `${quoted(column)} ${columnTypes[type]}`)
  const reckoned = Object.entries(computed).map(([column, sql]) => `${quoted(column)} AS (${sql}) VIRTUAL`)
  const lines = [...stored, ...reckoned, `PRIMARY KEY (${list(key)})`]
  return `CREATE TABLE ${quoted(name)} (${lines.join(', ')}) WITHOUT ROWID`
}

type Index = { readonly name: string; readonly sql: string }

const indexOn = (table: string, columns: readonly string[], rows = ''): Index => {
  const name = `${table}_by_${columns.join('_')}`
  return {
    name,
    sql: `CREATE INDEX IF NOT EXISTS ${quoted(name)} ON ${quoted(table)} (${list(columns)})${rows}`,
  }
}

const indexesOf = (table: string, { indexes = [], sparse = [] }: TableSchema): readonly Index[] => [
  ...indexes.map((columns) => indexOn(table, columns)),
  ...sparse.map((columns) => indexOn(table, columns, ` WHERE ${quoted(columns[0]!)} IS NOT NULL`)),
]

/** Without its indexes: a view that reads a long log first and sorts its rows then is there twice as early. */
export const createTables = (db: DatabaseSync, { tables }: Projection, generation: number): void => {
  for (const [table, schema] of Object.entries(tables)) {
    db.exec(createTable(tableName(table, generation), schema))
  }
}

const indexExists = `SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = :name`

/** Statements that make the indexes this generation has not got yet. */
export const missingIndexes = (
  db: DatabaseSync,
  { tables }: Projection,
  generation: number,
): readonly string[] =>
  Object.entries(tables)
    .flatMap(([table, schema]) => indexesOf(tableName(table, generation), schema))
    .filter(({ name }) => db.prepare(indexExists).get({ name }) === undefined)
    .map(({ sql }) => sql)

/** Points the plain names at this generation. */
export const showTables = (db: DatabaseSync, { tables }: Projection, generation: number): void => {
  for (const table of Object.keys(tables)) {
    db.exec(`DROP VIEW IF EXISTS ${quoted(table)}`)
    db.exec(`CREATE VIEW ${quoted(table)} AS SELECT * FROM ${quoted(tableName(table, generation))}`)
  }
}

const tablesOfGeneration = `
  SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE '%\\_' || :generation ESCAPE '\\'
`
const shownBy = `SELECT name FROM sqlite_schema WHERE type = 'view' AND sql LIKE '%"' || :table || '"'`

/** Generations are numbered over all views, so the number alone names a generation's tables, whoever made them. */
export const dropTables = (db: DatabaseSync, generation: number): void => {
  const tables = db.prepare(tablesOfGeneration).all({ generation: String(generation) })
  for (const { name: table } of tables) {
    const shown = db.prepare(shownBy).all({ table: String(table) })
    for (const { name } of shown) db.exec(`DROP VIEW ${quoted(String(name))}`)
    db.exec(`DROP TABLE ${quoted(String(table))}`)
  }
}

export const selectRow = (name: string, { key, columns }: TableSchema): string =>
  `SELECT ${list(Object.keys(columns))} FROM ${quoted(name)} WHERE ${key.map((column) => `${quoted(column)} = ?`).join(' AND ')}`

export const selectRows = (name: string, { key, columns }: TableSchema): string =>
  `SELECT ${list(Object.keys(columns))} FROM ${quoted(name)} ORDER BY ${list(key)}`

export const deleteRow = (name: string, { key }: TableSchema): string =>
  `DELETE FROM ${quoted(name)} WHERE ${key.map((column) => `${quoted(column)} = ?`).join(' AND ')}`

export const deleteOlder = (name: string, column: string): string =>
  `DELETE FROM ${quoted(name)} WHERE ${quoted(column)} < ?`

/** Writes a whole row over an older one of the same key, leaving index entries alone that did not change. */
export const writeRow = (name: string, { key, columns }: TableSchema): string => {
  const all = Object.keys(columns)
  const others = all.filter((column) => !key.includes(column))
  const sets = others.map((column) => `${quoted(column)} = excluded.${quoted(column)}`)
  const onConflict = others.length === 0 ? 'DO NOTHING' : `DO UPDATE SET ${sets.join(', ')}`
  return `INSERT INTO ${quoted(name)} (${list(all)}) VALUES (${all.map(() => '?').join(', ')}) ON CONFLICT (${list(key)}) ${onConflict}`
}
