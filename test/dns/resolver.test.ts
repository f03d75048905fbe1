import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DnsFault, openResolver } from '../../src/dns/index.ts'
import { placeWith, said, started } from './place.ts'
import { encodeName, record, type Said, u16, type Zone } from './server.ts'

const everything: Zone = {
  'a.test': {
    A: ['192.0.2.1', '192.0.2.2'],
    AAAA: ['2001:db8:0:0:0:0:0:1', '::ffff:127.0.0.1'],
    MX: [
      [10, 'mx.test'],
      [0, '.'],
    ],
    TXT: ['v=spf1 -all', `${'x'.repeat(255)}\xe4`, ''],
    PTR: ['a b\\.c.test', 'new\nline.test'],
    NS: ['ns.test'],
  },
}

const answers = [
  ['A', ['192.0.2.1', '192.0.2.2']],
  ['AAAA', ['2001:db8::1', '::ffff:127.0.0.1']],
  [
    'MX',
    [
      { exchange: 'mx.test', priority: 10 },
      { exchange: '', priority: 0 },
    ],
  ],
  ['TXT', [['v=spf1 -all'], ['x'.repeat(255), '\xe4'], ['']]],
  ['PTR', ['a\\032b.c.test', 'new\\010line.test']],
  ['NS', ['ns.test']],
] as const

for (const [type, expected] of answers)
  test(`records of type ${type}`, async (context) => {
    const { resolver } = await placeWith(context, everything)
    assert.deepEqual(await resolver.resolve('A.test', type), expected)
  })

test('nothing of this type, no such name, a failure, a refusal', async (context) => {
  const { resolver } = await placeWith(context, {
    'a.test': { A: ['192.0.2.1'] },
    'bad.test': { fails: 'SERVFAIL' },
    'shut.test': { fails: 'REFUSED' },
  })
  assert.equal(await said(resolver, 'a.test', 'MX'), 'ENODATA')
  assert.equal(await said(resolver, 'b.test', 'MX'), 'ENOTFOUND')
  assert.equal(await said(resolver, 'bad.test', 'MX'), 'ESERVFAIL')
  assert.equal(await said(resolver, 'shut.test', 'MX'), 'EREFUSED')
})

test('whoever changes an answer changes nobody else’s', async (context) => {
  const { resolver, server } = await placeWith(context, everything)
  const [first] = [await resolver.resolve('a.test', 'MX'), await resolver.resolve('a.test', 'TXT')]
  first[0]!.exchange = 'other.test'
  first.pop()
  ;(await resolver.resolve('a.test', 'TXT'))[0]!.push('more')
  assert.deepEqual(await resolver.resolve('a.test', 'MX'), answers[2][1])
  assert.deepEqual(await resolver.resolve('a.test', 'TXT'), answers[3][1])
  assert.equal(server.asked.length, 2)
})

test('an answer that does not fit into a datagram comes over TCP', async (context) => {
  const names = Array.from({ length: 150 }, (_, at) => `host-${at}.example.test`)
  const { resolver, server } = await placeWith(context, { 'a.test': { PTR: names } })
  assert.deepEqual(await resolver.resolve('a.test', 'PTR'), names)
  assert.deepEqual(server.asked, ['udp PTR a.test', 'tcp PTR a.test'])
})

test('a server without extensions is asked without them, and over TCP beyond 512 octets', async (context) => {
  const zone: Zone = { 'a.test': { A: ['192.0.2.1'] }, 'long.test': { TXT: ['x'.repeat(700)] } }
  const { resolver, server } = await placeWith(context, zone, { old: true })
  assert.equal(await said(resolver, 'a.test', 'A'), '192.0.2.1')
  assert.equal((await resolver.resolve('long.test', 'TXT'))[0]!.join(''), 'x'.repeat(700))
  assert.deepEqual(server.asked, [
    ...['udp A a.test', 'udp A a.test'],
    ...['udp TXT long.test', 'udp TXT long.test', 'tcp TXT long.test'],
  ])
})

test('an alias is followed within the answer, and by asking where its end is not there', async (context) => {
  const zone: Zone = {
    'a.test': { CNAME: 'b.test' },
    'b.test': { CNAME: 'c.test' },
    'c.test': { A: ['192.0.2.1'] },
  }
  const whole = await placeWith(context, zone)
  assert.equal(await said(whole.resolver, 'a.test', 'A'), '192.0.2.1')
  assert.equal(await said(whole.resolver, 'a.test', 'CNAME'), 'b.test')
  assert.deepEqual(whole.server.asked, ['udp A a.test', 'udp CNAME a.test'])
  const parts = await placeWith(context, zone, { instead: firstRecordOnly })
  assert.equal(await said(parts.resolver, 'a.test', 'A'), '192.0.2.1')
  assert.deepEqual(parts.server.asked, ['udp A a.test', 'udp A b.test', 'udp A c.test'])
})

