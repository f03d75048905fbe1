/** One byte of the file is another than was written: reading says so, and where. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it, type TestContext } from 'node:test'
import { LogDamaged, type LogReader } from '../../src/log/port.ts'
import { openSqliteLog, openSqliteReader } from '../../src/log/sqlite/index.ts'
import { directoryFor, event, positionsIn } from './log-place.ts'

const rows = 60
const inRow = 4
const marker = (row: number): string => `mark ${String(row).padStart(4, '0')} here`

/** A closed log of rows of four events, each with its marker; the path of its file. */
const writtenLog = async (test: TestContext): Promise<{ directory: string; path: string }> => {
  const directory = await directoryFor(test)
  const log = await openSqliteLog({ directory })
  for (let row = 0; row < rows; row++) {
    const events = Array.from({ length: inRow }, () => event({ text: marker(row), filling: 'x'.repeat(500) }))
    await log.append([{ stream: `test-${row % 7}`, expected: Math.floor(row / 7) * inRow - 1, events }])
  }
  await log.close()
  return { directory, path: join(directory, 'log.sqlite') }
}

const readUntilDamage = async (reader: LogReader, after = 0) => {
  const read: number[] = []
  try {
    for await (const page of reader.readAll(after)) read.push(...page.map(({ position }) => position))
    return { read, damage: null }
  } catch (error) {
    assert.ok(error instanceof LogDamaged, String(error))
    return { read, damage: error }
  }
}

const readWhole = async (pages: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of pages);
}

const alter = (path: string, at: number): void => {
  const bytes = readFileSync(path)
  bytes[at]! ^= 0x01
  writeFileSync(path, bytes)
}

/** The last one: SQLite may have left an older copy of a row where it lay before. */
const placeOf = (text: string, path: string): number => readFileSync(path).lastIndexOf(text) + 3

describe('a log with one byte changed', () => {
  for (const row of [0, 17, rows - 1])
    it(`is read up to row ${row}, which is named by its position`, async (test) => {
      const { directory, path } = await writtenLog(test)
      alter(path, placeOf(marker(row), path))
      const reader = openSqliteReader({ directory })
      const first = row * inRow + 1
      const { read, damage } = await readUntilDamage(reader)
      assert.equal(damage?.position, first)
      assert.match(damage.message, new RegExp(`damaged at position ${first}: .*test-${row % 7}`))
      assert.equal(read.length, first - 1)
      await assert.rejects(readWhole(reader.readStream(`test-${row % 7}`)), {
        name: 'LogDamaged',
        position: first,
      })
      await reader.close()
    })

  it('can be read on from each position that was named, and only the row itself is lost', async (test) => {
    const { directory, path } = await writtenLog(test)
    alter(path, placeOf(marker(20), path))
    const reader = openSqliteReader({ directory })
    const all: number[] = []
    const named: number[] = []
    for (let after = 0; after < rows * inRow; ) {
      const { read, damage } = await readUntilDamage(reader, after)
      all.push(...read)
      if (damage) named.push(damage.position)
      after = damage?.position ?? Infinity
    }
    assert.deepEqual(named, [81, 82, 83, 84])
    assert.equal(all.length, (rows - 1) * inRow)
    await reader.close()
  })

  it('is looked back through to the row that is damaged, and no further', async (test) => {
    const { directory, path } = await writtenLog(test)
    alter(path, placeOf(marker(17), path))
    const reader = openSqliteReader({ directory })
    const seen: number[] = []
    const looking = async (): Promise<void> => {
      for await (const { events } of reader.pieces({ order: 'newest', from: Infinity }))
        seen.push(...events.map(({ position }) => position))
    }
    await assert.rejects(looking(), { name: 'LogDamaged', position: 17 * inRow + 1 })
    const behind = 18 * inRow
    assert.deepEqual(
      seen,
      Array.from({ length: rows * inRow - behind }, (_, at) => rows * inRow - at),
    )
    await reader.close()
  })

  it('never passes for whole, whichever byte of the events it is', async (test) => {
    const { directory, path } = await writtenLog(test)
    const whole = readFileSync(path)
    const pageSize = 16_384
    const tablePages = pagesOfRecords(path)
    assert.ok(tablePages.length > 5)
    const told = async (): Promise<string> => {
      try {
        const reader = openSqliteReader({ directory })
        try {
          return JSON.stringify(await contentsOf(reader))
        } finally {
          await reader.close()
        }
      } catch (error) {
        assert.ok(error instanceof LogDamaged, String(error))
        return 'damaged'
      }
    }
    const before = await told()
    let found = 0
    // Bytes from all over every page that holds records: headers, cell pointers, bodies, free room.
    for (const page of tablePages)
      for (let at = 0; at < pageSize; at += 389) {
        const bytes = Buffer.from(whole)
        bytes[(page - 1) * pageSize + at]! ^= 0x10
        writeFileSync(path, bytes)
        const after = await told()
        // A byte nobody reads may change; what is read is right or refused.
        assert.ok(after === before || after === 'damaged', `byte ${at} of page ${page} changed what is read`)
        if (after === 'damaged') found++
      }
    assert.ok(found > tablePages.length * 5, `only ${found} were found`)
  })

  it('names the place where the file itself cannot be read', async (test) => {
    const { directory, path } = await writtenLog(test)
    const bytes = readFileSync(path)
    const pages = pagesOfRecords(path)
    const at = (pages[3]! - 1) * 16_384
    bytes.fill(0xff, at, at + 16)
    writeFileSync(path, bytes)
    const reader = openSqliteReader({ directory })
    const { read, damage } = await readUntilDamage(reader)
    assert.ok(damage)
    assert.equal(damage.position, read.length + 1)
    assert.ok(read.length > 0)
    await reader.close()
  })

  it('is not opened when it is no log at all', async (test) => {
    const { directory, path } = await writtenLog(test)
    alter(path, 2)
    assert.throws(() => openSqliteReader({ directory }), { name: 'LogDamaged' })
    await assert.rejects(openSqliteLog({ directory }), { name: 'LogDamaged' })
  })
})

