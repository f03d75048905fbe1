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
  readonly NS?: readonly string[]
  /** Seconds; 60 without. */
  readonly ttl?: number
  /** What is said instead of an answer, to every question or to these types; `silent`: nothing at all. */
  readonly fails?: Failure | Partial<Record<string, Failure>>
}
export type Failure = 'SERVFAIL' | 'REFUSED' | 'silent'
/** By name, in lower case, a dot or backslash within a label escaped (`a\\.b.test`). A name that is not in it does not exist. */
export type Zone = Record<string, Records>

export type DnsServer = {
  /** `127.0.0.1:12345`, for `dns.servers`. */
  readonly address: string
  /** Each question in the order of arrival: `udp MX example.net`. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

export type Said = {
  readonly transport: Transport
  /** `MX example.net` */
  readonly question: string
  readonly query: Buffer
  /** What a good server would say; null: nothing. */
  readonly answer: Buffer | null
  /** Seen from the client. */
  readonly port: number
}

export type DnsOptions = {
  /** For how long it holds that there is nothing, in seconds; without, not at all. */
  readonly nothingFor?: number
  /** Knows no extensions (RFC 6891 §7): 512 octets, and FORMERR for whoever asks for more. */
  readonly old?: boolean
  /** What goes out in place of the answer, in this order: a bad server, or somebody between. */
  readonly instead?: (said: Said) => readonly Buffer[] | Promise<readonly Buffer[]>
}

const types: Readonly<Record<string, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
}
const codes: Readonly<Record<string, number>> = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 }
/** What fits into one datagram everywhere (RFC 6891 §6.2.5). */
const datagram = 1232

export const u16 = (...numbers: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(numbers.length * 2)
  for (const [at, number] of numbers.entries()) bytes.writeUInt16BE(number, at * 2)
  return bytes
}

/** Labels with their lengths, nothing compressed (RFC 1035 §3.1). */
export const encodeName = (name: string): Buffer =>
  Buffer.concat([
    ...(name.match(/(?:\\.|[^.\\])+/g) ?? [])
      .map((label) => Buffer.from(label.replace(/\\(.)/g, '$1'), 'latin1'))
      .map((label) => Buffer.concat([Buffer.of(label.length), label])),
    Buffer.of(0),
  ])

/** DNS knows no letters but those of ASCII (RFC 4343). */
const small = (name: string): string => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())

const readName = (message: Buffer, start: number): { readonly name: string; readonly end: number } => {
  const labels: string[] = []
  let at = start
  for (let length = message[at]!; length !== 0; length = message[at]!) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length).replace(/[.\\]/g, '\\$&'))
    at += length + 1
  }
  return { name: labels.join('.'), end: at + 1 }
}

export const record = (name: string, type: string, data: Buffer, ttl = 60): Buffer =>
  Buffer.concat([encodeName(name), u16(types[type]!, 1, ttl >>> 16, ttl & 0xffff, data.length), data])

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
  CNAME: ({ CNAME }) => (CNAME === undefined ? [] : [encodeName(CNAME)]),
  NS: ({ NS = [] }) => NS.map(encodeName),
}

type Answer = { readonly code: number; readonly records: readonly Buffer[] }

const failureOf = ({ fails }: Records, type: string): Failure | undefined =>
  typeof fails === 'string' ? fails : fails?.[type]

/** Follows aliases, as a resolver does. Null: nothing is said. */
const answerTo = (zone: Zone, name: string, type: string, hops = 0): Answer | null => {
  const found = zone[small(name)]
  if (!found) return { code: codes.NXDOMAIN!, records: [] }
  const failure = failureOf(found, type)
  if (failure === 'silent') return null
  if (failure !== undefined || hops > 8) return { code: codes[failure ?? 'SERVFAIL']!, records: [] }
  if (found.CNAME === undefined || type === 'CNAME') {
    const records = (encoded[type]?.(found) ?? []).map((data) => record(name, type, data, found.ttl))
    return { code: 0, records }
  }
  const behind = answerTo(zone, found.CNAME, type, hops + 1)
  const alias = record(name, 'CNAME', encodeName(found.CNAME), found.ttl)
  return behind && { ...behind, records: [alias, ...behind.records] }
}

