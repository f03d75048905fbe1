import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeClient, judgeMessage, refusalBy } from '../../machines/session/rules/judge.ts'
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

test('what others wrote cannot end the reply, nor make it endless', () => {
  const about = `a\r\nb${'é'.repeat(500)}`
  const refusal = refusalBy({ rule: 'spf.fail', reason: 'spf-fail', outcome: 'refuse', about }, 's1')
  assert.match(refusal.text, /^Your domain says that you may not send for it \(SPF\): a\?\?b\?{156} \[s1\]$/)
  assert.equal(refusal.about?.length, 255)
})