/** The question and the first record of its answer. */
const firstRecordOnly = ({ answer, query }: Said): readonly Buffer[] => {
  if (answer === null || answer.readUInt16BE(6) < 2) return answer === null ? [] : [answer]
  // Nothing is compressed: the first record ends after its name, ten octets, and its data.
  let at = query.length - 11
  while (answer[at] !== 0) at += answer[at]! + 1
  const short = Buffer.from(answer.subarray(0, at + 11 + answer.readUInt16BE(at + 9)))
  short.writeUInt16BE(1, 6)
  return [short]
}

test('aliases without end are a failure', async (context) => {
  const { resolver, server } = await placeWith(
    context,
    {},
    {
      instead: ({ query, question }) => [
        answered(query, [alias(question.slice(2), `x${question.slice(2)}`)]),
      ],
    },
  )
  assert.equal(await said(resolver, 'a.test', 'A'), 'ESERVFAIL')
  assert.equal(server.asked.length, 9)
  const loop = await placeWith(
    context,
    {},
    { instead: ({ query }) => [answered(query, [alias('a.test', 'b.test'), alias('b.test', 'a.test')])] },
  )
  assert.equal(await said(loop.resolver, 'a.test', 'A'), 'ESERVFAIL')
})

const alias = (name: string, target: string): Buffer => record(name, 'CNAME', encodeName(target))

/** An answer with these records, whatever the question was. */
const answered = (query: Buffer, records: readonly Buffer[], flags = 0x8180): Buffer =>
  Buffer.concat([
    ...[query.subarray(0, 2), u16(flags, 1, records.length, 0, 0)],
    ...[query.subarray(12, query.length - 11), ...records],
  ])

test('records of other names are not taken for an answer', async (context) => {
  const { resolver } = await placeWith(
    context,
    {},
    { instead: ({ query }) => [answered(query, [record('b.test', 'A', Buffer.of(192, 0, 2, 66))])] },
  )
  assert.equal(await said(resolver, 'a.test', 'A'), 'ENODATA')
})

test('records of other classes are not taken for an answer', async (context) => {
  const chaos = Buffer.from(record('a.test', 'A', Buffer.of(192, 0, 2, 66)))
  chaos[chaos.length - 11] = 3
  const { resolver } = await placeWith(context, {}, { instead: ({ query }) => [answered(query, [chaos])] })
  assert.equal(await said(resolver, 'a.test', 'A'), 'ENODATA')
})

const another = (message: Buffer, change: (copy: Buffer) => void): Buffer => {
  const copy = Buffer.from(message)
  change(copy)
  return copy
}

const forged = record('a.test', 'A', Buffer.of(192, 0, 2, 66))

const forgeries: Readonly<Record<string, (said: Said) => Buffer>> = {
  'another number': ({ query }) => another(answered(query, [forged]), (copy) => (copy[1]! ^= 1)),
  'another question': ({ query }) => another(answered(query, [forged]), (copy) => (copy[13] = 0x62)),
  'another type': ({ query }) =>
    another(answered(query, [forged]), (copy) => (copy[query.length - 11 - 3] = 28)),
  'a question': ({ query }) => answered(query, [forged], 0x0100),
  'no question': ({ query }) => Buffer.concat([query.subarray(0, 2), u16(0x8180, 0, 1, 0, 0), forged]),
  'half a head': ({ query }) => query.subarray(0, 7),
  nothing: () => Buffer.alloc(0),
}

for (const [kind, forge] of Object.entries(forgeries))
  test(`a message with ${kind} is passed over, and the answer after it is heard`, async (context) => {
    const instead = (heard: Said): readonly Buffer[] => [forge(heard), heard.answer!]
    const { resolver, server } = await placeWith(context, { 'a.test': { A: ['192.0.2.1'] } }, { instead })
    assert.equal(await said(resolver, 'a.test', 'A'), '192.0.2.1')
    assert.equal(server.asked.length, 1)
  })

test('where somebody is guessing, the answer is fetched over TCP', async (context) => {
  const instead = ({ answer, query, transport }: Said): readonly Buffer[] =>
    transport === 'tcp'
      ? [answer!]
      : Array.from({ length: 200 }, (_, at) =>
          another(answered(query, [forged]), (copy) => (copy[0]! ^= at + 1)),
        )
  const { resolver, server } = await placeWith(context, { 'a.test': { A: ['192.0.2.1'] } }, { instead })
  assert.equal(await said(resolver, 'a.test', 'A'), '192.0.2.1')
  assert.deepEqual(server.asked, ['udp A a.test', 'tcp A a.test'])
})

