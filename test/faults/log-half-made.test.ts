/** A process that ended while it made the log: what it left is no log, keeps nobody from making one, and is no reason for a stack trace. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { hasLog } from '../../src/log/open.ts'
import { fsmtp, workplace } from '../server.ts'
import { directoryFor, openLogFor } from './log-place.ts'

const remains: Readonly<Record<string, string | null>> = {
  'an empty file': null,
  'a file without tables': 'PRAGMA journal_mode = WAL',
  'a file with some of its tables':
    'PRAGMA journal_mode = WAL; CREATE TABLE streams (key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, head INTEGER NOT NULL, sum INTEGER NOT NULL)',
}

/** Closed as a crash closes it: what stands in the WAL may stay there. */
const leave = (directory: string, left: string | null): void => {
  mkdirSync(directory, { recursive: true })
  const file = join(directory, 'log.sqlite')
  if (left === null) writeFileSync(file, '')
  else {
    const database = new DatabaseSync(file)
    database.exec(left)
    database.close()
  }
}

for (const [what, left] of Object.entries(remains))
  test(`${what} is no log, until somebody makes it one`, async (t) => {
    const directory = await directoryFor(t)
    const place = { data: directory, log: 'sqlite' }
    assert.equal(hasLog(place), false)
    leave(directory, left)
    assert.equal(hasLog(place), false)
    await openLogFor(t, { directory })
    assert.equal(hasLog(place), true)
  })

test('a file that is no database is there, so that its damage is told', async (t) => {
  const directory = await directoryFor(t)
  writeFileSync(join(directory, 'log.sqlite'), 'x'.repeat(4096))
  assert.equal(hasLog({ data: directory, log: 'sqlite' }), true)
})

test('commands say that there is no log; an import makes one', async () => {
  const folder = workplace()
  leave(join(folder, 'data'), remains['a file with some of its tables']!)
  const asked = await fsmtp(folder, ['events'])
  assert.equal(asked.code, 1)
  assert.match(asked.stderr, /^fsmtp: there is no mail log in /)
  const history = '{"format":"fsmtp-history","version":1}\n'
  const imported = await fsmtp(folder, ['import', '-'], { input: history })
  assert.deepEqual([imported.code, imported.stderr], [0, ''])
  assert.ok(existsSync(join(folder, 'data', 'log.sqlite')))
})