describe('a log without a row it had', () => {
  const without = async (test: TestContext, sql: string) => {
    const { directory, path } = await writtenLog(test)
    const database = new DatabaseSync(path)
    database.exec(sql)
    database.close()
    const reader = openSqliteReader({ directory })
    test.after(() => reader.close())
    return reader
  }

  it('shows the hole, in the whole and in the stream', async (test) => {
    const reader = await without(test, 'DELETE FROM records WHERE position = 41')
    const { read, damage } = await readUntilDamage(reader)
    assert.equal(damage?.position, 41)
    assert.equal(read.length, 40)
    const stream = `test-${10 % 7}`
    await assert.rejects(readWhole(reader.readStream(stream)), /revision 4 of stream test-3 is missing/)
  })

  it('shows it also at the beginning', async (test) => {
    const reader = await without(test, 'DELETE FROM records WHERE position = 1')
    assert.equal((await readUntilDamage(reader)).damage?.position, 1)
  })

  it('does not take a row for another', async (test) => {
    const reader = await without(
      test,
      `UPDATE records SET body = (SELECT body FROM records WHERE position = 45),
                          sum = (SELECT sum FROM records WHERE position = 45) WHERE position = 41`,
    )
    assert.equal((await readUntilDamage(reader)).damage?.position, 41)
  })

  it('does not take a stream for another', async (test) => {
    const reader = await without(test, `UPDATE streams SET name = 'test-x' WHERE name = 'test-3'`)
    assert.equal((await readUntilDamage(reader)).damage?.position, 13)
  })

  it('does not take a kind for another', async (test) => {
    const reader = await without(test, `UPDATE kinds SET json = replace(json, 'Noted', 'Other')`)
    assert.equal((await readUntilDamage(reader)).damage?.position, 1)
    assert.deepEqual(await positionsIn(reader).catch(({ name }) => name), 'LogDamaged')
  })
})

const pagesOfRecords = (path: string): number[] => {
  const bytes = readFileSync(path)
  const pages: number[] = []
  for (let page = 1; page <= bytes.length / 16_384; page++) {
    const start = (page - 1) * 16_384
    // A leaf of a table that holds a marker: a page of records.
    if (bytes[start] === 0x0d && bytes.subarray(start, start + 16_384).includes('mark ')) pages.push(page)
  }
  return pages
}

const contentsOf = async (reader: LogReader): Promise<unknown[]> => {
  const all: unknown[] = []
  for await (const page of reader.readAll(0)) all.push(...page)
  assert.equal(all.length, await reader.tail())
  return all
}
