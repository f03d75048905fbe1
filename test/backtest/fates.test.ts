/** What another policy would have done to recorded mail, mail by mail. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionPolicy } from '../../machines/session/policy.ts'
import { lenient, type Rules } from '../../machines/session/rules/rules.ts'
import type { Change, Summary } from '../../src/backtest/report.ts'
import { begun, clean, dmarc, policyWith, type Recorded, recorded, rules, spf, type Visit } from './visits.ts'

const refusing = rules({ spf: { fail: 'refuse' } })
const eve = { from: 'eve@sender.example', findings: spf('fail') }

type Told = {
  readonly changes: readonly string[]
  readonly unjudged: readonly string[]
  readonly summary: Summary
}
const told = ({ from, to, rule, was, mails }: Change): string =>
  `${mails} ${from} -> ${to}: ${rule}, was ${was}`

/** Both ways through a session must come to the same. */
const judged = async (log: Recorded, chosen: Rules, options: object = {}): Promise<Told> => {
  const answers: Told[] = []
  for (const alwaysLong of [false, true]) {
    const { report, summary } = await log.test({ rules: chosen, alwaysLong, ...options })
    const unjudged = report.unjudged().map(({ missing, mails }) => `${mails} ${missing}`)
    answers.push({ changes: report.changes().map(told), unjudged, summary: { ...summary, ms: 0 } })
  }
  assert.deepEqual(answers[0], answers[1])
  return answers[0]!
}

const after = async (policy: SessionPolicy, chosen: Rules, ...visits: readonly Visit[]): Promise<Told> => {
  const log = recorded()
  for (const visit of visits) await log.visit(policy, visit)
  return judged(log, chosen)
}
const mails = (...given: Visit['mails']): Visit => ({ mails: given })

test('accepted then, refused now: by the client, by its content', async () => {
  const { changes, summary } = await after(
    policyWith(lenient),
    rules({ spf: { fail: 'refuse' }, dmarc: { reject: 'refuse' } }),
    mails(eve),
    mails({ message: dmarc('reject') }),
    mails({}),
  )
  assert.deepEqual(changes, [
    '1 accepted -> refused: spf.fail, was null',
    '1 accepted -> refused: dmarc.reject, was null',
  ])
  assert.equal(summary.mails, 3)
  assert.equal(summary.same, 1)
})

test('accepted then, tagged now, and the other way around', async () => {
  const tagging = rules({ spf: { fail: 'tag' }, dmarc: { quarantine: 'tag' } })
  const visits = [mails(eve), mails({ message: dmarc('quarantine') }), mails({})]
  assert.deepEqual((await after(policyWith(lenient), tagging, ...visits)).changes, [
    '1 accepted -> tagged: spf.fail, was null',
    '1 accepted -> tagged: dmarc.quarantine, was null',
  ])
  assert.deepEqual((await after(policyWith(tagging), lenient, ...visits)).changes, [
    '1 tagged -> accepted: null, was spf.fail',
    '1 tagged -> accepted: null, was dmarc.quarantine',
  ])
})

test('refused then, let in now: what would have come is not known', async () => {
  const strict = policyWith(refusing)
  const lax = await after(strict, lenient, mails(eve))
  assert.deepEqual(lax.changes, ['1 refused -> accepted: null, was spf.fail'])
  const careful = await after(strict, rules({ dmarc: { reject: 'refuse' } }), mails(eve))
  assert.deepEqual(careful.changes, [])
  assert.deepEqual(careful.unjudged, ['1 content'])
  assert.equal(careful.summary.unjudged, 1)
  const tagging = await after(strict, rules({ spf: { fail: 'tag' } }), mails(eve))
  assert.deepEqual(tagging.changes, ['1 refused -> tagged: spf.fail, was spf.fail'])
})

test('refused for its content then, judged by it now', async () => {
  const strict = policyWith(rules({ dmarc: { reject: 'refuse' } }))
  assert.deepEqual((await after(strict, lenient, mails({ message: dmarc('reject') }))).changes, [
    '1 refused -> accepted: null, was dmarc.reject',
  ])
})

test('DATA that came on the heels of a refused recipient spoils nothing that follows', async () => {
  const { changes, summary } = await after(
    policyWith(refusing),
    lenient,
    mails({ ...eve, pipelined: true }, {}, { ...eve, pipelined: true }, {}),
  )
  assert.deepEqual(changes, ['2 refused -> accepted: null, was spf.fail'])
  assert.equal(summary.same, 2)
})

test('a mail that is refused now does not spoil the next ones of its session', async () => {
  const { changes, summary } = await after(policyWith(lenient), refusing, mails({}, eve, {}, eve, {}))
  assert.deepEqual(changes, ['2 accepted -> refused: spf.fail, was null'])
  assert.equal(summary.same, 3)
})

test('the same in a session so long that the machine is asked', async () => {
  const many = [...Array(12).keys()].map((at) => (at % 3 === 0 ? eve : {}))
  const { changes, summary } = await after(policyWith(lenient), refusing, mails(...many))
  assert.deepEqual(changes, ['4 accepted -> refused: spf.fail, was null'])
  assert.equal(summary.same, 8)
})