/** Where there is no answer, who says so (RFC 2308 §3). */
const authority = (minimum: number): Buffer =>
  record(
    '',
    'SOA',
    Buffer.concat([encodeName('ns.test'), encodeName('root.test'), Buffer.alloc(16), u16(0, minimum)]),
    3_600,
  )

const typeName = (number: number): string =>
  Object.keys(types).find((name) => types[name] === number) ?? `TYPE${number}`

type Transport = 'udp' | 'tcp'

type Heard = { readonly query: Buffer; readonly transport: Transport; readonly question: string }

const heardOf = (query: Buffer, transport: Transport): Heard => {
  const { name, end } = readName(query, 12)
  return { query, transport, question: `${typeName(query.readUInt16BE(end))} ${small(name)}` }
}

const reply = (
  zone: Zone,
  { query, transport }: Heard,
  { nothingFor = 0, old }: DnsOptions,
): Buffer | null => {
  const { name, end } = readName(query, 12)
  const head = (flags: number, counts: readonly number[]): Buffer =>
    Buffer.concat([query.subarray(0, 2), u16(0x8180 | flags, 1, ...counts, 0), query.subarray(12, end + 4)])
  if (old && query.readUInt16BE(10) > 0) return head(1, [0, 0])
  const answer = answerTo(zone, name, typeName(query.readUInt16BE(end)))
  if (!answer) return null
  const { code, records } = answer
  const nobody =
    records.length === 0 && (code === 0 || code === codes.NXDOMAIN) ? [authority(nothingFor)] : []
  const whole = Buffer.concat([head(code, [records.length, nobody.length]), ...records, ...nobody])
  return transport === 'udp' && whole.length > (old ? 512 : datagram) ? head(0x0200, [0, 0]) : whole
}

/** RFC 1035 §4.2.2: each message after its length. */
const serveStream = (stream: Stream, heard: (query: Buffer) => void): void => {
  let kept = Buffer.alloc(0)
  stream.on('error', () => stream.destroy())
  stream.on('data', (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk])
    while (kept.length >= 2 && kept.length >= kept.readUInt16BE(0) + 2) {
      const end = kept.readUInt16BE(0) + 2
      heard(kept.subarray(2, end))
      kept = kept.subarray(end)
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
export const startDns = async (zone: Zone, options: DnsOptions = {}): Promise<DnsServer> => {
  const asked: string[] = []
  const { instead = ({ answer }: Said) => (answer === null ? [] : [answer]) } = options
  const answer = async (
    query: Buffer,
    from: Pick<Said, 'transport' | 'port'>,
    send: (said: Buffer) => void,
  ) => {
    const heard = heardOf(query, from.transport)
    asked.push(`${heard.transport} ${heard.question}`)
    for (const said of await instead({ ...heard, port: from.port, answer: reply(zone, heard, options) }))
      send(said)
  }
  const streams = new Set<Stream>()
  const tcp = createServer((stream) => {
    streams.add(stream)
    const port = stream.remotePort ?? 0
    serveStream(stream, (query) => {
      void answer(query, { transport: 'tcp', port }, (said) => {
        if (stream.writable) stream.write(Buffer.concat([u16(said.length), said]))
      })
    })
  })
  let { udp, port } = await bound()
  while (!(await listening(tcp, port))) {
    udp.close()
    ;({ udp, port } = await bound())
  }
  let open = true
  udp.on('message', (query, { port: from, address }) => {
    void answer(query, { transport: 'udp', port: from }, (said) => {
      if (open) udp.send(said, from, address)
    })
  })
  const close = async (): Promise<void> => {
    if (!open) return
    open = false
    for (const stream of streams) stream.destroy()
    await Promise.all([
      new Promise((done) => udp.close(() => done(null))),
      new Promise((done) => tcp.close(done)),
    ])
  }
  return { address: `127.0.0.1:${port}`, asked, close }
}