test('each question has a number and a port of its own', async (context) => {
  const ports = new Set<number>()
  const numbers = new Set<number>()
  const instead = ({ answer, query, port }: Said): readonly Buffer[] => {
    ports.add(port)
    numbers.add(query.readUInt16BE(0))
    return [answer!]
  }
  const { resolver } = await placeWith(context, {}, { instead })
  await Promise.all(Array.from({ length: 60 }, (_, at) => said(resolver, `n${at}.test`, 'A')))
  assert.ok(ports.size > 55, `${ports.size} ports`)
  assert.ok(numbers.size > 50, `${numbers.size} numbers`)
})

const lame = ({ query }: Said): readonly Buffer[] => [
  Buffer.concat([
    ...[query.subarray(0, 2), u16(0x8000, 1, 0, 1, 0), query.subarray(12, query.length - 11)],
    record('test', 'NS', encodeName('ns.other.test')),
  ]),
]
const noSense = ({ query }: Said): readonly Buffer[] => [
  Buffer.concat([query.subarray(0, 2), u16(0x8180, 1, 7, 0, 0), query.subarray(12, query.length - 11)]),
]

const failures = [
  ['fails', { 'a.test': { fails: 'SERVFAIL' } }, undefined, 'ESERVFAIL'],
  ['refuses', { 'a.test': { fails: 'REFUSED' } }, undefined, 'EREFUSED'],
  ['is not responsible', {}, lame, 'ESERVFAIL'],
  ['makes no sense', {}, noSense, 'EBADRESP'],
  [
    'has a thousand records and more',
    {},
    ({ query }: Said) => [answered(query, Array(1_001).fill(forged))],
    'EBADRESP',
  ],
] as const

for (const [kind, zone, instead, code] of failures)
  test(`where one server ${kind}, the next is asked; where there is none, it is ${code}`, async (context) => {
    const options = instead === undefined ? {} : { instead }
    const bad = await started(context, zone, options)
    const good = await started(context, { 'a.test': { A: ['192.0.2.1'] } })
    const both = openResolver({ servers: [bad.address, good.address], timeout: 60_000 })
    assert.equal(await said(both, 'a.test', 'A'), '192.0.2.1')
    assert.ok(bad.asked.length > 0)
    const alone = openResolver({ servers: [bad.address], timeout: 60_000 })
    assert.equal(await said(alone, 'a.test', 'A'), code)
  })

test('a silent server leaves time for the others, and is asked after them from then on', async (context) => {
  const silent = await started(context, {}, { instead: () => [] })
  const good = await started(context, { 'a.test': { A: ['192.0.2.1'] }, 'b.test': { A: ['192.0.2.2'] } })
  const resolver = openResolver({ servers: [silent.address, good.address], timeout: 6_000 })
  assert.equal(await said(resolver, 'a.test', 'A'), '192.0.2.1')
  assert.equal(await said(resolver, 'b.test', 'A'), '192.0.2.2')
  assert.deepEqual(silent.asked, ['udp A a.test'])
})

test('a lost datagram is sent again', async (context) => {
  let lost = 0
  const instead = ({ answer }: Said): readonly Buffer[] => (lost++ === 0 ? [] : [answer!])
  const zone: Zone = { 'a.test': { A: ['192.0.2.1'] } }
  const { resolver } = await placeWith(context, zone, { instead, resolver: { timeout: 6_000 } })
  assert.equal(await said(resolver, 'a.test', 'A'), '192.0.2.1')
})

test('a slow answer counts, although the question was sent again meanwhile', async (context) => {
  let asked = 0
  const again = Promise.withResolvers<void>()
  const instead = async ({ answer }: Said): Promise<readonly Buffer[]> => {
    if (++asked > 1) {
      again.resolve()
      return []
    }
    await again.promise
    return [answer!]
  }
  const zone: Zone = { 'a.test': { A: ['192.0.2.1'] } }
  const { resolver } = await placeWith(context, zone, { instead, resolver: { timeout: 6_000 } })
  assert.equal(await said(resolver, 'a.test', 'A'), '192.0.2.1')
})

test('a server that fails late takes no turn from the one that is asked meanwhile', async (context) => {
  const asked = Promise.withResolvers<void>()
  const late = await started(
    context,
    { 'a.test': { fails: 'SERVFAIL' } },
    {
      instead: async ({ answer }) => {
        await asked.promise
        return [answer!]
      },
    },
  )
  let times = 0
  const forgetful = await started(
    context,
    { 'a.test': { A: ['192.0.2.1'] } },
    {
      instead: ({ answer }) => {
        asked.resolve()
        return ++times === 1 ? [] : [answer!]
      },
    },
  )
  const resolver = openResolver({ servers: [late.address, forgetful.address], timeout: 8_000 })
  assert.equal(await said(resolver, 'a.test', 'A'), '192.0.2.1')
})

