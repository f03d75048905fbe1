/** New mail on its way to its first attempt: kept awake or woken from the log, held before it was tried, owed when the log fails. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as soon } from 'node:timers/promises'
import { openMemoryLog } from '../../src/log/memory.ts'
import { LogUnavailable } from '../../src/log/port.ts'
import { accepts, begun, farSide } from './far-side.ts'

/** What can be done without the clock has been done. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await soon()
}

/** A host for one at a time, which is busy with `d1` until `go`. */
const busyHost = async () => {
  let go: () => void = () => {}
  const busy = new Promise<void>((resolve) => {
    go = resolve
  })
  const far = await farSide(
    () => ({
      send: async (envelope) => {
        if (envelope.sender === 'first@example.org') await busy
        return accepts(envelope)
      },
    }),
    { concurrency: { total: 1, perDestination: 1 } },
  )
  far.queue('d1', { sender: 'first@example.org' })
  return { far, go }
}

test('more than are kept awake are woken from the log, and none is sent twice', async () => {
  const far = await farSide(() => ({}), { concurrency: { total: 4, perDestination: 4 } })
  const many = 2_050
  for (let at = 0; at < many; at++) far.queue(`d${at}`)
  for (let at = 0; at < many; at++) await far.until(`d${at}`, 'Delivered')
  assert.equal(far.sent.length, many)
  assert.deepEqual(far.warnings, [])
})

test('what the log did not take is forgotten here; queued again, it is delivered', async () => {
  let isDead = true
  const log = openMemoryLog()
  const append = log.append.bind(log)
  log.append = (appends) =>
    isDead && appends.some(({ stream }) => stream === 'delivery-d1')
      ? Promise.reject(new LogUnavailable('the disk is full'))
      : append(appends)
  const far = await farSide(() => ({}), { log })
  far.queue('d1')
  await far.outbox.settled()
  assert.deepEqual(await far.types('d1'), [])
  assert.match(far.warnings.join(), /d1 could not be recorded.*the disk is full/)
  assert.equal(far.sent.length, 0)
  isDead = false
  far.queue('d1')
  await far.until('d1', 'Delivered')
  assert.equal(far.sent.length, 1)
})

test('held before it was tried, it waits; released, it goes', async () => {
  const { far, go } = await busyHost()
  far.queue('d2')
  assert.deepEqual(await far.courier.act('d2', 'HOLD', 'test'), { before: 'queued', after: 'held' })
  go()
  await far.until('d1', 'Delivered')
  assert.equal((await far.types('d2')).at(-1), 'Held')
  await far.courier.act('d2', 'RELEASE', 'test')
  await far.until('d2', 'Delivered')
})

test('refused while it waits for its first attempt, it is tried all the same', async () => {
  const { far, go } = await busyHost()
  far.queue('d2')
  assert.deepEqual(await far.courier.act('d2', 'RELEASE', 'test'), { before: 'queued', after: 'queued' })
  go()
  await far.until('d2', 'Delivered')
  assert.deepEqual((await far.types('d2')).slice(0, 3), ['DeliveryQueued', 'ActRefused', 'AttemptStarted'])
})

test('next hops that lead to one destination share its connections', async () => {
  const far = await farSide(() => ({}), { destinationOf: () => 'relay.example:587' })
  far.queue('d1', { nextHop: 'one.example' })
  await far.until('d1', 'Delivered')
  far.queue('d2', { nextHop: 'two.example' })
  await far.until('d2', 'Delivered')
  assert.equal(far.connections.length, 1)
  const [, started] = await far.events('d2')
  assert.equal(started?.data.destination, 'relay.example:587')
})

