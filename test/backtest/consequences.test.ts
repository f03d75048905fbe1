/** Mail that fares otherwise changes what is counted, and who is known, for the mail after it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lenient, type Rules } from '../../machines/session/rules/rules.ts'
import type { Acquaintance, Findings, RateCount } from '../../machines/vocabulary/findings.ts'
import { begun, clean, policyWith, type Recorded, recorded, rules, spf } from './visits.ts'

const minute = 60_000
const allow = (messages: number, per = 10 * minute): Rules =>
  rules({ rates: [{ of: 'address', messages, per, on: 'defer' }] })

const counts = (messages: number, per = 10 * minute): readonly RateCount[] => [
  { of: 'address', subject: '192.0.2.7', messages, per },
]
const changes = async (log: Recorded, chosen: Rules, options: object = {}): Promise<readonly string[]> => {
  const { report, summary } = await log.test({ rules: chosen, examples: 100, ...options })
  assert.equal(summary.unjudged, 0)
  return report
    .changes()
    .flatMap(({ to, rule, examples }) => examples.map(({ session }) => `${session} ${to} ${rule}`))
    .toSorted()
}

const bring = (
  log: Recorded,
  at: number,
  findings: Findings,
  policy = policyWith(lenient),
): Promise<string> => log.visit(policy, { mails: [{ findings }] }, at)

test('what nobody counted then is counted anew, over sessions and time', async () => {
  const log = recorded()
  for (const at of [0, 1, 2, 3, 30, 31]) await bring(log, at * minute, spf('pass'))
  assert.deepEqual(await changes(log, allow(2)), [
    's3 deferred rates address 2/10m',
    's4 deferred rates address 2/10m',
  ])
  // Who is put off is not counted: with room for three, only one is too many.
  assert.deepEqual(await changes(log, allow(3)), ['s4 deferred rates address 3/10m'])
})

test('what came before the time that is asked about counts, too', async () => {
  const log = recorded()
  for (const at of [0, 1, 2]) await bring(log, at * minute, spf('pass'))
  assert.deepEqual(await changes(log, allow(2), { since: begun + 2 * minute }), [
    's3 deferred rates address 2/10m',
  ])
})

test('refused mail does not count against those that come after', async () => {
  const log = recorded()
  for (const at of [0, 1, 2]) await bring(log, at * minute, spf(at === 1 ? 'fail' : 'pass'))
  const both = { ...allow(2), spf: { ...lenient.spf, fail: 'refuse' } } as const
  assert.deepEqual(await changes(log, both), ['s2 refused spf.fail'])
})

test('counts of then hold, whatever the log does not show, less what would not have been taken', async () => {
  const log = recorded()
  const then = policyWith(allow(100))
  for (const at of [0, 1, 2]) await bring(log, at * minute, { ...spf('pass'), rates: counts(51 + at) }, then)
  assert.deepEqual(await changes(log, allow(53)), [])
  assert.deepEqual(await changes(log, allow(51)), [
    's2 deferred rates address 51/10m',
    's3 deferred rates address 51/10m',
  ])
  const log2 = recorded()
  for (const at of [0, 1, 2])
    await bring(log2, at * minute, { ...spf(at === 0 ? 'fail' : 'pass'), rates: counts(1 + at) }, then)
  // The third is the second now, since the first was refused.
  assert.deepEqual(await changes(log2, { ...allow(2), spf: { ...lenient.spf, fail: 'refuse' } }), [
    's1 refused spf.fail',
  ])
})

test('who was put off too often then is let in, and counts', async () => {
  const log = recorded()
  const then = policyWith(allow(1))
  for (const at of [0, 1, 2, 3])
    await bring(log, at * minute, { ...spf('pass'), rates: counts(at === 0 ? 1 : 2) }, then)
  assert.deepEqual(await changes(log, allow(3)), ['s2 accepted null', 's3 accepted null'])
})

const byDomain = (messages: number): Rules =>
  rules({ rates: [{ of: 'senderDomain', messages, per: 10 * minute, on: 'defer' }] })
const signature = { result: 'pass', domain: 'sender.example', selector: 's' } as const

test('of a domain, mail that it vouches for is counted apart from what only bears its name', async () => {
  const log = recorded()
  for (const at of [0, 1, 2, 3]) await bring(log, at * minute, spf('none'))
  await bring(log, 4 * minute, spf('pass'))
  const signed = { findings: spf('none'), message: { ...clean, dkim: [signature] } }
  await log.visit(policyWith(lenient), { mails: [signed] }, 5 * minute)
  assert.deepEqual(await changes(log, byDomain(2)), [
    's3 deferred rates senderDomain 2/10m',
    's4 deferred rates senderDomain 2/10m',
  ])
  // One of the two that are vouched for is too many, by whatever.
  assert.deepEqual((await changes(log, byDomain(1))).slice(-2), [
    's4 deferred rates senderDomain 1/10m',
    's6 deferred rates senderDomain 1/10m',
  ])
})

test('counts of then are corrected in the share that the mail was counted in', async () => {
  const counted = (count: Partial<RateCount>): { readonly rates: readonly RateCount[] } => ({
    rates: [{ of: 'senderDomain', subject: 'sender.example', messages: 1, per: 10 * minute, ...count }],
  })
  const log = recorded()
  const then = policyWith(byDomain(100))
  await bring(log, 0, { ...spf('fail'), ...counted({ messages: 7, vouched: false, ifVouched: 3 }) }, then)
  await bring(
    log,
    minute,
    { ...spf('none'), ...counted({ messages: 8, vouched: false, ifVouched: 3 }) },
    then,
  )
  await bring(log, 2 * minute, { ...spf('pass'), ...counted({ messages: 3, vouched: true }) }, then)
  const chosen = { ...byDomain(7), spf: { ...lenient.spf, fail: 'refuse' } } as const
  assert.deepEqual(await changes(log, chosen), ['s1 refused spf.fail'])
  assert.deepEqual(await changes(log, { ...chosen, rates: byDomain(6).rates }), [
    's1 refused spf.fail',
    's2 deferred rates senderDomain 6/10m',
  ])
})

test('strangers have no account to count, and the null sender no domain', async () => {
  const log = recorded()
  await log.visit(policyWith(lenient), { mails: [{ from: '' }] })
  const per = minute
  assert.deepEqual(
    await changes(
      log,
      rules({
        rates: [
          { of: 'account', messages: 0, per, on: 'defer' },
          { of: 'senderDomain', messages: 0, per, on: 'defer' },
        ],
      }),
    ),
    [],
  )
})

const met = (waited: number | null, accepted = 0): Findings => {
  const acquaintance: Acquaintance = { waited, accepted }
  return { ...spf('softfail'), acquaintance }
}
const greylisting: Rules = rules({
  spf: { softfail: 'greylist' },
  greylist: { delay: 5 * minute, accepted: 2 },
})

test('greylisting that was not there: put off once, let in after a while, then known', async () => {
  const log = recorded()
  for (const [at, accepted] of [
    [0, 0],
    [2, 1],
    [10, 2],
    [11, 3],
    [12, 4],
  ] as const)
    await bring(log, at * minute, met(null, accepted))
  assert.deepEqual(await changes(log, greylisting), ['s1 deferred spf.softfail', 's2 deferred spf.softfail'])
})

test('greylisting that is there no more: who came back is let in at once', async () => {
  const log = recorded()
  const then = policyWith(greylisting)
  await bring(log, 0, met(null), then)
  await bring(log, 10 * minute, met(10 * minute), then)
  assert.deepEqual(await changes(log, lenient), ['s1 accepted null'])
})

test('who is let in now has not waited, when another rule would put him off later', async () => {
  const log = recorded()
  const then = policyWith(rules({ spf: { softfail: 'greylist' } }))
  await bring(log, 0, met(null), then)
  await bring(log, 10 * minute, { ...met(10 * minute), helo: { result: 'unresolved', name: 'x' } }, then)
  assert.deepEqual(await changes(log, rules({ helo: { unresolved: 'greylist' } })), [
    's1 accepted null',
    's2 deferred helo.unresolved',
  ])
})

test('the same greylisting changes nothing', async () => {
  const log = recorded()
  const then = policyWith(greylisting)
  await bring(log, 0, met(null), then)
  await bring(log, 3 * minute, met(3 * minute), then)
  await bring(log, 10 * minute, met(10 * minute), then)
  await bring(log, 11 * minute, met(11 * minute, 1), then)
  assert.deepEqual(await changes(log, greylisting), [])
})