test('deferred is not refused', async () => {
  const { changes } = await after(
    policyWith(rules({ spf: { fail: 'defer' } })),
    refusing,
    mails(eve),
    mails({}),
  )
  assert.deepEqual(changes, ['1 deferred -> refused: spf.fail, was spf.fail'])
})

test('several recipients: all of them fare alike, but whoever must be heard', async () => {
  const to = ['ann@example.org', 'ben@example.org', 'x@elsewhere.example', 'nobody@unknown.example.org']
  assert.deepEqual((await after(policyWith(lenient), refusing, mails({ ...eve, to }))).changes, [
    '1 accepted -> refused: spf.fail, was null',
  ])
  const heard = ['postmaster@example.org', 'ann@example.org']
  assert.deepEqual((await after(policyWith(lenient), refusing, mails({ ...eve, to: heard }))).changes, [
    '1 accepted -> tagged: spf.fail, was null',
  ])
  assert.deepEqual((await after(policyWith(refusing), lenient, mails({ ...eve, to: heard }, {}))).changes, [
    '1 tagged -> accepted: null, was spf.fail',
  ])
})

test('what was refused for another reason stays refused', async () => {
  const visits = [
    mails({ size: 6000 }),
    mails({ bare: true }),
    mails({ to: ['x@elsewhere.example'] }),
    mails({ to: ['nobody@unknown.example.org'], findings: null }),
  ]
  for (const chosen of [
    rules({ block: { domains: ['sender.example'] } }),
    rules({ spf: { fail: 'refuse' }, karma: { below: 5, on: 'tag' } }),
  ]) {
    const told = await after(policyWith(lenient, { messageSize: 5000 }), chosen, ...visits)
    const { changes, unjudged, summary } = told
    assert.deepEqual({ changes, unjudged, same: summary.same }, { changes: [], unjudged: [], same: 4 })
  }
})

test('a session that is refused too much is ended, and with it what came later', async () => {
  const many = [...Array(5).keys()].map(() => eve)
  const { changes, summary } = await after(
    policyWith(lenient, { errors: 4 }),
    refusing,
    mails(...many, {}, {}),
  )
  assert.deepEqual(changes, [
    '4 accepted -> deferred: too-many-errors, was null',
    '3 accepted -> refused: spf.fail, was null',
  ])
  assert.equal(summary.changed, 7)
})

test('a session that was ended then and is not ended now', async () => {
  const { changes, summary } = await after(
    policyWith(refusing, { errors: 3 }),
    lenient,
    mails(eve, eve, eve, {}, {}),
  )
  assert.deepEqual(changes.slice(0, 1), ['2 refused -> accepted: null, was spf.fail'])
  // The third was answered with the end of the session; of what the client would have brought nobody knows.
  assert.equal(summary.mails, 3)
  assert.equal(summary.changed, 3)
})

test('who logged in is no stranger, and submission is another matter', async () => {
  const submission = { ...policyWith(lenient), service: 'submission', authentication: 'required' } as const
  const log = recorded()
  await log.visit(policyWith(lenient), { user: 'bob', mails: [{}, {}] })
  await log.visit(submission, { mails: [{}] })
  const { summary } = await judged(log, rules({ block: { domains: ['sender.example'] } }))
  assert.deepEqual(
    { mails: summary.mails, sessions: summary.sessions, changed: summary.changed },
    { mails: 0, sessions: 1, changed: 0 },
  )
})

test('clients that nobody looked at are judged by what they said and where they came from; the rest nobody can say', async () => {
  const log = recorded()
  await log.visit(policyWith(null), mails({ findings: null }))
  await log.visit(policyWith(lenient), { address: '127.0.0.1', mails: [{ findings: null }] })
  const by = async (chosen: Rules): Promise<readonly string[]> => {
    const { changes, unjudged } = await judged(log, chosen)
    return [...changes, ...unjudged]
  }
  assert.deepEqual(await by(rules({ block: { networks: ['192.0.2.0/24'] } })), [
    '1 accepted -> refused: block.networks 192.0.2.0/24, was null',
  ])
  assert.deepEqual(await by(rules({ block: { domains: ['client.example'] } })), [
    '2 accepted -> refused: block.domains client.example, was null',
  ])
  assert.deepEqual(await by(rules({ block: { addresses: ['bob@sender.example'] } })), [
    '2 accepted -> refused: block.addresses bob@sender.example, was null',
  ])
  assert.deepEqual(await by(refusing), ['2 spf.fail'])
  assert.deepEqual(await by({ ...refusing, allow: { ...lenient.allow, networks: ['127.0.0.0/8'] } }), [
    '1 spf.fail',
  ])
})

test('a refusal that somebody might have been spared is not certain', async () => {
  const log = recorded()
  await log.visit(policyWith(null), mails({ findings: null }))
  const { changes, unjudged } = await judged(
    log,
    rules({
      block: { networks: ['192.0.2.0/24'] },
      allow: { addresses: ['bob@sender.example', 'x@y.example'] },
    }),
  )
  assert.deepEqual({ changes, unjudged }, { changes: [], unjudged: ['1 allow.addresses bob@sender.example'] })
})

