import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuthorFinding, DkimFinding, SpfFinding } from '../../../machines/vocabulary/findings.ts'
import { examineDmarc } from '../../../src/authentication/message/dmarc.ts'
import { organizationOf } from '../../../src/authentication/message/organization.ts'
import type { DnsCode } from '../../../src/dns/port.ts'
import { rowsOf } from '../../tables/table.ts'
import { type Zone, zoneResolver } from './zone.ts'

const authorIn = (cell: string): AuthorFinding => {
  if (cell === 'ambiguous' || cell === 'several' || cell === 'none')
    return { result: cell, domains: cell === 'none' ? [] : ['example.org'] }
  return { result: 'one', domains: [cell] }
}
const zoneIn = (cell: string): Zone => {
  const zone: Record<string, { TXT: string[][] } | DnsCode> = {}
  for (const line of cell.split('␟').filter(Boolean)) {
    const [name, said] = [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]
    const there = zone[`_dmarc.${name}`]
    if (/^E[A-Z]+$/.test(said)) zone[`_dmarc.${name}`] = said as DnsCode
    else if (typeof there === 'object') there.TXT.push([said])
    else zone[`_dmarc.${name}`] = { TXT: [[said.slice(0, 9), said.slice(9)]] }
  }
  return zone
}
const pairs = (cell: string) =>
  cell
    .split(', ')
    .filter(Boolean)
    .map((words) => words.split(' '))

for (const { cell, line } of rowsOf(new URL('dmarc.md', import.meta.url), 'Judgement')) {
  test(`dmarc.md:${line} Judgement`, async () => {
    const [spf] = pairs(cell('spf')).map(
      ([result, domain = '']) => ({ identity: 'mailfrom', result, domain }) as SpfFinding,
    )
    const dkim = pairs(cell('dkim')).map(
      ([result, domain = '']) => ({ result, domain, selector: 's' }) as DkimFinding,
    )
    const draw = Number(cell('draw') || '50')
    const resolver = zoneResolver(zoneIn(cell('records')))
    const found = await examineDmarc({ author: authorIn(cell('author')), spf, dkim, draw, resolver })
    const { result, record = '', policy = '', by = [], leftOut } = found
    assert.deepEqual(
      [result, record, policy, by.join(' '), leftOut === true ? 'yes' : ''],
      [cell('result'), cell('record'), cell('policy'), cell('by'), cell('left out')],
    )
  })
}

test('organizations, as the public suffix list has them', () => {
  const owners = [
    'mail.example.co.uk',
    'example.co.uk',
    'co.uk',
    'a.b.example',
    'x.bob.github.io',
    'localhost',
    'a.xn--bcher-kva.example',
  ]
  assert.deepEqual(owners.map(organizationOf), [
    ...[
      'example.co.uk',
      'example.co.uk',
      'co.uk',
      'b.example',
      'bob.github.io',
      'localhost',
      'xn--bcher-kva.example',
    ],
  ])
})
