/** Small bodies beside the log, for logs that keep none: what a crash between the body and its event leaves, and the order of a stream. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withContents } from '../../src/content/beside.ts'
import { openContentStore } from '../../src/content/store.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { type EventLog, kindOf, LogUnavailable, type NewEvent } from '../../src/log/port.ts'
import { scratch } from '../scratch.ts'

const accepted = kindOf('MessageAccepted', 1, {})
let last = 0
const event = (data: object = {}): NewEvent => ({
  ...{ id: `00000000-0000-4000-8000-${String(++last).padStart(12, '0')}`, kind: accepted, at: 1, data },
})
const body = (id: string) => [{ id, bytes: Buffer.from(`body of ${id}`) }]

/** Says that nothing is known, whether or not it was written. */
const unsure = (log: EventLog, written: boolean): EventLog =>
  Object.assign(Object.create(log) as EventLog, {
    append: async (appends: Parameters<EventLog['append']>[0]) => {
      if (written) await log.append(appends)
      throw new LogUnavailable('no answer')
    },
    readAll: log.readAll.bind(log),
    tail: log.tail.bind(log),
    content: log.content.bind(log),
    close: log.close.bind(log),
  })

for (const written of [true, false])
  test(`a body whose event ${written ? 'was' : 'was not'} written, although nobody knew: the next start decides`, async () => {
    const directory = scratch()
    const memory = openMemoryLog()
    const log = withContents(unsure(memory, written), { directory })
    const message = '01j0000000000000000a'
    const append = { stream: 'smtp_session-a', expected: -1, events: [event({ message })] }
    await assert.rejects(log.append([{ ...append, contents: body(message) }]), LogUnavailable)
    assert.ok(await log.content(message))
    const store = await openContentStore({ directory, log: memory })
    assert.deepEqual(await store.swept, { unfinished: 0, untold: written ? 0 : 1 })
    const kept = await log.content(message)
    assert.equal(kept && Buffer.from(kept).toString(), written ? `body of ${message}` : null)
    await store.close()
    await log.close()
  })

test('what follows a body on the same stream waits for it; other streams do not', async () => {
  const log = withContents(openMemoryLog(), { directory: scratch() })
  const order: string[] = []
  const put = (stream: string, expected: number, contents = body('')) =>
    log
      .append([{ stream, expected, events: [event()], ...(contents[0]?.id && { contents }) }])
      .then(() => order.push(`${stream} ${expected + 1}`))
  await Promise.all([
    put('a-1', -1, body('first')),
    put('a-1', 0),
    put('a-1', 1, body('third')),
    put('b-1', -1),
  ])
  assert.deepEqual(order, ['b-1 0', 'a-1 0', 'a-1 1', 'a-1 2'])
  assert.equal(log.waiting, 0)
  await log.close()
})

test('closing waits for bodies on their way', async () => {
  const memory = openMemoryLog()
  const log = withContents(memory, { directory: scratch() })
  const stored = log.append([{ stream: 'a-1', expected: -1, events: [event()], contents: body('first') }])
  await log.close()
  await stored
})
