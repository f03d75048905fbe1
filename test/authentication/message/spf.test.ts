import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { examineSpf } from '../../../src/authentication/message/spf.ts'
import type { Resolver } from '../../../src/dns/port.ts'
import { rowsOf } from '../../tables/table.ts'
import { type Zone, zoneResolver } from './zone.ts'

const surroundings: Zone = {
  'a.example.org': { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] },
  'mx.example.org': { MX: [{ priority: 10, exchange: 'a.example.org' }] },
  'empty.example.org': 'ENODATA',
  'broken.example.org': 'ESERVFAIL',
  'late.example.org': 'ETIMEOUT',
  'refused.example.org': 'EREFUSED',
  'yes.example.org': { TXT: [['v=spf1 +all']] },
  'no.example.org': { TXT: [['v=spf1 -all']] },
  'loop.example.org': { TXT: [['v=spf1 include:loop.example.org -all']] },
  'why.example.org': { TXT: [['see %{i}']] },
}
const question = { address: '192.0.2.1', helo: 'mail.example.net', sender: 'bob@example.org' }
const publishing = (record: string) =>
  zoneResolver({ ...surroundings, 'example.org': { TXT: [['something else'], [record]] } })

for (const { cell, line } of rowsOf(new URL('spf.md', import.meta.url), 'Records')) {
  test(`spf.md:${line} Records`, async () => {
    const { result, mechanism, about } = await examineSpf({
      address: cell('client') || question.address,
      helo: question.helo,
      sender: cell('sender') || question.sender,
      resolver: publishing(cell('record')),
    })
    assert.deepEqual(
      { result, mechanism: mechanism ?? '', about: about ?? '' },
      { result: cell('result'), mechanism: cell('mechanism'), about: cell('about') },
    )
  })
}

test('without a sender the name of EHLO is asked', async () => {
  const resolver = zoneResolver({ 'mail.example.net': { TXT: [['v=spf1 a -all']], A: ['192.0.2.1'] } })
  const finding = await examineSpf({ ...question, sender: '', resolver })
  assert.deepEqual(finding, {
    identity: 'helo',
    domain: 'mail.example.net',
    result: 'pass',
    mechanism: 'a',
  })
  const literal = await examineSpf({ ...question, sender: '', helo: '[192.0.2.1]', resolver })
  assert.deepEqual([literal.result, literal.identity], ['none', 'helo'])
})

test('a domain with U-labels is asked for by its A-labels', async () => {
  const resolver = zoneResolver({ 'xn--bcher-kva.example': { TXT: [['v=spf1 +all']] } })
  const { domain, result } = await examineSpf({ ...question, sender: 'bob@bücher.example', resolver })
  assert.deepEqual([domain, result], ['xn--bcher-kva.example', 'pass'])
})

const silent: Resolver = { resolve: () => new Promise(() => {}) }

test('a name server that never answers is a temperror when the time is over', async () => {
  const finding = await examineSpf({ ...question, resolver: silent, timeout: 20 })
  assert.deepEqual([finding.result, finding.about], ['temperror', 'no result in time'])
})

test('nothing is asked for a client that has gone', async () => {
  const resolver = publishing('v=spf1 +all')
  const finding = await examineSpf({ ...question, resolver, signal: AbortSignal.abort() })
  assert.deepEqual([finding.result, resolver.asked.length], ['temperror', 0])
})

test('answers that make no sense are never a pass', async () => {
  const answers: readonly unknown[] = [
    null,
    [],
    [null],
    [[null]],
    ['v=spf1 +all '],
    [[1]],
    'v=spf1',
    [{}],
    [['v=spf1 a']],
  ]
  for (const answer of answers) {
    const resolver = { resolve: async () => answer } as Resolver
    const { result } = await examineSpf({ ...question, sender: 'bob@example.org', resolver, timeout: 1000 })
    assert.ok(['none', 'temperror', 'permerror', 'pass', 'neutral'].includes(result))
    if (answer !== answers[4]) assert.notEqual(result, 'pass', JSON.stringify(answer))
  }
})

test('an MX record of eleven hosts is too much, and so is a reverse name that does not lead back', async () => {
  const hosts = Array.from({ length: 11 }, (_, at) => ({ priority: at, exchange: `h${at}.example.org` }))
  const many = zoneResolver({ 'example.org': { TXT: [['v=spf1 mx +all']], MX: hosts } })
  assert.equal((await examineSpf({ ...question, resolver: many })).about, 'more than 10 hosts in one answer')
  const forged = zoneResolver({
    'example.org': { TXT: [['v=spf1 ptr -all']] },
    '1.2.0.192.in-addr.arpa': { PTR: ['mail.example.org'] },
    'mail.example.org': { A: ['192.0.2.9'] },
  })
  assert.equal((await examineSpf({ ...question, resolver: forged })).result, 'fail')
})

test('whatever a record says, one that lets nobody in is no pass, and nothing is asked without end', async () => {
  const term = fc.constantFrom(
    ...[
      '-all',
      '~all',
      '?all',
      '-a',
      '?mx',
      '-include:yes.example.org',
      '~ip4:0.0.0.0/0',
      'redirect=no.example.org',
    ],
    ...[
      '-exists:%{i}.example.org',
      '?ptr',
      'exp=why.example.org',
      'x=%{l}',
      '-a:%{p}.example.org',
      '%',
      'a/',
      ':',
      '=',
    ],
    ...[
      '-include:%{d}',
      'include:loop.example.org',
      'redirect=%{o}',
      '-mx:%{hr}.org//0',
      '-ip6:::/0',
      '\u00e4',
    ],
  )
  await fc.assert(
    fc.asyncProperty(fc.array(term, { maxLength: 12 }), async (terms) => {
      const resolver = publishing(`v=spf1 ${terms.join(' ')}`)
      const { result } = await examineSpf({ ...question, resolver })
      assert.notEqual(result, 'pass')
      assert.ok(resolver.asked.length < 40, `${resolver.asked.length} questions`)
    }),
    { numRuns: 500, seed: 7 },
  )
})
