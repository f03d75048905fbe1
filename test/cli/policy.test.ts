/** `fsmtp policy`: which rules were in force when, as a server recorded it. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { clientQuestions } from '../../machines/session/rules/client.ts'
import { messageQuestions } from '../../machines/session/rules/message.ts'
import { outcomes } from '../../machines/session/rules/rules.ts'
import { reasonOfRule, ruleReasons } from '../../machines/vocabulary/rule-reasons.ts'
import { besidesRules, changesBetween, outcomeText, rulesIn } from '../../src/cli/policy-text.ts'
import { policyFile, rulesOf } from '../../src/config/policy.ts'
import { eventually, objects, serve } from '../server.ts'
import { strangers } from './stranger.ts'

const first = {
  allow: { networks: [], domains: ['friend.example'] },
  spf: { fail: 'refuse' },
  reverseName: { missing: 'greylist' },
  dnsbl: [{ zone: 'dom.example', of: 'domains', on: 'tag' }],
  rates: [{ of: 'network', messages: 100, per: '1h', on: 'defer' }],
}

test('the policy in force, since when, what changed; as it was at a time; by its hash', async (t) => {
  const place = await strangers(t, { policy: './policy.yaml' }, { 'policy.yaml': JSON.stringify(first) })
  const [head, , title, ...rows] = await place.said('policy')
  const [, hash, since] =
    /^policy ([0-9a-f]{16}), for mx, in force from (\S+)$/.exec(head!) ?? assert.fail(head)
  assert.match(title!, /^RULE +LEADS TO$/)
  assert.deepEqual(
    rows.slice(0, rows.indexOf('')).map((row) => row.split(/ {2,}/)),
    [
      ['allow.domains friend.example', 'let in, whatever the others say'],
      ['dnsbl dom.example', 'tag: it goes to Junk'],
      ['spf.fail', 'refuse: 550'],
      ['reverseName.missing', 'greylist: strangers have to come back'],
      ['rates network 100/1h', 'defer: 451'],
      ['dmarc.reject', 'refuse: 550'],
      ['dmarc.quarantine', 'tag: it goes to Junk'],
      ['greylisted are senders of whom fewer than 3 mails were accepted; they are let in after 5m'],
    ],
  )
  writeFileSync(join(place.folder, 'policy.yaml'), JSON.stringify({ ...first, spf: { fail: 'tag' } }))
  const changed = await eventually(
    async () => {
      const [now] = objects(await place.run('policy', '--json'))
      return now?.policy !== hash && now
    },
    { what: 'another policy in force' },
  )
  const { history, rules, settings, ...about } = changed as Shown
  assert.deepEqual(
    history.map(({ policy, since: begun, until, changed: what }) => [...[policy, begun, until, what]]),
    [
      [hash, since, about.since, []],
      [about.policy, about.since, null, ['spf.fail: refuse -> tag']],
    ],
  )
  assert.deepEqual(rules[2], { rule: 'spf.fail', outcome: 'tag' })
  assert.equal(settings.rules.spf.fail, 'tag')
  const [then] = objects(await place.run('policy', '--at', since!, '--json'))
  assert.deepEqual([then?.policy, then?.since, then?.until], [hash, since, about.since])
  assert.equal((await place.said('policy', hash!.slice(0, 8)))[0], `policy ${hash}`)
  const [session] = (await place.said('events', '--type', 'PolicyChanged')).map((line) =>
    line.includes(hash!),
  )
  assert.ok(session)

  // Whoever starts with what was in force before changes nothing.
  await place.stop()
  const again = await serve(place.folder)
  t.after(() => again.child.kill('SIGKILL'))
  const [later] = objects(await place.run('policy', '--json'))
  assert.equal((later as Shown).history.length, 2)
  assert.equal(objects(await place.run('events', '--type', 'PolicyChanged', '--json')).length, 3)

  for (const [words, said] of [
    [['--at', '2020-01-01'], /^fsmtp: no policy was in force at 2020-01-01T23:59:59\.999Z: the first is of /],
    [['--service', 'submission'], /^fsmtp: no server has taken mail on submission here yet; /],
    [['nothing'], /^fsmtp: no policy has a hash that begins with "nothing"/],
    [[hash!, '--at', '1h'], /^fsmtp: --at asks which policy it was/],
  ] as const) {
    const { code, stderr } = await place.run('policy', ...words)
    assert.notEqual(code, 0)
    assert.match(stderr, said)
  }
})

type Shown = {
  readonly policy: string
  readonly since: string
  readonly rules: readonly object[]
  readonly settings: { readonly rules: { readonly spf: { readonly fail: string } } }
  readonly history: readonly Readonly<Record<'policy' | 'since' | 'until' | 'changed', unknown>>[]
}

/** All sections that lead to something, all of them. */
const everything = () => {
  const outcome = outcomes.at(-1)!
  const all = (names: string): object => Object.fromEntries(names.split(' ').map((name) => [name, outcome]))
  const names = { addresses: ['a@b.example'], networks: ['192.0.2.0/24'], domains: ['b.example'] }
  return rulesOf(
    policyFile.parse({
      dnsbl: [{ zone: 'bl.example', on: outcome, error: outcome }],
      score: { tag: 1, defer: 2, refuse: 3 },
      spf: all('fail softfail neutral none temperror permerror'),
      dkim: all('fail none policy neutral temperror permerror'),
      dmarc: all('reject quarantine none temperror permerror'),
      helo: all('invalid ours unresolved temperror'),
      reverseName: all('missing unconfirmed temperror'),
      author: all('none several ambiguous poses'),
      rates: [{ of: 'address', messages: 1, per: '1m', on: outcome }],
      karma: { below: -10, on: outcome },
      allow: names,
      block: names,
    }),
  )
}

