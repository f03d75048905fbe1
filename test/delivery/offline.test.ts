/** Acts while no server runs: on what waits, and on what a crash cut off. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actOffline } from '../../src/delivery/offline.ts'
import { farSide, faultOf } from './far-side.ts'

test('what a crash cut off can be held before the next start sends it again', async () => {
  const far = await farSide(() => ({ send: () => new Promise(() => {}) }))
  far.queue('d1')
  await far.until('d1', 'Connected')
  // No stop: the process is gone.
  const ids = ['d1', 'nobody']
  const acted = await actOffline(
    far.log,
    { act: 'HOLD', ids, by: 'operator' },
    { node: 'mx.test', isAlone: true, warn: assert.fail },
  )
  assert.deepEqual(acted, [
    { id: 'd1', done: { before: 'sending', after: 'held' } },
    { id: 'nobody', done: null },
  ])
  assert.deepEqual((await far.types('d1')).slice(-2), ['AttemptLost', 'Held'])
  const again = await farSide(() => ({}), {
    log: far.log,
    backlog: { underWay: () => [{ id: 'd1', node: 'mx.test' }] },
  })
  await again.courier.begin()
  await again.outbox.settled()
  assert.equal(again.sent.length, 0)
})

test('of an attempt of another server it is noted, and that server does so when the attempt has ended', async () => {
  let answer: () => void = () => {}
  const asked = new Promise<void>((resolve) => {
    answer = resolve
  })
  const far = await farSide(() => ({
    send: async () => {
      await asked
      return { outcomes: [], fault: faultOf('timeout'), uncertain: false }
    },
  }))
  far.queue('d1')
  await far.until('d1', 'Connected')
  const question = { act: 'HOLD', ids: ['d1'], by: 'operator' } as const
  const other = { node: 'other', isAlone: false, warn: assert.fail }
  const [acted] = await actOffline(far.log, question, other)
  assert.deepEqual(acted?.done, { before: 'sending', after: 'sending', noted: 'hold' })
  assert.equal((await far.types('d1')).at(-1), 'ActNoted')
  answer()
  await far.until('d1', 'Deferred')
  const { data, meta } = (await far.events('d1')).at(-1)!
  assert.deepEqual([meta.to, data.nextAttemptAt], ['held', null])
  assert.deepEqual(far.warnings, [])
})
