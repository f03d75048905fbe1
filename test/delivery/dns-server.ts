/** A name server for tests: answers from a plain object, over UDP and TCP on one loopback port, as a resolver would. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket as Stream } from 'node:net'
import ipaddr from 'ipaddr.js'

export type Records = {
  readonly A?: readonly string[]
  readonly AAAA?: readonly string[]
  /** Preference and host; '' or '.' is the root, as in a null MX. */
  readonly MX?: readonly (readonly [preference: number, host: string])[]
  readonly TXT?: readonly string[]
  readonly PTR?: readonly string[]
  readonly CNAME?: string
  /** What is said instead of an answer, to every question or to these types; `silent`: nothing at all. */
  readonly fails?: Failure | Partial<Record<string, Failure>>
}
export type Failure = 'SERVFAIL' | 'REFUSED' | 'silent'
/** By name, in lower case. A name that is not in it does not exist. */
export type Zone = Record<string, Records>

export type DnsServer = {
  /** `127.0.0.1:12345`, for `dns.servers`. */
  readonly address: string
  /** Each question in the order of arrival: `udp MX example.net`. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

const types: Readonly<Record<string, number>> = { A: 1, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28 }
const codes: Readonly<Record<string, number>> = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 }
/** What fits into one datagram everywhere (RFC 6891 §6.2.5). */
const datagram = 1232

const u16 = (...numbers: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(numbers.length * 2)
  for (const [at, number] of numbers.entries()) bytes.writeUInt16BE(number, at * 2)
  return bytes
}

/** Labels with their lengths, nothing compressed (RFC 1035 §3.1). */
const encodeName = (name: string): Buffer =>
  Buffer.concat([
    ...name
      .split('.')
      .filter((label) => label !== '')
      .map((label) => Buffer.concat([Buffer.of(Buffer.byteLength(label)), Buffer.from(label)])),
    Buffer.of(0),
  ])

const readName = (message: Buffer, start: number): { readonly name: string; readonly end: number } => {
  const labels: string[] = []
  let at = start
  for (let length = message[at]!; length !== 0; length = message[at]!) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  return { name: labels.join('.'), end: at + 1 }
}

const record = (name: string, type: string, data: Buffer): Buffer =>
  Buffer.concat([encodeName(name), u16(types[type]!, 1, 0, 60, data.length), data])

/** Strings of at most 255 bytes (RFC 1035 §3.3.14). */
const encodeText = (text: string): Buffer =>
  Buffer.concat(
    (text.match(/.{1,255}/gs) ?? ['']).flatMap((part) => [
      Buffer.of(part.length),
      Buffer.from(part, 'latin1'),
    ]),
  )

const encoded: Readonly<Record<string, (records: Records) => readonly Buffer[]>> = {
  A: ({ A = [] }) => A.map((address) => Buffer.from(ipaddr.parse(address).toByteArray())),
  AAAA: ({ AAAA = [] }) => AAAA.map((address) => Buffer.from(ipaddr.parse(address).toByteArray())),
  MX: ({ MX = [] }) => MX.map(([preference, host]) => Buffer.concat([u16(preference), encodeName(host)])),
  TXT: ({ TXT = [] }) => TXT.map(encodeText),
  PTR: ({ PTR = [] }) => PTR.map(encodeName),
}

type Answer = { readonly code: number; readonly records: readonly Buffer[] }

const failureOf = ({ fails }: Records, type: string): Failure | undefined =>
  typeof fails === 'string' ? fails : fails?.[type]

/** Follows aliases, as a resolver does. Null: nothing is said. */
const answerTo = (zone: Zone, name: string, type: string, hops = 0): Answer | null => {
  const found = zone[name.toLowerCase()]
  if (!found) return { code: codes.NXDOMAIN!, records: [] }
  const failure = failureOf(found, type)
  if (failure === 'silent') return null
  if (failure !== undefined || hops > 8) return { code: codes[failure ?? 'SERVFAIL']!, records: [] }
  if (found.CNAME === undefined) {
    const records = (encoded[type]?.(found) ?? []).map((data) => record(name, type, data))
    return { code: 0, records }
  }
  const behind = answerTo(zone, found.CNAME, type, hops + 1)
  const alias = record(name, 'CNAME', encodeName(found.CNAME))
  return behind && { ...behind, records: [alias, ...behind.records] }
}

/** Where there is no answer, who says so (RFC 2308 §3). */
const authority = (): Buffer =>
  record('', 'SOA', Buffer.concat([encodeName('ns.test'), encodeName('root.test'), Buffer.alloc(20)]))

const typeName = (number: number): string =>
  Object.keys(types).find((name) => types[name] === number) ?? `TYPE${number}`

type Transport = 'udp' | 'tcp'

const reply = (zone: Zone, query: Buffer, transport: Transport, asked: string[]): Buffer | null => {
  const { name, end } = readName(query, 12)
  const type = typeName(query.readUInt16BE(end))
  asked.push(`${transport} ${type} ${name.toLowerCase()}`)
  const answer = answerTo(zone, name, type)
  if (!answer) return null
  const { code, records } = answer
  const nobody = records.length === 0 && (code === 0 || code === codes.NXDOMAIN) ? [authority()] : []
  const head = (flags: number, counts: readonly number[]): Buffer =>
    Buffer.concat([
      query.subarray(0, 2),
      u16(0x8180 | flags | code, 1, ...counts, 0),
      query.subarray(12, end + 4),
    ])
  const whole = Buffer.concat([head(0, [records.length, nobody.length]), ...records, ...nobody])
  return transport === 'udp' && whole.length > datagram ? head(0x0200, [0, 0]) : whole
}

/** RFC 1035 §4.2.2: each message after its length. */
const serveStream = (stream: Stream, answer: (query: Buffer) => Buffer | null): void => {
  let kept = Buffer.alloc(0)
  stream.on('error', () => stream.destroy())
  stream.on('data', (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk])
    while (kept.length >= 2 && kept.length >= kept.readUInt16BE(0) + 2) {
      const end = kept.readUInt16BE(0) + 2
      const said = answer(kept.subarray(2, end))
      kept = kept.subarray(end)
      if (said) stream.write(Buffer.concat([u16(said.length), said]))
    }
  })
}

const listening = async (server: Server, port: number): Promise<boolean> => {
  server.listen(port, '127.0.0.1')
  return once(server, 'listening').then(
    () => true,
    () => false,
  )
}

const bound = async (): Promise<{ udp: Socket; port: number }> => {
  const udp = createSocket('udp4')
  udp.bind(0, '127.0.0.1')
  await once(udp, 'listening')
  return { udp, port: udp.address().port }
}

/** The zone may be changed while the server runs. */
export const startDns = async (zone: Zone): Promise<DnsServer> => {
  const asked: string[] = []
  const streams = new Set<Stream>()
  const tcp = createServer((stream) => {
    streams.add(stream)
    serveStream(stream, (query) => reply(zone, query, 'tcp', asked))
  })
  let { udp, port } = await bound()
  while (!(await listening(tcp, port))) {
    udp.close()
    ;({ udp, port } = await bound())
  }
  udp.on('message', (query, from) => {
    const said = reply(zone, query, 'udp', asked)
    if (said) udp.send(said, from.port, from.address)
  })
  const close = async (): Promise<void> => {
    for (const stream of streams) stream.destroy()
    await Promise.all([
      new Promise((done) => udp.close(() => done(null))),
      new Promise((done) => tcp.close(done)),
    ])
  }
  return { address: `127.0.0.1:${port}`, asked, close }
}
