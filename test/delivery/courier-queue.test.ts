/** New mail on its way to its first attempt: kept awake or woken from the log, held before it was tried, owed when the log fails. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryLog } from '../../src/log/memory.ts'
import { LogUnavailable } from '../../src/log/port.ts'
import { accepts, farSide } from './far-side.ts'

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
  far.queue('d2')
  assert.deepEqual(await far.courier.act('d2', 'HOLD', 'test'), { before: 'queued', after: 'held' })
  go()
  await far.until('d1', 'Delivered')
  assert.equal((await far.types('d2')).at(-1), 'Held')
  await far.courier.act('d2', 'RELEASE', 'test')
  await far.until('d2', 'Delivered')
})

test('refused while it waits for its first attempt, it is tried all the same', async () => {
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
