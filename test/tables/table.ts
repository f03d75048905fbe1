/**
 * Truth tables in Markdown that are the test: every row of a section is one test, named after its line.
 *
 * In a cell, text between backticks is meant as it stands, with these signs for what cannot be seen: `␀ ␉ ␊ ␍ ␛` are
 * the control characters they show, `⟨200B⟩` is a code point, `a⟨×65⟩` is the character before, 65 times over, and
 * `\|` is a bar. A cell without backticks is a word for the test to understand.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

export type Row = {
  /** The cell's text without its backticks; '' for an empty cell. @throws for a column the table does not have. */
  readonly cell: (column: string) => string
  readonly line: number
}

const signs: Readonly<Record<string, string>> = { '␀': '\0', '␉': '\t', '␊': '\n', '␍': '\r', '␛': '\x1b' }

const meant = (cell: string): string => {
  const quoted = /^`(.*)`$/su.exec(cell)
  if (!quoted) return cell
  return quoted[1]!
    .replace(/⟨([0-9A-F]{2,6})⟩/gu, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 16)))
    .replace(/(.)⟨×(\d+)⟩/gsu, (_, char: string, times: string) => char.repeat(Number(times)))
    .replace(/[␀␉␊␍␛]/gu, (sign) => signs[sign]!)
}

const cellsOf = (line: string): string[] =>
  line
    .replace(/^\||\|\s*$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'))

const rowOf = (columns: readonly string[], cells: readonly string[], line: number): Row => {
  assert.equal(cells.length, columns.length, `line ${line} has ${cells.length} cells, not ${columns.length}`)
  const cell = (column: string): string => {
    const at = columns.indexOf(column)
    assert.notEqual(at, -1, `there is no column "${column}"`)
    return meant(cells[at]!)
  }
  return { cell, line }
}

/** The rows of the table under the heading `## section`. @throws when there is none. */
export const rowsOf = (file: URL, section: string): readonly Row[] => {
  const lines = readFileSync(file, 'utf8').split('\n')
  const heading = lines.indexOf(`## ${section}`)
  assert.notEqual(heading, -1, `${file.pathname} has no section "${section}"`)
  const head = lines.findIndex((line, at) => at > heading && line.startsWith('|'))
  const rows: Row[] = []
  for (let at = head + 2; lines[at]?.startsWith('|'); at++) {
    rows.push(rowOf(cellsOf(lines[head]!), cellsOf(lines[at]!), at + 1))
  }
  assert.ok(rows.length > 0, `section "${section}" of ${file.pathname} has no rows`)
  return rows
}

/** One test for each row of a section. */
export const eachRow = (file: URL, section: string, check: (row: Row) => void): void => {
  const name = file.pathname.slice(file.pathname.lastIndexOf('/') + 1)
  for (const row of rowsOf(file, section)) test(`${name}:${row.line} ${section}`, () => check(row))
}
