import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DeliveryContext, initialContext } from '../../machines/delivery/context.ts'
import { judgeAttempt } from '../../machines/delivery/judgements.ts'
import { afterAnswer, afterFailure, firstPace, isResting } from '../../machines/delivery/pacing.ts'
import type { AttemptFault, RecipientOutcome } from '../../machines/vocabulary/events.ts'
import { eachRow } from './table.ts'

const table = new URL('deliveries.md', import.meta.url)
const minute = 60_000
const acceptedAt = 1_800_000_000_000
const context: DeliveryContext = {
  ...initialContext({
    retry: [5 * minute, 15 * minute, 60 * minute],
    giveUpAfter: 600 * minute,
    warnAfter: 60 * minute,
  }),
  ...{ message: 'm', nextHop: 'example.net', acceptedAt, attempts: 1 },
  recipients: ['a', 'b'].map((address) => ({ address, status: 'waiting', reply: null })),
}
const results = { yes: 'delivered', later: 'deferred', no: 'failed' } as const
const answerOf = (address: string, word: string): RecipientOutcome[] =>
  word in results ? [{ address, result: results[word as keyof typeof results], reply: null }] : []
const faultOf = (word: string): AttemptFault | null =>
  word === ''
    ? null
    : {
        kind: 'timeout',
        during: 'MAIL',
        text: 'nothing was heard',
        reply: null,
        temporary: word === 'passing',
      }

eachRow(table, 'Outcomes', ({ cell }) => {
  const judged = judgeAttempt(context, {
    endedAt: acceptedAt + Number(cell('minutes')) * minute,
    outcomes: [...answerOf('a', cell('a')), ...answerOf('b', cell('b'))],
    fault: faultOf(cell('fault')),
  })
  const [a, b] = judged.recipients.map(({ status }) => status)
  assert.deepEqual(
    [judged.ending, a, b, judged.reason],
    [cell('ending'), cell('a is'), cell('b is'), cell('because')],
  )
})

eachRow(table, 'Patience', ({ cell }) => {
  const endedAt = acceptedAt + Number(cell('accepted minutes ago')) * minute
  const [least, most] = cell('next within minutes').split('-').map(Number) as [number, number]
  // Whatever the message: only the jitter differs.
  for (let at = 0; at < 200; at++) {
    const asked = { ...context, attempts: Number(cell('attempts')), message: `m${at}` }
    const { nextAttemptAt } = judgeAttempt(asked, { endedAt, outcomes: [], fault: faultOf('passing') })
    const pause = (nextAttemptAt - endedAt) / minute
    assert.ok(pause >= least - 1e-6 && pause <= most + 1e-6, `${pause} minutes`)
  }
})

test('a destination that answers is tried harder, up to what may be', () => {
  let pace = firstPace(20)
  for (let at = 0; at < 50; at++) pace = afterAnswer(pace, 20)
  assert.equal(pace.limit, 20)
  assert.equal(firstPace(3).limit, 3)
})

test('a destination that fails again and again rests, longer each time, and is asked by one', () => {
  let pace = firstPace(20)
  const rests: number[] = []
  for (let at = 0; at < 12; at++) {
    pace = afterFailure(pace, 1000)
    rests.push(pace.restingUntil === 0 ? 0 : pace.restingUntil - 1000)
  }
  assert.deepEqual(rests.slice(0, 5), [0, 0, 10_000, 20_000, 40_000])
  assert.equal(rests.at(-1), 300_000)
  assert.equal(pace.limit, 1)
  assert.ok(isResting(pace, 300_999))
  assert.ok(!isResting(pace, 301_000))
  const back = afterAnswer(pace, 20)
  assert.deepEqual([back.failures, back.limit], [0, 10])
})
