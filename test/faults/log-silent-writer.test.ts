/**
 * A writer that stops answering. Here it waits for a lock that another connection holds on the file, as it would wait for
 * a disk that hangs; nothing in the log knows that it is being tested.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it, type TestContext } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { LogOverloaded, LogUnavailable } from '../../src/log/port.ts'
import { append, directoryFor, event, openLogFor, positionsIn } from './log-place.ts'

/** Keeps the writer waiting until it is called. */
const holdWriter = (test: TestContext, directory: string): (() => void) => {
  const holder = new DatabaseSync(join(directory, 'log.sqlite'), { timeout: 1000 })
  holder.exec('BEGIN IMMEDIATE')
  test.after(() => holder.isOpen && holder.close())
  return () => holder.close()
}
const patient = { lockTimeout: 60_000 }
/** Milliseconds to wait for in a test, in which a slow disk still takes an event. */
const aWhile = 2_000

describe('a writer that does not answer', () => {
  it('fails what was sent and what waits, and refuses the rest at once', async (test) => {
    const directory = await directoryFor(test)
    const log = await openLogFor(test, { directory, answerWithin: aWhile, ...patient })
    await log.append(append('test-a', -1))
    const release = holdWriter(test, directory)
    const sent = log.append(append('test-a', 0))
    await new Promise((resolve) => setImmediate(resolve))
    const waits = log.append(append('test-b', -1))
    await Promise.all([assert.rejects(sent, LogUnavailable), assert.rejects(waits, LogUnavailable)])
    await assert.rejects(log.append(append('test-c', -1)), LogUnavailable)
    release()
  })

  it('is used again when it answers late; only what it had was written', async (test) => {
    const directory = await directoryFor(test)
    const log = await openLogFor(test, { directory, answerWithin: aWhile, ...patient })
    const release = holdWriter(test, directory)
    const sent = log.append(append('test-a', -1))
    await new Promise((resolve) => setImmediate(resolve))
    const waits = log.append(append('test-b', -1))
    await Promise.allSettled([sent, waits])
    const late = log.subscribe(0)[Symbol.asyncIterator]()
    const first = late.next()
    release()
    assert.equal((await first).value?.[0]?.stream, 'test-a')
    await late.return?.()
    assert.equal(log.waiting, 0)
    await log.append(append('test-a', 0))
    assert.deepEqual(await log.streams('test-'), ['test-a'])
    assert.deepEqual(await positionsIn(log), [1, 2])
  })

  it('is not given more than the limit', async (test) => {
    const directory = await directoryFor(test)
    const log = await openLogFor(test, { directory, waitingLimit: 100_000, ...patient })
    const release = holdWriter(test, directory)
    const large = () => [event({ text: 'x'.repeat(10_000) })]
    const taken: Promise<unknown>[] = []
    while (log.waiting <= 100_000) taken.push(log.append(append(`test-${taken.length}`, -1, large())))
    await assert.rejects(log.append(append('test-refused', -1, large())), LogOverloaded)
    assert.ok(log.waiting > 100_000 && log.waiting < 120_000, String(log.waiting))
    release()
    await Promise.all(taken)
    assert.equal(log.waiting, 0)
    await log.append(append('test-more', -1, large()))
  })
})

describe('a writer whose thread ends', () => {
  it('fails what waits, and says so to whoever comes', async (test) => {
    const directory = await directoryFor(test)
    const started = new Promise<Worker>((resolve) => process.once('worker', resolve))
    const log = await openLogFor(test, { directory })
    await log.append(append('test-a', -1))
    const sent = log.append(append('test-a', 0))
    const rejected = assert.rejects(sent, LogUnavailable)
    void (await started).terminate()
    await rejected
    await assert.rejects(log.append(append('test-b', -1)), {
      name: 'LogUnavailable',
      message: /writer of the log has ended/,
    })
    assert.equal(log.waiting, 0)
  })
})