test('while a fact could not be recorded nobody else takes the delivery up, and it is sent once', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const log = openMemoryLog()
  const append = log.append.bind(log)
  let failures = 1
  log.append = (appends) => {
    const isStart = appends.some(
      ({ stream, events }) =>
        stream === 'delivery-d1' && events.some(({ kind }) => kind.type === 'AttemptStarted'),
    )
    return isStart && failures-- > 0
      ? Promise.reject(new LogUnavailable('the disk is full'))
      : append(appends)
  }
  const answers: (() => void)[] = []
  const due = { id: 'd1', nextHop: 'example.net', sender: '', at: begun, isRetry: false }
  let isReady = false
  const far = await farSide(
    () => ({
      send: (envelope) =>
        new Promise((resolve) => {
          answers.push(() => resolve(accepts(envelope)))
        }),
    }),
    { log, backlog: { due: () => (isReady ? [due] : []) } },
  )
  far.queue('other')
  await far.until('other', 'Connected')
  far.queue('d1')
  await settle()
  // The backlog is asked, again and again, while it is looked at again.
  await far.courier.begin()
  isReady = true
  for (let second = 0; second < 130; second++) {
    context.mock.timers.tick(1_000)
    await settle()
  }
  for (const answer of answers) answer()
  await settle()
  const dots = far.sent.filter(({ envelope }) => envelope.recipients[0]?.address === 'bob@example.net').length
  assert.equal(dots, answers.length)
  assert.ok(!(await far.types('d1')).includes('AttemptLost'), (await far.types('d1')).join())
  assert.ok(!(await far.types('other')).includes('AttemptLost'))
})

test('an attempt whose outcome could not be recorded is not made a second time beside itself, and holds no room for ever', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const log = openMemoryLog()
  const append = log.append.bind(log)
  let failures = 1
  log.append = (appends) => {
    const isEnd = appends.some(({ events }) => events.some(({ kind }) => kind.type === 'Delivered'))
    return isEnd && failures-- > 0 ? Promise.reject(new LogUnavailable('the disk is full')) : append(appends)
  }
  let sends = 0
  let go: () => void = () => {}
  const far = await farSide(
    () => ({
      send: (envelope) =>
        ++sends === 2
          ? new Promise((resolve) => {
              go = () => resolve(accepts(envelope))
            })
          : accepts(envelope),
    }),
    { log, concurrency: { total: 1, perDestination: 1 } },
  )
  far.queue('d1')
  await settle()
  for (let second = 0; second < 12; second++) {
    context.mock.timers.tick(1_000)
    await settle()
  }
  // Lost, and on its way again; somebody is impatient.
  assert.equal(sends, 2)
  await far.courier.act('d1', 'RETRY', 'test')
  for (let second = 0; second < 60; second++) {
    context.mock.timers.tick(1_000)
    await settle()
  }
  assert.equal(sends, 2)
  go()
  await settle()
  assert.equal((await far.types('d1')).at(-1), 'Delivered')
  const lost = (await far.events('d1')).find(({ type }) => type === 'AttemptLost')!
  assert.deepEqual([lost.data.crashed, lost.data.uncertain], [false, true])
  // The room is free again.
  far.queue('d2')
  await settle()
  assert.equal((await far.types('d2')).at(-1), 'Delivered')
})

test('words of a host that are too many for one fact are shortened', async () => {
  const recipients = Array.from({ length: 1_000 }, (_, at) => ({ address: `r${at}@example.net` }))
  const far = await farSide(() => ({
    send: (envelope) => ({
      outcomes: envelope.recipients.map(({ address }) => ({
        address,
        result: 'delivered',
        reply: { code: 250, enhanced: '', text: 'ü'.repeat(900), command: 'content' },
      })),
      ...{ fault: null, uncertain: false },
    }),
  }))
  far.queue('d1', { recipients })
  await far.until('d1', 'Delivered')
  const fact = (await far.events('d1')).at(-1)!
  assert.ok(Buffer.byteLength(JSON.stringify(fact)) < 1024 * 1024)
  assert.equal((fact.data.outcomes as unknown[]).length, 1_000)
})
