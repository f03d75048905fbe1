/** Words that are looked for in what lists show. */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { foldedBeside } from '../../machines/vocabulary/folded.ts'
import { saysWords, wordValues } from '../../src/views/answers/words.ts'

const subjects = [
  'Your invoice 4711',
  'Invoice 47, yours',
  'Rechnung für Äpfel',
  'ÜBER DIE STRASSE',
  '100% of it',
  'a "quoted" word',
  '',
]

const found = (typed: string): readonly string[] => {
  const db = new DatabaseSync(':memory:')
  db.exec('CREATE TABLE mail (subject TEXT, subjectFolded TEXT)')
  const insert = db.prepare('INSERT INTO mail VALUES (?, ?)')
  for (const subject of subjects) insert.run(subject, foldedBeside(subject))
  const rows = db
    .prepare(`SELECT subject FROM mail WHERE ${saysWords('word', 'subject')}`)
    .all(wordValues('word', typed))
  db.close()
  return rows.map(({ subject }) => String(subject))
}

const table: readonly (readonly [typed: string, found: readonly string[]])[] = [
  ['INVOICE your', ['Your invoice 4711', 'Invoice 47, yours']],
  ['4711 invoice', ['Your invoice 4711']],
  ['"invoice 47"', ['Your invoice 4711', 'Invoice 47, yours']],
  ['"invoice 47,"', ['Invoice 47, yours']],
  ['inv*47', ['Your invoice 4711', 'Invoice 47, yours']],
  ['äpfel', ['Rechnung für Äpfel']],
  ['ÄPFEL FÜR', ['Rechnung für Äpfel']],
  ['straße über', ['ÜBER DIE STRASSE']],
  ['100%', ['100% of it']],
  ['%', ['100% of it']],
  ['_', []],
  ['"quoted', ['a "quoted" word']],
  // Nobody sees it, and nothing says it.
  ['\u200b', []],
  ['a b c d e f', []],
  ['nobody', []],
]
for (const [typed, expected] of table)
  test(`${JSON.stringify(typed)} is looked for`, () => {
    assert.deepEqual(found(typed), expected)
  })

test('more words than are looked for one by one are looked for together', () => {
  assert.deepEqual(Object.values(wordValues('word', 'a b c d e f')), ['a', 'b', 'c', 'd e f'])
  assert.deepEqual(Object.values(wordValues('word', undefined)), [null, null, null, null])
})
