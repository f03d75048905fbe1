import assert from 'node:assert/strict'
import { test } from 'node:test'
import { couldLetIn, judgeClient, judgeMessage, refusalBy } from '../../machines/session/rules/judge.ts'
import type { Examined, Judgement } from '../../machines/session/rules/question.ts'
import { lenient, type Rules } from '../../machines/session/rules/rules.ts'
import { eachRow, type Row } from './table.ts'

const table = new URL('rules.md', import.meta.url)

type Layer = Readonly<Record<string, unknown>>
const isLayer = (value: unknown): value is Layer =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const laidOver = <Below extends object>(below: Below, above: Layer): Below =>
  Object.fromEntries(
    Object.entries(below)
      .concat(Object.entries(above).filter(([key]) => !(key in below)))
      .map(([key, value]) => {
        const given = above[key]
        if (given === undefined) return [key, value]
        return [key, isLayer(value) && isLayer(given) ? { ...value, ...given } : given]
      }),
  ) as Below

const client: Examined = {
  address: '192.0.2.1',
  helo: 'client.example',
  sender: 'ann@sender.example',
  findings: {},
}

const told = ({ by }: Judgement): string => {
  if (by === null || by.outcome === 'ignore' || by.outcome === 'tag') return 'accept'
  const { code, enhanced, reason } = refusalBy(by, '')
  return `${code} ${enhanced} ${reason}`
}
const orNone = (text: string): string => (text === '' ? '-' : text)

const checkWith =
  (judge: (examined: Examined, rules: Rules) => Judgement) =>
  ({ cell }: Row): void => {
    const rules = laidOver(lenient, JSON.parse(cell('rules')) as Layer)
    const judged = judge(laidOver(client, JSON.parse(cell('known')) as Layer), rules)
    assert.deepEqual(
      { verdict: told(judged), rule: orNone(judged.by?.rule ?? ''), tags: orNone(judged.tags.join(' ')) },
      { verdict: cell('verdict'), rule: cell('rule'), tags: cell('tags') },
    )
  }

eachRow(table, 'Client', checkWith(judgeClient))
eachRow(table, 'Message', checkWith(judgeMessage))

test('rules that found nothing to judge are named', () => {
  const rules: Rules = { ...lenient, spf: { ...lenient.spf, fail: 'refuse' }, karma: { below: 0, on: 'tag' } }
  assert.deepEqual(judgeClient(client, rules).unanswered, ['spf.fail', 'karma'])
})

test('a greylisting rule whose stranger nobody could look up is named as well', () => {
  const rules: Rules = { ...lenient, helo: { ...lenient.helo, invalid: 'greylist' } }
  const invalid: Examined = { ...client, findings: { helo: { result: 'invalid', name: 'x' } } }
  assert.deepEqual(judgeClient(invalid, rules).unanswered, ['helo.invalid'])
})

test('a rule without an answer that could have led to no more is not named', () => {
  const rules: Rules = {
    ...lenient,
    spf: { ...lenient.spf, fail: 'tag' },
    karma: { below: 0, on: 'refuse' },
    block: { ...lenient.block, networks: ['192.0.2.0/24'] },
  }
  assert.deepEqual(judgeClient(client, rules).unanswered, [])
  assert.deepEqual(judgeClient({ ...client, address: '198.51.100.1' }, rules).unanswered, [
    'spf.fail',
    'karma',
  ])
})

test('a sum is open where a list that was not asked could bring it there', () => {
  const list = (zone: string, weight: number) =>
    ({ zone, weight, of: 'addresses', on: 'ignore', error: 'ignore' }) as const
  const rules = (from: number): Rules => ({
    ...lenient,
    dnsbl: [list('a.example', 2), list('b.example', 1), list('good.example', -5)],
    score: { tag: null, defer: null, refuse: from },
  })
  const listings = [{ zone: 'a.example', of: 'address', subject: client.address, result: 'listed' }] as const
  const listed: Examined = { ...client, findings: { listings } }
  assert.equal(judgeClient(listed, rules(2)).by?.rule, 'score.refuse')
  assert.deepEqual(judgeClient(listed, rules(3)).unanswered, ['score.refuse'])
  assert.deepEqual(judgeClient(listed, rules(4)).unanswered, [])
})

test('a sum is open as well where nobody asked about the domain of the author, unless there is none', () => {
  const rules: Rules = {
    ...lenient,
    dnsbl: [{ zone: 'dbl.example', of: 'domains', weight: 2, on: 'ignore', error: 'ignore' }],
    score: { tag: 2, defer: null, refuse: 3 },
  }
  assert.deepEqual(judgeMessage({ ...client, message: {} }, rules).unanswered, ['score.tag'])
  const nobody = { author: { result: 'none', domains: [] }, listings: [] } as const
  assert.deepEqual(judgeMessage({ ...client, message: nobody }, rules).unanswered, [])
})

test('a name on the allow list could let in where nobody asked SPF', () => {
  const rules: Rules = {
    ...lenient,
    allow: { networks: [], addresses: ['Ann@sender.example'], domains: ['sender.example', 'other.example'] },
  }
  assert.deepEqual(couldLetIn(client, rules), [
    'allow.addresses Ann@sender.example',
    'allow.domains sender.example',
  ])
  const failed = { identity: 'mailfrom', domain: 'sender.example', result: 'fail' } as const
  assert.deepEqual(couldLetIn({ ...client, findings: { spf: failed } }, rules), [])
})

test('what others wrote cannot end the reply, nor make it endless', () => {
  const about = `a\r\nb${'é'.repeat(500)}`
  const refusal = refusalBy({ rule: 'spf.fail', reason: 'spf-fail', outcome: 'refuse', about }, 's1')
  assert.match(refusal.text, /^Your domain says that you may not send for it \(SPF\): a\?\?b\?{156} \[s1\]$/)
  assert.equal(refusal.about?.length, 255)
})
