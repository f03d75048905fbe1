/** Destinations and views are told in one shape and one order, over HTTP and on the command line. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tellDelivery } from '../../history/deliveries.ts'
import { fsmtp, objects } from '../../server.ts'
import { apiServer, eventually, type Json } from './asking.ts'

const hour = 3_600_000

test('destinations and views are the same over HTTP and on the command line', async (t) => {
  const api = await apiServer(t)
  const { data, running } = api.server
  // Ended in time to come: whoever rests does so for as long as the test takes.
  const start = Date.now() + hour
  const lives = [
    ['rests.example', 'queue start fault(timeout) start fault(timeout) start fault(timeout)', 1],
    ['answers.example', 'queue start route connected end(bob@y=451)', 3],
    ['fails.example', 'queue start fault(timeout)', 2],
  ] as const
  for (const [nextHop, life, at] of lives)
    await tellDelivery(running.log, nextHop, life, { nextHop, start: start + at * hour })
  await eventually(async () => (await api.items('/destinations')).length === 3)
  const run = async (...words: readonly string[]): Promise<readonly Json[]> => {
    const found = await fsmtp(data, [...words, '--json', '--data', data])
    assert.equal(found.code, 0, found.stderr)
    return objects(found)
  }
  const destinations = await api.items('/destinations')
  assert.deepEqual(
    destinations.map(({ name, state }) => [name, state]),
    [
      ['answers.example', 'steady'],
      ['fails.example', 'failing'],
      ['rests.example', 'resting'],
    ],
  )
  assert.deepEqual(
    destinations.map(({ restingUntil }) => restingUntil !== null),
    [false, false, true],
  )
  assert.deepEqual(destinations, await run('destinations'))
  const [one] = await run('destinations', 'rests.example')
  const { hours, ...standing } = one ?? {}
  assert.deepEqual(standing, destinations[2])
  assert.ok(Array.isArray(hours))

  const checked = await api.items('/views?checked=true')
  assert.deepEqual(checked, await run('views'))
  assert.ok(
    checked.every(({ rows, checksum }) => Number(rows) >= 0 && /^[0-9a-f]{16}/.test(String(checksum))),
  )
  assert.deepEqual(
    await api.items('/views'),
    checked.map((view) => ({ ...view, rows: null, checksum: null })),
  )
})
