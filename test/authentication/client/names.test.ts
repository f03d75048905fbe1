import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findHelloName } from '../../../src/authentication/client/hello-name.ts'
import { examineClient, openLists } from '../../../src/authentication/client/index.ts'
import { findReverseName } from '../../../src/authentication/client/reverse-name.ts'
import { DnsFault, type Resolver } from '../../../src/dns/index.ts'
import { rowsOf } from '../../tables/table.ts'
import { resolverOf } from './zone.ts'

const table = new URL('reverse-name.md', import.meta.url)
const signal = (): AbortSignal => new AbortController().signal
const ourselves = {
  isOurName: (name: string) => name === 'mx.here.test',
  isOurAddress: (address: string) => address === '203.0.113.1',
}

for (const { cell, line } of rowsOf(table, 'Reverse names'))
  test(`reverse-name.md:${line} Reverse names`, async () => {
    const resolver = resolverOf(() => cell('DNS'))
    const { result, name } = await findReverseName(cell('address'), { resolver, signal: signal() })
    assert.equal(name === null ? result : `${result} ${name}`, cell('found'))
    assert.ok(resolver.asked.length <= 6)
  })

for (const { cell, line } of rowsOf(table, 'Names after EHLO'))
  test(`reverse-name.md:${line} Names after EHLO`, async () => {
    const resolver = resolverOf(() => cell('DNS'))
    const found = await findHelloName(
      cell('hello'),
      { address: '192.0.2.7', ourselves },
      { resolver, signal: signal() },
    )
    assert.deepEqual(found, { result: cell('found'), name: cell('hello') })
    if (!/resolved|temperror/.test(found.result)) assert.deepEqual(resolver.asked, [])
  })

test('we may call ourselves by our name', async () => {
  const resolver = resolverOf(() => 'mx.here.test A 203.0.113.1')
  const client = { address: '203.0.113.1', ourselves }
  const found = await findHelloName('mx.here.test', client, { resolver, signal: signal() })
  assert.equal(found.result, 'resolved')
})

const zone = `7.2.0.192.in-addr.arpa PTR mx.test
mx.test A 192.0.2.7
2.0.0.127.bl.test A 127.0.0.2
TEST.dom.test A 127.0.0.2
7.2.0.192.bl.test A 127.0.0.2
mx.test.dom.test A 127.0.0.2`
const both = [
  { zone: 'bl.test', of: 'addresses' },
  { zone: 'dom.test', of: 'domains' },
] as const

test('a look at a client finds all of it, and asks for nothing twice', async (context) => {
  const resolver = resolverOf(() => zone)
  const lists = openLists({ lists: both, resolver })
  context.after(() => lists.close())
  const look = { address: '192.0.2.7', helo: 'MX.test', senderDomain: 'sender.test' }
  const found = await examineClient(look, { resolver, lists, ourselves })
  assert.deepEqual(found.reverseName, { result: 'confirmed', name: 'mx.test' })
  assert.deepEqual(found.helo, { result: 'resolved', name: 'MX.test' })
  assert.deepEqual(
    found.listings.map(({ zone: each, subject, result }) => `${each} ${subject} ${result}`),
    ['bl.test 192.0.2.7 listed', 'dom.test sender.test clear', 'dom.test mx.test listed'],
  )
})

test('a confirmed reverse name is looked up in lists of domains, and no other', async (context) => {
  for (const [address, subjects] of [
    ['192.0.2.7', ['sender.test', 'mx.test']],
    ['192.0.2.8', ['sender.test']],
  ] as const) {
    const resolver = resolverOf(() => `${zone}\n8.2.0.192.in-addr.arpa PTR mx.test`)
    const lists = openLists({ lists: [both[1]], resolver })
    context.after(() => lists.close())
    const look = { address, helo: '[192.0.2.9]', senderDomain: 'sender.test' }
    const { listings } = await examineClient(look, { resolver, lists, ourselves })
    assert.deepEqual(
      listings.map(({ subject }) => subject),
      subjects,
    )
  }
})

test('where no name server answers, a look ends in its time and says so', async (context) => {
  const resolver: Resolver = {
    resolve: (name, type, { signal: ended } = {}) =>
      new Promise((_resolve, reject) => {
        ended?.addEventListener('abort', () => reject(new DnsFault('ECANCELLED', `${type} of ${name}`)))
      }),
  }
  const lists = openLists({ lists: both, resolver })
  context.after(() => lists.close())
  const look = { address: '192.0.2.7', helo: 'mx.test', senderDomain: 'sender.test' }
  const found = await examineClient(look, { resolver, lists, ourselves, timeout: 40 })
  assert.deepEqual(found.reverseName, { result: 'temperror', name: null })
  assert.equal(found.helo.result, 'temperror')
  assert.deepEqual(
    found.listings.map(({ result }) => result),
    ['set-aside', 'set-aside', 'set-aside'],
  )
})
