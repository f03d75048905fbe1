/** Acts while no server runs: on what waits, and on what a crash cut off. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actOffline } from '../../src/delivery/offline.ts'
import { farSide } from './far-side.ts'

test('what a crash cut off can be held before the next start sends it again', async () => {
  const far = await farSide(() => ({ send: () => new Promise(() => {}) }))
  far.queue('d1')
  await far.until('d1', 'Connected')
  // No stop: the process is gone.
  const ids = ['d1', 'nobody']
  const acted = await actOffline(
    far.log,
    { act: 'HOLD', ids, by: 'operator' },
    { node: 'mx.test', warn: assert.fail },
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

test('an attempt of another server is left alone', async () => {
  const far = await farSide(() => ({ send: () => new Promise(() => {}) }))
  far.queue('d1')
  await far.until('d1', 'Connected')
  const asked = { act: 'CANCEL', ids: ['d1'], by: 'operator' } as const
  const [acted] = await actOffline(far.log, asked, { node: 'other', warn: assert.fail })
  assert.deepEqual(acted?.done, { before: 'sending', after: 'sending' })
  assert.equal((await far.types('d1')).at(-1), 'ActRefused')
})