test('every rule can be told from its name: what it speaks about is what it refuses with', () => {
  const rules = everything()
  const questions = [...clientQuestions(rules), ...messageQuestions(rules)]
  for (const { rule, reason } of questions) assert.equal(reasonOfRule(rule), reason, rule)
  const reached = new Set<string>(questions.map(({ reason }) => reason))
  assert.deepEqual(
    Object.keys(ruleReasons).filter((reason) => !reached.has(reason)),
    ['greylisted'],
  )
  assert.equal(reasonOfRule('allow.domains b.example'), null)
  assert.equal(reasonOfRule('nonsense'), null)
  const listed = rulesIn(rules)
  assert.deepEqual(new Set(listed.map(({ rule }) => rule)).size, listed.length)
  assert.deepEqual(
    listed.filter(({ outcome }) => outcome === 'allow').map(({ rule }) => rule),
    ['allow.networks 192.0.2.0/24', 'allow.addresses a@b.example', 'allow.domains b.example'],
  )
})

const rulesWith = (sections: object) => rulesOf(policyFile.parse(sections))

test('what counts something says from which number on, and what is counted', () => {
  const rules = rulesWith({
    allow: { networks: [] },
    dnsbl: [
      { zone: 'a.example', weight: 2 },
      { zone: 'b.example', on: 'tag' },
      { zone: 'c.example', of: 'domains', weight: -1 },
    ],
    score: { tag: 2, refuse: 5 },
    karma: { below: -50, on: 'defer' },
    dmarc: { reject: 'ignore', quarantine: 'ignore' },
  })
  const lines = rulesIn(rules)
  assert.deepEqual(
    lines.map((line) => `${line.rule} = ${outcomeText(rules, line)}`),
    [
      'dnsbl b.example = tag: it goes to Junk',
      'score.refuse = refuse: 550, from a sum of 5',
      'score.tag = tag: it goes to Junk, from a sum of 2',
      'karma = defer: 451, below a score of -50',
    ],
  )
  assert.deepEqual(besidesRules(rules, lines), ['sums are of what lists add: a.example 2, c.example -1'])
})

test('what changed names one list, rate or limit, not all of them', () => {
  const was = { rules: rulesWith({ dnsbl: [{ zone: 'a.example', on: 'refuse' }, { zone: 'b.example' }] }) }
  const is = {
    rules: rulesWith({
      dnsbl: [
        { zone: 'a.example', on: 'tag', error: 'defer', weight: 2, codes: ['127.0.0.2'] },
        { zone: 'b.example' },
        { zone: 'b.example', of: 'domains' },
      ],
      rates: [{ of: 'address', messages: 3, per: '1m', on: 'defer' }],
      karma: { below: -50, on: 'defer' },
    }),
  }
  assert.deepEqual(changesBetween(was, is), [
    'dnsbl a.example: refuse -> tag, for 127.0.0.2, error defer, weight 2',
    'karma.below: nothing -> -50',
    'karma.on: nothing -> defer',
    'dnsbl b.example of domains: nothing -> ignore',
    'rates address 3/1m: nothing -> defer',
  ])
  assert.ok(changesBetween(is, was).includes('karma.below: -50 -> nothing'))
  assert.deepEqual(changesBetween(is, is), [])
  assert.deepEqual(changesBetween({ a: 1 }, { a: 2, b: [] }), ['a: 1 -> 2'])
})

test('what a peer is told can be followed by a colon and what it is about', () => {
  for (const [name, { peer }] of Object.entries(ruleReasons)) assert.doesNotMatch(peer, /[.:;,]$/, name)
})
