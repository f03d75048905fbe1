import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DeliveryContext, initialContext } from '../../machines/delivery/context.ts'
import { judgeAttempt } from '../../machines/delivery/judgements.ts'
import { noticesAfter } from '../../machines/delivery/owing.ts'
import {
  firstPace,
  judgeAnswer,
  limitOf,
  paceAfter,
  restingUntil,
  roused,
} from '../../machines/delivery/pacing.ts'
import type { AttemptFault, RecipientOutcome, RemoteReply } from '../../machines/vocabulary/events.ts'
import { remoteReplyText } from '../../projections/deliveries.ts'
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
const notedOf = (word: string): DeliveryContext['noted'] =>
  word === 'hold' || word === 'cancel' ? { act: word, actedAt: acceptedAt, by: 'ann' } : null
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
  const judged = judgeAttempt(
    { ...context, noted: notedOf(cell('noted')) },
    {
      endedAt: acceptedAt + Number(cell('minutes')) * minute,
      outcomes: [...answerOf('a', cell('a')), ...answerOf('b', cell('b'))],
      fault: faultOf(cell('fault')),
    },
  )
  const [a, b] = judged.recipients.map(({ status }) => status)
  assert.deepEqual(
    [judged.ending, a, b, judged.reason],
    [cell('ending'), cell('a is'), cell('b is'), cell('because')],
  )
})

const before = { gone: 'failed', there: 'delivered' } as const

eachRow(table, 'Notices', ({ cell }) => {
  const standing = (address: 'a' | 'b') => {
    const notify = cell(`${address} NOTIFY`)
    const was = cell(address)
    return {
      ...{ address, reply: null, ...(notify !== '' && { notify: notify.split(',') }) },
      status: was in before ? before[was as keyof typeof before] : ('waiting' as const),
    }
  }
  const given = {
    ...context,
    sender: cell('case') === 'null sender' ? '' : 'ann@example.org',
    hostReports: cell('case') === 'DSN offered',
    warned: cell('case') === 'warned before',
    noted: notedOf(cell('case')),
    attempts: 3,
    recipients: [standing('a'), standing('b')],
  }
  const owed = noticesAfter(given, {
    ...{ type: 'ATTEMPT_ENDED', endedAt: acceptedAt + Number(cell('minutes')) * minute },
    outcomes: [...answerOf('a', cell('a')), ...answerOf('b', cell('b'))],
    ...{ fault: faultOf(cell('fault')), uncertain: false, answered: true },
  })
  assert.ok(owed.every(({ attempt }) => attempt === 3))
  const told = owed.map(({ kind, recipients }) => [kind, ...recipients].join(' '))
  assert.equal(told.join(', '), cell('notices'))
})

eachRow(table, 'Patience', ({ cell }) => {
  const endedAt = acceptedAt + Number(cell('accepted minutes ago')) * minute
  const [least, most] = cell('next within minutes').split('-').map(Number) as [number, number]
  // Whatever the message: only the jitter differs.
  for (let at = 0; at < 200; at++) {
    const asked = { ...context, attempts: Number(cell('attempts')), message: `m${at}` }
    const { nextAttemptAt } = judgeAttempt(asked, { endedAt, outcomes: [], fault: faultOf('passing') })
    const pause = (nextAttemptAt! - endedAt) / minute
    assert.ok(pause >= least - 1e-6 && pause <= most + 1e-6, `${pause} minutes`)
  }
})

test('a destination that answers is tried harder, up to what may be', () => {
  let pace = firstPace
  for (let at = 0; at < 50; at++) pace = paceAfter(pace, true, at)
  assert.deepEqual([limitOf(firstPace, 20), limitOf(pace, 20), limitOf(firstPace, 3)], [10, 20, 3])
})

test('a destination that fails again and again rests, longer each time, and is asked by one', () => {
  let pace = paceAfter(firstPace, true, 0)
  const limits: number[] = []
  const rests: number[] = []
  for (let at = 0; at < 12; at++) {
    pace = paceAfter(pace, false, 1000)
    limits.push(limitOf(pace, 20))
    rests.push(Math.max(0, restingUntil(pace) - 1000))
  }
  assert.deepEqual(limits.slice(0, 4), [5, 2, 1, 1])
  assert.deepEqual(rests.slice(0, 5), [0, 0, 10_000, 20_000, 40_000])
  assert.equal(rests.at(-1), 300_000)
  assert.deepEqual(roused, firstPace)
  const back = paceAfter(pace, true, 2000)
  assert.deepEqual([back.failures, limitOf(back, 20)], [0, 11])
})

const judged = (
  kind: string | null,
  { during = 'connect', startedAt = 0, failedAt = null as number | null },
) =>
  judgeAnswer(
    { ...firstPace, failedAt },
    { fault: kind === null ? null : { ...faultOf('passing')!, kind, during }, startedAt },
  )

test('an attempt says of its destination that it answered, that it did not, or nothing', () => {
  assert.equal(judged(null, {}), true)
  assert.equal(judged('connection-refused', {}), false)
  assert.equal(judged('host-closing', { during: 'RCPT' }), false)
  // Nobody was asked, or the fault is ours.
  assert.equal(judged('dns-failed', { during: 'route' }), null)
  assert.equal(judged('stopped', {}), null)
  assert.equal(judged('content-unreadable', { during: 'DATA' }), null)
  // Attempts that were under way together fail together: that is one failure.
  assert.equal(judged('timeout', { startedAt: 999, failedAt: 1000 }), null)
  assert.equal(judged('timeout', { startedAt: 1000, failedAt: 1000 }), false)
})

test('what was not even offered is no refusal of the host, unless it refused somebody too', () => {
  const own = { code: 550, enhanced: '5.6.7', text: 'not for this host', command: 'MAIL', own: true } as const
  const said = { code: 550, enhanced: '5.1.1', text: 'nobody', command: 'RCPT' }
  const reasonAfter = (replies: readonly RemoteReply[]): string => {
    const outcomes = ['a', 'b'].map((address, at) => ({
      address,
      result: 'failed' as const,
      reply: replies[at]!,
    }))
    return judgeAttempt(context, { endedAt: acceptedAt, outcomes, fault: null }).reason
  }
  assert.equal(reasonAfter([own, own]), 'not-sendable')
  assert.equal(reasonAfter([own, said]), 'refused-for-good')
  assert.equal(remoteReplyText(own), 'not sent: not for this host (5.6.7)')
  assert.equal(remoteReplyText(said), '550 5.1.1 nobody')
})
