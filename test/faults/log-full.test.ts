import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { ContentFull } from '../../src/content/port.ts'
import { openContentStore } from '../../src/content/store.ts'
import { type EventLog, LogFull } from '../../src/log/port.ts'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'
import { append, event, positionsIn, upTo } from './log-place.ts'
import { cannotMount, type SmallDisk, smallDisk } from './small-disk.ts'

const large = () => [event({ text: 'x'.repeat(50_000) })]

/** Appends until there is no room; how many were acknowledged. */
const fillLog = async (log: EventLog, name: string): Promise<number> => {
  for (let count = 0; count < 10_000; count++) {
    try {
      await log.append(append(`test-${name}${count}`, -1, large()))
    } catch (error) {
      assert.ok(error instanceof LogFull, String(error))
      return count
    }
  }
  throw new Error('this disk never gets full')
}

const openOn = async (disk: SmallDisk): Promise<EventLog> => {
  const log = await openSqliteLog({ directory: join(disk.directory, 'data') })
  disk.closing(() => log.close())
  return log
}
const opened = async (test: TestContext) => {
  const disk = smallDisk(test, { megabytes: 16 })
  return { disk, log: await openOn(disk) }
}

describe('a full disk', () => {
  it('refuses appends, keeps what it has, and goes on when there is room', {
    skip: cannotMount,
  }, async (test) => {
    const { disk, log } = await opened(test)
    disk.fill(2_000_000)
    const stored = await fillLog(log, 'a')
    assert.ok(stored > 5)
    assert.deepEqual(await positionsIn(log), upTo(stored))
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, (_, n) => log.append(append(`test-b${n}`, -1, large()))),
    )
    for (const outcome of outcomes)
      assert.ok(outcome.status === 'rejected' && outcome.reason instanceof LogFull)
    assert.deepEqual(await log.streams('test-b'), [])
    disk.makeRoom()
    for (let n = 0; n < 20; n++) await log.append(append(`test-c${n}`, -1, large()))
    assert.deepEqual(await positionsIn(log), upTo(stored + 20))
  })

  it('loses no kind of event that was first used when it was full', { skip: cannotMount }, async (test) => {
    const { disk, log } = await opened(test)
    const fresh = { type: 'NeverSeen', version: 1, meta: {} }
    disk.fill(500_000)
    const stored = await fillLog(log, 'a')
    await assert.rejects(log.append(append('test-b', -1, [{ ...large()[0]!, kind: fresh }])), LogFull)
    disk.makeRoom()
    await log.append(append('test-b', -1, [{ ...event(), kind: fresh }]))
    await log.close()
    const again = await openOn(disk)
    for await (const page of again.readAll(stored)) assert.equal(page[0]?.type, 'NeverSeen')
  })

  it('can be closed and opened again while it is full', { skip: cannotMount }, async (test) => {
    const { disk, log } = await opened(test)
    disk.fill(2_000_000)
    const stored = await fillLog(log, 'a')
    await log.close()
    const again = await openOn(disk)
    assert.deepEqual(await positionsIn(again), upTo(stored))
    disk.makeRoom()
    await again.append(append('test-b', -1, large()))
    assert.deepEqual(await positionsIn(again), upTo(stored + 1))
  })

  it('refuses large bodies, keeps nothing of them, and goes on', { skip: cannotMount }, async (test) => {
    const { disk, log } = await opened(test)
    const content = await openContentStore({ directory: join(disk.directory, 'data'), log })
    disk.fill(1_000_000)
    const writer = await content.begin('large1')
    const writeMuch = async () => {
      for (let n = 0; n < 100; n++) await writer.write(Buffer.alloc(100_000))
      await writer.finish()
    }
    await assert.rejects(writeMuch(), ContentFull)
    await assert.rejects(writer.finish(), ContentFull)
    await writer.discard()
    assert.equal(await content.read('large1'), null)
    const small = await content.begin('small1')
    await small.write(Buffer.alloc(500_000, 1))
    const finished = await small.finish()
    assert.equal(await content.verify('small1', finished), 'intact')
  })
})
