import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Cache } from '../../src/dns/cache.ts'
import { placeWith, said } from './place.ts'
import type { Zone } from './server.ts'

const hour = 3_600_000

/** How long an answer is kept, in seconds: asked at each of `times`, in order. */
const keptFor = async (
  ask: () => Promise<unknown>,
  asked: readonly string[],
  pass: (milliseconds: number) => void,
  times: readonly number[],
): Promise<readonly boolean[]> => {
  await ask()
  let at = 0
  const kept: boolean[] = []
  for (const time of times) {
    pass((time - at) * 1000)
    at = time
    const before = asked.length
    await ask()
    kept.push(asked.length === before)
    if (asked.length !== before) break
  }
  return kept
}

const cases = [
  ['records, as long as they say', { A: ['192.0.2.1'], ttl: 100 }, 0, [99, 101]],
  ['records that are not to be kept', { A: ['192.0.2.1'], ttl: 0 }, 0, [0]],
  ['records with a TTL that is none', { A: ['192.0.2.1'], ttl: 0x8000_0001 }, 0, [0]],
  ['records, a day at most', { A: ['192.0.2.1'], ttl: 10_000_000 }, 0, [86_390, 86_401]],
  ['that there is nothing of this type, as long as the zone says', { MX: [[1, 'mx.test']] }, 100, [99, 101]],
  ['that there is no such name, as long as the zone says', null, 100, [99, 101]],
  ['that there is no such name, a quarter of an hour at most', null, 3_000, [899, 901]],
  ['that there is no such name, not where the zone says so', null, 0, [0]],
  ['a failure, for seconds', { fails: 'SERVFAIL' }, 100, [4, 6]],
] as const

for (const [kind, records, nothingFor, times] of cases)
  test(`kept: ${kind}`, async (context) => {
    const zone: Zone = records === null ? {} : { 'a.test': records }
    const { resolver, server, pass } = await placeWith(context, zone, { nothingFor })
    const kept = await keptFor(() => said(resolver, 'a.test', 'A'), server.asked, pass, times)
    assert.deepEqual(
      kept,
      times.map((_, at) => at < times.length - 1),
    )
  })

test('kept: that nobody answered, for seconds', async (context) => {
  const { resolver, server, pass } = await placeWith(
    context,
    {},
    { instead: () => [], resolver: { timeout: 30 } },
  )
  await said(resolver, 'a.test', 'A')
  const before = server.asked.length
  assert.equal(await said(resolver, 'a.test', 'A'), 'ETIMEOUT')
  assert.equal(server.asked.length, before)
  pass(6_000)
  await said(resolver, 'a.test', 'A')
  assert.ok(server.asked.length > before)
})

test('an alias is kept as long as the shorter of both', async (context) => {
  const { resolver, server, pass } = await placeWith(context, {
    'a.test': { CNAME: 'b.test', ttl: 10 },
    'b.test': { A: ['192.0.2.1'], ttl: 1000 },
  })
  const kept = await keptFor(() => said(resolver, 'a.test', 'A'), server.asked, pass, [9, 11])
  assert.deepEqual(kept, [true, false])
})

test('a bounded number of answers is kept, those asked for last', async (context) => {
  const zone = Object.fromEntries(['a', 'b', 'c'].map((name) => [`${name}.test`, { A: ['192.0.2.1'] }]))
  const { resolver, server } = await placeWith(context, zone, { resolver: { bounds: { entries: 2 } } })
  for (const name of ['a.test', 'b.test', 'a.test', 'c.test', 'a.test']) await said(resolver, name, 'A')
  assert.deepEqual(server.asked, ['udp A a.test', 'udp A b.test', 'udp A c.test'])
  await said(resolver, 'b.test', 'A')
  assert.equal(server.asked.length, 4)
})

test('a bounded number of octets is kept', async (context) => {
  const long = { TXT: ['x'.repeat(4_000)] }
  const zone = { 'a.test': long, 'b.test': long }
  const { resolver, server } = await placeWith(context, zone, { resolver: { bounds: { octets: 10_000 } } })
  for (const name of ['a.test', 'a.test', 'b.test', 'b.test', 'a.test']) await said(resolver, name, 'TXT')
  assert.deepEqual(
    server.asked.filter((question) => question.startsWith('udp')),
    ['udp TXT a.test', 'udp TXT b.test', 'udp TXT a.test'],
  )
})

test('a cache holds what it was given, no more than it may, and nothing for longer', () => {
  const acts = fc.array(
    fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      value: fc.nat(1_000),
      time: fc.integer({ min: -10, max: 100 }),
      size: fc.nat(60),
      pass: fc.nat(40),
    }),
  )
  fc.assert(
    fc.property(acts, (each) => {
      let now = hour
      const cache = new Cache<number>({ now: () => now, entries: 3, octets: 100 })
      const given = new Map<string, { value: number; until: number }>()
      for (const { key, value, time, size, pass } of each) {
        cache.set(key, value, { time, size })
        given.set(key, { value, until: now + time })
        now += pass
        for (const [name, { value: last, until }] of given) {
          const found = cache.get(name)
          assert.ok(found === null || (found === last && until > now))
        }
        assert.ok(cache.size <= 3 && cache.octets <= 100 && cache.octets >= 0)
        if (cache.size === 0) assert.equal(cache.octets, 0)
      }
    }),
  )
})
