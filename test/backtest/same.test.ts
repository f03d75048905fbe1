/** The same rules change nothing, whatever was recorded; and the short way through a session leads where the machine does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Outcome, Rules } from '../../machines/session/rules/rules.ts'
import type { Backtest } from '../../src/backtest/index.ts'
import { clean, dmarc, type Mail, policyWith, recorded, rules, spf, type Visit } from './visits.ts'

const outcome = fc.constantFrom<Outcome[]>('ignore', 'tag', 'greylist', 'defer', 'refuse')
const someRules: fc.Arbitrary<Rules> = fc
  .record({
    fail: outcome,
    softfail: outcome,
    reject: outcome,
    quarantine: outcome,
    below: fc.constantFrom(-1, 1),
    karma: outcome,
    messages: fc.integer({ min: 1, max: 6 }),
    allowed: fc.constantFrom<string[][]>([], ['192.0.2.0/28'], ['127.0.0.0/8']),
    vouched: fc.constantFrom<string[][]>([], ['sender.example']),
    blocked: fc.constantFrom<string[][]>([], ['eve@sender.example']),
  })
  .map(({ fail, softfail, reject, quarantine, below, karma, messages, allowed, vouched, blocked }) =>
    rules({
      spf: { fail, softfail },
      dmarc: { reject, quarantine },
      karma: { below, on: karma },
      rates: [{ of: 'network', messages, per: 600_000, on: 'defer' }],
      allow: { networks: allowed, domains: vouched },
      block: { addresses: blocked },
    }),
  )

const some = <Value>(...values: Value[]): fc.Arbitrary<Value> => fc.constantFrom(...values)
const mail: fc.Arbitrary<Mail> = fc.record(
  {
    from: some('bob@sender.example', 'eve@sender.example', ''),
    to: fc.array(
      some(
        'ann@example.org',
        'ben@example.org',
        'postmaster@example.org',
        'x@elsewhere.example',
        'nobody@unknown.example.org',
      ),
      { minLength: 1, maxLength: 3 },
    ),
    findings: some(null, {}, spf('pass'), spf('fail'), spf('softfail'), {
      ...spf('none'),
      acquaintance: { waited: null, accepted: 0 },
    }),
    message: some(clean, dmarc('reject'), dmarc('quarantine')),
    size: some(100, 100_000),
    bare: some(true as const),
    pipelined: fc.boolean(),
    leaves: fc.boolean(),
  },
  { requiredKeys: [] },
)
const visit: fc.Arbitrary<Visit> = fc.record(
  {
    address: some('192.0.2.7', '192.0.2.66', '127.0.0.1'),
    user: some('bob'),
    mails: fc.array(mail, { maxLength: 8 }),
    ends: some('QUIT', 'DISCONNECTED', null),
  },
  { requiredKeys: ['mails'] },
)
const limits = fc.record({ errors: some(3, 20), messageSize: some(50_000), messages: some(2, 1000) })

const told = ({ report, summary }: Backtest): object => ({
  ...{ changes: report.changes(), unjudged: report.unjudged() },
  summary: { ...summary, ms: 0 },
})

test('the short way and the long way come to the same', async () => {
  await fc.assert(
    fc.asyncProperty(
      someRules,
      someRules,
      limits,
      fc.array(visit, { maxLength: 6 }),
      async (was, now, few, visits) => {
        const log = recorded()
        for (const one of visits) await log.visit(policyWith(was, few), one)
        const short = await log.test({ rules: now, examples: 100 })
        const long = await log.test({ rules: now, examples: 100, alwaysLong: true })
        assert.deepEqual(told(short), told(long))
      },
    ),
    { numRuns: 600 },
  )
})

/** Where there are rules somebody looks, whatever he finds. */
const lookedAt = ({ findings = spf('pass'), ...mail }: Mail): Mail => ({ ...mail, findings: findings ?? {} })

test('the same rules change nothing, and nothing is in doubt', async () => {
  await fc.assert(
    fc.asyncProperty(someRules, limits, fc.array(visit, { maxLength: 6 }), async (same, few, visits) => {
      const log = recorded()
      // Rates are recorded with what is found: here nobody counted, so that no rule of them spoke.
      const chosen = { ...same, rates: [] }
      for (const { mails, ...one } of visits)
        await log.visit(policyWith(chosen, few), { ...one, mails: mails.map(lookedAt) })
      const { report, summary } = await log.test({ rules: chosen })
      assert.deepEqual(report.changes(), [])
      assert.equal(summary.changed, 0)
      assert.deepEqual(report.unjudged(), [])
      assert.equal(summary.same, summary.mails)
    }),
    { numRuns: 600 },
  )
})
