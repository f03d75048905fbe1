/** When which policy was in force is known without a look at the whole log. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PolicyChanged } from '../../machines/vocabulary/events.ts'
import { inForceAt, knownPeriods } from '../../src/cli/policy-periods.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { kindOf } from '../../src/log/port.ts'
import { openViews } from '../../src/views/index.ts'
import { tellDelivery } from '../history/deliveries.ts'
import { atEnd, directoryFor, foldAll } from './views.ts'

const changes: readonly (readonly [at: number, change: PolicyChanged])[] = [
  [1_000, { service: 'mx', node: 'a', policy: 'one', previous: null }],
  [2_000, { service: 'mx', node: 'b', policy: 'one', previous: null }],
  [3_000, { service: 'submission', node: 'a', policy: 'other', previous: null }],
  // A start with the same one begins nothing.
  [4_000, { service: 'mx', node: 'a', policy: 'one', previous: null }],
  [5_000, { service: 'mx', node: 'a', policy: 'two', previous: 'one' }],
]

test('periods come out of a view, each server’s own, and the log itself is not asked', async (t) => {
  const directory = directoryFor(t)
  const log = openMemoryLog()
  for (const [place, [at, data]] of changes.entries()) {
    await tellDelivery(log, `d${place}`, 'queue start lost')
    const id = `00000000-0000-7000-8000-00000000000${place}`
    const event = { id, kind: kindOf('PolicyChanged', 1, { node: data.node }), at, data }
    await log.append([{ stream: `policy_change-${place}`, expected: -1, events: [event] }])
  }
  await foldAll({ directory, log, batch: 4 })
  const views = openViews({ directory, log })
  atEnd(t, () => views.close())
  const periods = await knownPeriods({ views })
  assert.deepEqual(
    periods.map(({ service, node, policy, since, until }) => [service, node, policy, since, until]),
    [
      ['mx', 'a', 'one', 1_000, 5_000],
      ['mx', 'b', 'one', 2_000, null],
      ['submission', 'a', 'other', 3_000, null],
      ['mx', 'a', 'two', 5_000, null],
    ],
  )
  assert.deepEqual(
    inForceAt(periods, 4_500).map(({ node, policy }) => `${node} ${policy}`),
    ['a one', 'b one', 'a other'],
  )
})
