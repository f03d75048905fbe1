/** Whatever comes in place of an answer: a fault or records that are what they say, in little time, and never a crash. */
import assert from 'node:assert/strict'
import { isIPv4, isIPv6 } from 'node:net'
import { test } from 'node:test'
import { decode } from 'dns-packet'
import fc from 'fast-check'
import { isAnswerTo, query, readAnswer } from '../../src/dns/messages.ts'
import { wireName } from '../../src/dns/names.ts'
import type { RecordType } from '../../src/dns/port.ts'
import { placeWith, said } from './place.ts'
import { encodeName, record, u16 } from './server.ts'

const types: readonly RecordType[] = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'TXT']
const name = wireName('a.test')!

const isName = (text: unknown): boolean => typeof text === 'string' && /^[\x21-\x7e]*$/.test(text)
const isRecord: Readonly<Record<RecordType, (each: never) => boolean>> = {
  A: isIPv4,
  AAAA: isIPv6,
  CNAME: isName,
  NS: isName,
  PTR: isName,
  MX: ({ exchange, priority }: { exchange: string; priority: number }) =>
    isName(exchange) && priority >= 0 && priority < 65_536,
  SOA: ({ nsname, hostmaster, minttl }: { nsname: string; hostmaster: string; minttl: number }) =>
    isName(nsname) && isName(hostmaster) && minttl >= 0,
  TXT: (chunks: string[]) =>
    Array.isArray(chunks) && chunks.every((chunk) => typeof chunk === 'string' && chunk.length <= 255),
}

const holds = (message: Buffer, type: RecordType): void => {
  const asked = query({ id: 4711, type, name, extended: true })
  if (!isAnswerTo(asked, message)) return
  const reading = readAnswer(asked, message)
  if (reading.kind !== 'records') return
  assert.ok(reading.records.length > 0)
  for (const each of reading.records) assert.ok(isRecord[type](each as never), JSON.stringify(each))
  assert.ok(reading.ttl >= 0 && Number.isFinite(reading.ttl))
}

/** A head that fits the question, then anything. */
const headed = (type: RecordType, counts: readonly number[], rest: Buffer, flags: number): Buffer => {
  const { message } = query({ id: 4711, type, name, extended: false })
  return Buffer.concat([u16(4711, 0x8000 | flags, 1, ...counts), message.subarray(12), rest])
}

const octets = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes))
const anyType = fc.constantFrom(...types)
const few = fc.integer({ min: 0, max: 4 })

test('any octets', () => {
  fc.assert(
    fc.property(anyType, octets(200), (type, message) => holds(message, type)),
    { numRuns: 2_000 },
  )
})

test('any octets after a good head', () => {
  fc.assert(
    fc.property(anyType, fc.tuple(few, few, few), octets(300), fc.nat(0x03ff), (type, counts, rest, flags) =>
      holds(headed(type, counts, rest, flags & 0x87f0), type),
    ),
    { numRuns: 4_000 },
  )
})

test('any data in a good record', () => {
  fc.assert(
    fc.property(anyType, octets(80), fc.nat(0xffff), (type, data, length) => {
      const good = record('a.test', type, data)
      holds(headed(type, [1, 0, 0], good, 0), type)
      // A length that is not the data's.
      const at = good.length - data.length - 2
      good.writeUInt16BE(length, at)
      holds(headed(type, [1, 0, 0], good, 0), type)
    }),
    { numRuns: 4_000 },
  )
})

test('a good answer with some octets changed or cut off', () => {
  const soa = Buffer.concat([encodeName('ns.test'), encodeName('root.test'), Buffer.alloc(20)])
  const good: Readonly<Record<RecordType, Buffer>> = {
    ...{ A: Buffer.of(192, 0, 2, 1), AAAA: Buffer.alloc(16, 7), TXT: Buffer.from('\x03abc\x02de'), SOA: soa },
    ...{ CNAME: encodeName('b.test'), NS: encodeName('b.test'), PTR: encodeName('b.test') },
    MX: Buffer.concat([u16(10), encodeName('mx.test')]),
  }
  const changes = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 6 })
  fc.assert(
    fc.property(anyType, changes, fc.nat(200), (type, changed, cut) => {
      const whole = headed(
        type,
        [2, 0, 0],
        Buffer.concat([good[type], good[type]].map((data) => record('a.test', type, data))),
        0,
      )
      for (const [at, octet] of changed) if (at > 24 && at < whole.length) whole[at] = octet
      holds(cut % 3 === 0 ? whole.subarray(0, cut) : whole, type)
    }),
    { numRuns: 6_000 },
  )
})

test('names that point at themselves, or through thousands of others, take no time worth speaking of', () => {
  const pointers = Buffer.concat(
    Array.from({ length: 7_000 }, (_, at) => u16(0xc000 | Math.max(24, 22 + at * 2))),
  )
  const records = Array.from({ length: 900 }, () =>
    Buffer.concat([u16(0xc000 | (22 + 6_999 * 2), 2, 1, 0, 60, 2), u16(0xc000 | (22 + 6_999 * 2))]),
  )
  const message = headed('NS', [901, 0, 0], Buffer.concat([record('a.test', 'TXT', pointers), ...records]), 0)
  const began = process.cpuUsage()
  holds(message, 'NS')
  holds(headed('NS', [1, 0, 0], u16(0xc000 | 24, 2, 1, 0, 60, 2, 0xc018), 0), 'NS')
  const { user, system } = process.cpuUsage(began)
  // Milliseconds here; without the bound on records and the library's on pointers it would be minutes.
  assert.ok(user + system < 2_000_000, `${(user + system) / 1000} ms`)
})

test('a server that says anything at all is a fault', async (context) => {
  const samples = fc.sample(octets(60), 60)
  let at = 0
  const { resolver } = await placeWith(
    context,
    {},
    {
      instead: ({ query: { length }, query: asked }) => [
        Buffer.concat([
          asked.subarray(0, 2),
          u16(0x8180, 1, 3, 1, 1),
          asked.subarray(12, length - 11),
          samples[at++ % 60]!,
        ]),
      ],
    },
  )
  for (let round = 0; round < 60; round++) {
    const code = await said(resolver, `n${round}.test`, types[round % types.length]!)
    assert.match(code, /^E[A-Z]+$/)
  }
})

test('the messages that are sent are what another program reads', () => {
  for (const type of types) {
    const { message } = query({ id: 4711, type, name: wireName('a.b.test')!, extended: true })
    const packet = decode(message)
    assert.deepEqual(packet.questions, [{ name: 'a.b.test', type, class: 'IN' }])
    assert.deepEqual([packet.id, packet.flag_rd, packet.flag_qr], [4711, true, false])
    const [extension] = packet.additionals ?? []
    assert.ok(extension?.type === 'OPT' && extension.udpPayloadSize === 1232)
  }
})
