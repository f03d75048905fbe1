/** Who waits for whom while messages are taken apart. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { type Asked, type Job, type OpenerOptions, opener } from '../../src/opening/index.ts'
import { Line, TooManyWaiting, type Waiting } from '../../src/opening/line.ts'

const told = { kind: 'told' } as const
const large = 1024 * 1024

const house = (t: TestContext, options: OpenerOptions = {}) => {
  const { open, close } = opener(options)
  t.after(close)
  return (message: string, { job = told, ...asked }: Partial<Asked> & { readonly job?: Job } = {}) =>
    open(job, { message, size: 10, body: async () => Readable.from([Buffer.from('\r\nhello')]), ...asked })
}

/** A body that comes when it is let, and whether it was asked for. */
const held = () => {
  const { promise, resolve } = Promise.withResolvers<Readable>()
  const told = {
    asked: 0,
    body: (): Promise<Readable> => {
      told.asked++
      return promise
    },
    let: (): void => resolve(Readable.from([Buffer.from('\r\nhello')])),
  }
  return told
}

const reason = new Error('the client has gone')

test('who waited and left is dropped, without its mail being read', async (t) => {
  const open = house(t, { threads: 1 })
  const [first, second] = [held(), held()]
  const gone = new AbortController()
  const running = open('first', first)
  const waiting = open('second', { body: second.body, signal: gone.signal })
  gone.abort(reason)
  await assert.rejects(waiting, reason)
  first.let()
  await running
  await open('third')
  assert.equal(second.asked, 0)
})

test('who leaves while its mail is read, or taken apart, leaves its place to the next', async (t) => {
  const open = house(t, { threads: 1, patience: 600_000 })
  const first = held()
  const gone = new AbortController()
  const reading = open('first', { body: first.body, signal: gone.signal })
  gone.abort(reason)
  await assert.rejects(reading, reason)
  await open('second')
  // The thread is at work by the time the body has been read; it is ended, and there is another.
  const left = new AbortController()
  const body = async (): Promise<Readable> =>
    Readable.from(
      (async function* () {
        yield Buffer.from(`\r\n${'x'.repeat(30_000_000)}`)
        setImmediate(() => left.abort(reason))
      })(),
    )
  await assert.rejects(open('third', { body, signal: left.signal }), reason)
  await open('fourth')
  await assert.rejects(open('fifth', { signal: AbortSignal.abort(reason) }), reason)
})

test('several who ask for the same are answered by one reading, as long as one of them waits', async (t) => {
  const open = house(t)
  const one = held()
  const gone = new AbortController()
  const asking = [open('one', one), open('one', one), open('one', { ...one, signal: gone.signal })]
  gone.abort(reason)
  await assert.rejects(asking[2]!, reason)
  one.let()
  const [first, second] = await Promise.all(asking.slice(0, 2))
  assert.equal(first, second)
  assert.equal(one.asked, 1)
})

test('one mail does not hold both threads, whatever is asked of it', async (t) => {
  const open = house(t)
  const [asTold, asHtml] = [held(), held()]
  const both = [open('one', asTold), open('one', { body: asHtml.body, job: { kind: 'html' } })]
  await open('another')
  assert.deepEqual([asTold.asked, asHtml.asked], [1, 0])
  asTold.let()
  asHtml.let()
  await Promise.all(both)
})

test('small mails are not behind large ones', async (t) => {
  const open = house(t)
  const [first, second] = [held(), held()]
  const both = [
    open('first', { body: first.body, size: large }),
    open('second', { body: second.body, size: large }),
  ]
  await open('small')
  assert.deepEqual([first.asked, second.asked], [1, 0])
  first.let()
  second.let()
  await Promise.all(both)
})

const waiting = (caller: string, message: string): Waiting => ({ caller, message, isLarge: false })

test('whoever had a turn longest ago is the next, and one caller does not fill the line', () => {
  const line = new Line<Waiting>({ threads: 1, most: 4, each: 2 })
  const begun = waiting('greedy', '0')
  line.enter(begun)
  assert.equal(line.next(), begun)
  line.enter(waiting('greedy', '1'))
  line.enter(waiting('greedy', '2'))
  assert.throws(() => line.enter(waiting('greedy', '3')), TooManyWaiting)
  line.enter(waiting('modest', '4'))
  line.enter(waiting('other', '5'))
  assert.throws(() => line.enter(waiting('another', '6')), TooManyWaiting)
  const order: string[] = []
  for (let one: Waiting | null = begun; one !== null; one = line.next()) {
    order.push(one.message)
    line.leave(one)
  }
  assert.deepEqual(order, ['0', '4', '5', '1', '2'])
})
