/** The queue at a glance: counted once for however many look at it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { glanceNow } from '../../../src/http/api/queue.ts'
import type { Rooms } from '../../../src/http/api/rooms.ts'
import type { Glance } from '../../../src/views/answers/glance.ts'

const none: Glance = { statuses: [], uncounted: 0, ages: [], domains: [], domainCount: 0 }

test('while it is counted nobody counts a second time, and what failed is tried again', async () => {
  const counts: PromiseWithResolvers<Glance>[] = []
  const desk = (() => {
    const count = Promise.withResolvers<Glance>()
    counts.push(count)
    return count.promise
  }) as Rooms['desk']
  const looks = [glanceNow({ desk }), glanceNow({ desk }), glanceNow({ desk })]
  assert.equal(counts.length, 1)
  counts[0]!.reject(new Error('too long'))
  await assert.rejects(Promise.all(looks), /too long/)
  const again = [glanceNow({ desk }), glanceNow({ desk })]
  assert.equal(counts.length, 2)
  counts[1]!.resolve(none)
  assert.deepEqual(await Promise.all(again), [none, none])
})
