/** What was forgotten is gone from the file, and its hole hides no damage. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it, type TestContext } from 'node:test'
import { backup } from '../../src/log/backup.ts'
import { LogDamaged, type LogReader } from '../../src/log/port.ts'
import { openSqliteReader } from '../../src/log/sqlite/index.ts'
import { directoryFor, event, openLogFor } from './log-place.ts'

const names = Array.from({ length: 8 }, (_, n) => `test-${n}`)

/** Eight streams of three appends of two events each, all in turn; the second to the fifth forgotten. */
const withHoles = async (test: TestContext): Promise<string> => {
  const directory = await directoryFor(test)
  const log = await openLogFor(test, { directory })
  for (let round = 0; round < 3; round++)
    for (const stream of names)
      await log.append([{ stream, expected: round * 2 - 1, events: [event(), event()] }])
  await log.forget({ streams: names.slice(1, 5) })
  await log.close()
  return directory
}

const change = (directory: string, sql: string): void => {
  const database = new DatabaseSync(join(directory, 'log.sqlite'))
  database.exec(sql)
  database.close()
}

const positionsUntilDamage = async (reader: LogReader) => {
  const positions: number[] = []
  try {
    for await (const page of reader.readAll(0)) positions.push(...page.map(({ position }) => position))
    return { positions, damage: null }
  } catch (error) {
    assert.ok(error instanceof LogDamaged, String(error))
    return { positions, damage: error }
  }
}

const read = async (directory: string) => {
  const reader = openSqliteReader({ directory })
  return positionsUntilDamage(reader).finally(() => reader.close())
}

describe('a log with holes', () => {
  it('has one row for each hole, however many streams left it', async (test) => {
    const directory = await withHoles(test)
    const database = new DatabaseSync(join(directory, 'log.sqlite'), { readOnly: true })
    const holes = database.prepare('SELECT position, count FROM records WHERE stream = 0').all()
    database.close()
    assert.deepEqual(
      holes.map(({ position, count }) => [position, count]),
      [
        [3, 8],
        [19, 8],
        [35, 8],
      ],
    )
    const { positions, damage } = await read(directory)
    assert.equal(damage, null)
    assert.equal(positions.length, 24)
  })

  it('shows a row that is missing beside one', async (test) => {
    const directory = await withHoles(test)
    change(directory, 'DELETE FROM records WHERE position = 11')
    const { positions, damage } = await read(directory)
    assert.deepEqual(positions, [1, 2])
    assert.equal(damage?.position, 11)
  })

  it('shows a hole that was made larger, or somewhere else', async (test) => {
    const directory = await withHoles(test)
    change(
      directory,
      'DELETE FROM records WHERE position = 1; UPDATE records SET position = 1 WHERE position = 3',
    )
    const { damage } = await read(directory)
    assert.ok(damage !== null)
  })

  it('is copied with its holes', async (test) => {
    const directory = await withHoles(test)
    const target = join(directory, 'copy')
    const copied = await backup({ directory, target })
    assert.deepEqual([copied.events, copied.damage], [24, null])
  })

  it('goes on after it is opened again, and after its last events were forgotten', async (test) => {
    const directory = await withHoles(test)
    const log = await openLogFor(test, { directory })
    await log.forget({ streams: ['test-7'] })
    const { position } = await log.append([{ stream: 'test-6', expected: 5, events: [event()] }])
    assert.equal(position, 49)
    await log.close()
    const again = await openLogFor(test, { directory })
    const next = await again.append([{ stream: 'test-8', expected: -1, events: [event()] }])
    assert.equal(next.position, 50)
    await again.close()
    assert.equal((await read(directory)).damage, null)
  })
})

it('what was forgotten is not left lying in the file', async (test) => {
  const directory = await directoryFor(test)
  const log = await openLogFor(test, { directory })
  const secret = 'a word that is nowhere else'
  await log.append([
    {
      stream: 'test-1',
      expected: -1,
      events: [event({ secret })],
      contents: [{ id: 'body', bytes: Buffer.from(secret.repeat(2000)) }],
    },
  ])
  await log.append([{ stream: 'test-2', expected: -1, events: [event()] }])
  await log.forget({ streams: ['test-1'], contents: ['body'] })
  await log.close()
  assert.equal(readFileSync(join(directory, 'log.sqlite')).indexOf(secret), -1)
})