test('a list that was not asked then cannot be asked now', async () => {
  const list = (zone: string, on: 'refuse' | 'tag', weight = 0) =>
    ({ zone, of: 'addresses', on, error: 'ignore', weight }) as const
  const found = {
    ...spf('pass'),
    listings: [{ zone: 'a.example', of: 'address', subject: '192.0.2.7', result: 'listed' }],
  } as const
  const asked = policyWith(rules({ dnsbl: [list('a.example', 'tag')] }))
  assert.deepEqual(
    (await after(asked, rules({ dnsbl: [list('a.example', 'refuse')] }), mails({ findings: found }))).changes,
    ['1 tagged -> refused: dnsbl a.example, was dnsbl a.example'],
  )
  const other = rules({ dnsbl: [list('b.example', 'refuse')] })
  assert.deepEqual((await after(asked, other, mails({ findings: found }))).unjudged, ['1 dnsbl b.example'])
  const summed = {
    ...rules({
      dnsbl: [
        { ...list('a.example', 'tag', 2), on: 'ignore' },
        { ...list('b.example', 'tag', 2), on: 'ignore' },
      ],
    }),
    score: { tag: 1, defer: null, refuse: 4 },
  }
  assert.deepEqual((await after(asked, summed, mails({ findings: found }))).unjudged, ['1 score.refuse'])
})

test('what nobody knew then although the rule was there, nobody would know now', async () => {
  const low = rules({ karma: { below: -5, on: 'refuse' } })
  const { karma: _, ...found } = spf('pass')
  const unknown = mails({ findings: found })
  assert.deepEqual((await after(policyWith(low), low, unknown)).unjudged, [])
  assert.deepEqual((await after(policyWith(lenient), low, unknown)).unjudged, ['1 karma'])
})

test('policies that the log does not have: their sessions are counted, and passed over', async () => {
  const log = recorded()
  await log.visit(policyWith(lenient), mails(eve))
  const lost = await log.visit(policyWith(lenient, { errors: 7 }), mails(eve))
  const opened: { data: { policy: string } }[] = []
  for await (const page of log.log.readStream(`smtp_session-${lost}`, { limit: 1 }))
    opened.push(...(page as never[]))
  await log.log.forget({ streams: [`policy-${opened[0]!.data.policy}`] })
  const { summary } = await judged(log, refusing)
  assert.deepEqual(
    { sessions: summary.sessions, withoutPolicy: summary.withoutPolicy, changed: summary.changed },
    { sessions: 1, withoutPolicy: 1, changed: 1 },
  )
})

test('mail that was given up, and sessions that have no end yet', async () => {
  const log = recorded()
  await log.visit(policyWith(lenient), mails({ ...eve, leaves: true }))
  await log.visit(policyWith(lenient), { mails: [eve], ends: null })
  await log.visit(policyWith(lenient), { mails: [eve], ends: 'DISCONNECTED' })
  const { changes, summary } = await judged(log, refusing)
  assert.deepEqual(changes, ['2 accepted -> refused: spf.fail, was null'])
  assert.equal(summary.unfinished, 1)
  assert.equal(summary.mails, 2)
})

test('only sessions of the time that is asked for', async () => {
  const log = recorded()
  for (let at = 0; at < 5; at++) await log.visit(policyWith(lenient), mails(eve), at * 60_000)
  const { summary } = await judged(log, refusing, { since: begun + 60_000, until: begun + 180_000 })
  assert.deepEqual(
    { sessions: summary.sessions, changed: summary.changed, first: summary.first, last: summary.last },
    { sessions: 3, changed: 3, first: '2026-01-02T03:05:05.000Z', last: '2026-01-02T03:07:05.000Z' },
  )
})

test('examples name the session, the fact and the message, no more than are asked for', async () => {
  const log = recorded()
  const ids: string[] = []
  for (let at = 0; at < 4; at++) ids.push(await log.visit(policyWith(lenient), mails({}, eve)))
  const { report } = await log.test({ rules: refusing, examples: 2 })
  const [change] = report.changes()
  assert.equal(change?.mails, 4)
  assert.deepEqual(
    change?.examples.map(({ session, sender }) => [session, sender]),
    ids.slice(0, 2).map((id) => [id, 'eve@sender.example']),
  )
  const { revision, session } = change!.examples[0]!
  for await (const page of log.log.readStream(`smtp_session-${session}`, { from: revision, limit: 1 }))
    assert.equal(page[0]?.type, 'SenderAccepted')
  assert.match(String(change?.examples[0]?.message), /^m\d+$/)
})

test('nothing but the message is asked where the allow list has its author', async () => {
  const allowed = rules({ spf: { fail: 'tag' }, allow: { domains: ['sender.example'] } })
  const { changes } = await after(policyWith(lenient), allowed, mails({ ...eve, message: clean }))
  assert.deepEqual(changes, [])
})