test('where one server refuses and the other is silent, the refusal is told', async (context) => {
  const silent = await started(context, {}, { instead: () => [] })
  const shut = await started(context, { 'a.test': { fails: 'REFUSED' } })
  const resolver = openResolver({ servers: [silent.address, shut.address], timeout: 3_000 })
  assert.equal(await said(resolver, 'a.test', 'A'), 'EREFUSED')
})

test('a stream that ends early is no answer', async (context) => {
  const instead = ({ answer, transport }: Said): readonly Buffer[] =>
    transport === 'udp' ? [another(answer!, (copy) => (copy[2]! |= 2))] : [answer!.subarray(0, 5)]
  const { resolver } = await placeWith(context, { 'a.test': { A: ['192.0.2.1'] } }, { instead })
  assert.equal(await said(resolver, 'a.test', 'A'), 'EBADRESP')
})

test('nobody answers: ETIMEOUT; nobody is there: ECONNREFUSED', async (context) => {
  const { resolver, server } = await placeWith(context, {}, { instead: () => [], resolver: { timeout: 200 } })
  assert.equal(await said(resolver, 'a.test', 'A'), 'ETIMEOUT')
  await server.close()
  assert.equal(await said(resolver, 'b.test', 'A'), 'ECONNREFUSED')
})

const isFault = (code: string) => (error: unknown) => error instanceof DnsFault && error.code === code

test('a question ends by signal or by its own time, and the others that wait for it do not', async (context) => {
  const heard = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const instead = async ({ answer }: Said): Promise<readonly Buffer[]> => {
    heard.resolve()
    await go.promise
    return [answer!]
  }
  const { resolver, server } = await placeWith(context, { 'a.test': { A: ['192.0.2.1'] } }, { instead })
  const leaving = new AbortController()
  const left = resolver.resolve('a.test', 'A', { signal: leaving.signal })
  const impatient = resolver.resolve('A.test', 'A', { timeout: 10 })
  const patient = resolver.resolve('a.test.', 'A')
  await heard.promise
  leaving.abort()
  await assert.rejects(left, isFault('ECANCELLED'))
  await assert.rejects(impatient, isFault('ETIMEOUT'))
  go.resolve()
  assert.deepEqual(await patient, ['192.0.2.1'])
  assert.deepEqual(server.asked, ['udp A a.test'])
  await assert.rejects(resolver.resolve('b.test', 'A', { signal: leaving.signal }), isFault('ECANCELLED'))
  assert.equal(server.asked.length, 1)
})

test('what nobody waits for any longer is not kept, and asked again', async (context) => {
  let silent = true
  const instead = ({ answer }: Said): readonly Buffer[] => (silent ? [] : [answer!])
  const { resolver } = await placeWith(context, { 'a.test': { A: ['192.0.2.1'] } }, { instead })
  await assert.rejects(resolver.resolve('a.test', 'A', { timeout: 20 }), isFault('ETIMEOUT'))
  silent = false
  assert.deepEqual(await resolver.resolve('a.test', 'A'), ['192.0.2.1'])
})

test('a bounded number of questions is asked at a time, and a bounded number waits', async (context) => {
  let asking = 0
  let most = 0
  const full = Promise.withResolvers<void>()
  const instead = async ({ answer }: Said): Promise<readonly Buffer[]> => {
    most = Math.max(most, ++asking)
    if (asking === 3) full.resolve()
    await full.promise
    asking--
    return [answer!]
  }
  const bounds = { questions: 3, waiting: 5 }
  const { resolver } = await placeWith(context, {}, { instead, resolver: { bounds } })
  const codes = await Promise.all(Array.from({ length: 10 }, (_, at) => said(resolver, `n${at}.test`, 'A')))
  assert.equal(most, 3)
  assert.deepEqual(codes.filter((code) => code === 'ETIMEOUT').length, 2)
  assert.deepEqual(codes.filter((code) => code === 'ENOTFOUND').length, 8)
  assert.equal(await said(resolver, 'after.test', 'A'), 'ENOTFOUND')
})

test('each question is reported, without its name', async (context) => {
  const { resolver, reports } = await placeWith(
    context,
    { 'a.test': { A: ['192.0.2.1'] }, 'bad.test': { fails: 'SERVFAIL' } },
    { nothingFor: 60 },
  )
  await Promise.all([said(resolver, 'a.test', 'A'), said(resolver, 'a.test', 'A')])
  for (const name of ['a.test', 'b.test', 'b.test', 'bad.test']) await said(resolver, name, 'A')
  assert.deepEqual(
    reports.map(({ result, from }) => `${result} ${from}`),
    [
      ...['found servers', 'found shared', 'found cache'],
      ...['nothing servers', 'nothing cache', 'failed servers'],
    ],
  )
  assert.ok(reports.every(({ milliseconds }) => milliseconds >= 0 && milliseconds < 5_000))
  assert.ok(!JSON.stringify(reports).includes('test'))
})
