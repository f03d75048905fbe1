/** What is owed is found once the views know everything, and seen to by one sweep at a time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sweepOf } from '../../src/delivery/sweep.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { type Append, kindOf } from '../../src/log/port.ts'

const accepted = (message: string): Append => ({
  stream: `smtp_session-${message}`,
  expected: -1,
  events: [
    { id: message, kind: kindOf('MessageAccepted', 1, { node: 'mx' }), at: 7, data: { message }, meta: {} },
  ],
})

const owing = async (messages: readonly string[]) => {
  const log = openMemoryLog()
  await log.append(messages.map(accepted))
  const said: string[] = []
  let caughtUp = (): void => {}
  const sweep = sweepOf({
    log,
    backlog: {
      caughtUp: () =>
        new Promise((resolve) => {
          said.push('wait')
          caughtUp = resolve
        }),
      unrouted: () =>
        messages.map((message) => ({
          ...{ message, nextHop: 'x', stream: `smtp_session-${message}`, revision: 0 },
          acceptedAt: message === 'new' ? 101 : 7,
        })),
      noticesDue: () => [{ delivery: 'd1', kind: 'failed', attempt: 1 }],
    },
    route: async ({ message, at }) => void said.push(`route ${message.message} at ${at}`),
    notify: async ({ delivery, kind }) => void said.push(`notify ${delivery} ${kind}`),
  })
  return { said, sweep, caughtUp: () => caughtUp() }
}

test('nothing is taken for owed before the views know everything', async () => {
  const { said, sweep, caughtUp } = await owing(['m1', 'm2'])
  const swept = sweep({ olderThan: 100 })
  assert.deepEqual(said, ['wait'])
  caughtUp()
  await swept
  assert.deepEqual(said, ['wait', 'route m1 at 7', 'route m2 at 7', 'notify d1 failed'])
})

test('what was accepted a moment ago is on its way, and not owed yet', async () => {
  const { said, sweep, caughtUp } = await owing(['m1', 'new'])
  const swept = sweep({ olderThan: 100 })
  caughtUp()
  await swept
  assert.deepEqual(said, ['wait', 'route m1 at 7', 'notify d1 failed'])
})

test('a sweep asked for while one is under way is that one; the next one is new', async () => {
  const { said, sweep, caughtUp } = await owing([])
  const both = [sweep({ olderThan: 100 }), sweep({ olderThan: 100 })]
  caughtUp()
  await Promise.all(both)
  assert.deepEqual(said, ['wait', 'notify d1 failed'])
  const third = sweep({ olderThan: 100 })
  caughtUp()
  await third
  assert.deepEqual(said, ['wait', 'notify d1 failed', 'wait', 'notify d1 failed'])
})
