/** Messages to and from name servers: what is sent, which message answers it, and what that says. */
import { type Answer, type DecodedPacket, decode, encode, RECURSION_DESIRED } from 'dns-packet'
import { printedName, withoutCase } from './names.ts'
import type { DnsCode, RecordType } from './port.ts'
import { readRecord } from './records.ts'

export type Query = {
  readonly id: number
  readonly type: RecordType
  /** As it stands in the message. */
  readonly name: Buffer
  readonly message: Buffer
}

/** Octets of an answer over UDP that pass everywhere in one piece (RFC 6891 §6.2.5). */
const datagram = 1232
const head = 12

const extension = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: datagram,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
} as const

/** The library writes names of plain letters only: it is given the root, and the name is put in its place. */
export const query = ({
  id,
  type,
  name,
  extended,
}: Omit<Query, 'message'> & {
  /** With the record that says how long an answer may be (RFC 6891). */
  readonly extended: boolean
}): Query => {
  const message = encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED,
    questions: [{ type, name: '.' }],
    additionals: extended ? [{ ...extension, options: [] }] : [],
  })
  return {
    id,
    type,
    name,
    message: Buffer.concat([message.subarray(0, head), name, message.subarray(head + 1)]),
  }
}

const responseBit = 0x80
const opcodeBits = 0x78
const truncatedBit = 0x02
const recursionBit = 0x80

const asksTheSame = (query: Query, answer: Buffer): boolean => {
  const end = head + query.name.length
  return (
    answer.length >= end + 4 &&
    withoutCase(answer.subarray(head, end)).equals(withoutCase(query.name)) &&
    answer.subarray(end, end + 4).equals(query.message.subarray(end, end + 4))
  )
}

/**
 * RFC 5452 §9.1: the number and the question are those that were sent. A server that refuses may leave the question out.
 */
export const isAnswerTo = (query: Query, answer: Buffer): boolean => {
  if (answer.length < head || answer.readUInt16BE(0) !== query.id) return false
  if ((answer[2]! & responseBit) === 0 || (answer[2]! & opcodeBits) !== 0) return false
  const questions = answer.readUInt16BE(4)
  return questions === 0
    ? (answer[3]! & 0x0f) !== 0 && answer.readUInt16BE(6) === 0
    : questions === 1 && asksTheSame(query, answer)
}

/** RFC 1035 §4.1.1: there is more than what fitted in. */
export const isTruncated = (answer: Buffer): boolean => (answer[2]! & truncatedBit) !== 0

/** What a message says. TTLs are in seconds; null: not to be kept. */
export type Reading =
  | { readonly kind: 'records'; readonly records: readonly unknown[]; readonly ttl: number }
  /** Another name for it, whose records are not in the message. */
  | { readonly kind: 'alias'; readonly target: string; readonly ttl: number }
  | { readonly kind: 'nothing'; readonly code: 'ENOTFOUND' | 'ENODATA'; readonly ttl: number | null }
  | { readonly kind: 'failed'; readonly code: DnsCode }

const failed = (code: DnsCode): Reading => ({ kind: 'failed', code })

/** More than anybody needs; a message can hold thousands, and each takes time. */
const mostRecords = 1_000
const mostAliases = 16

const decoded = (answer: Buffer): DecodedPacket | null => {
  const counted = answer.readUInt16BE(6) + answer.readUInt16BE(8) + answer.readUInt16BE(10)
  if (counted > mostRecords) return null
  try {
    return decode(answer)
  } catch {
    // The library has no errors of its own: whatever it throws, the message is junk.
    return null
  }
}

/** RFC 2181 §8: a TTL with the highest bit set is none. */
const ttlOf = (record: Answer): number =>
  'ttl' in record && record.ttl !== undefined && record.ttl < 0x8000_0000 ? record.ttl : 0

const isOurs = (record: Answer, owner: string, type: string): boolean =>
  record.type === type &&
  'class' in record &&
  record.class === 'IN' &&
  record.name.toLowerCase() === owner.toLowerCase()

/** RFC 2308 §5: for as long as the SOA record says by its own TTL and its last field; without one, not at all. */
const negativeTtl = (authorities: readonly Answer[]): number | null => {
  const soa = authorities.find((record) => record.type === 'SOA')
  return soa === undefined ? null : Math.min(ttlOf(soa), soa.data.minimum ?? 0)
}

/** RFC 2308 §2.2: it names other servers and says nothing itself, as one does that is not responsible (lame). */
const isReferral = (answer: Buffer, { authorities = [] }: DecodedPacket): boolean =>
  (answer[3]! & recursionBit) === 0 &&
  authorities.some(({ type }) => type === 'NS') &&
  !authorities.some(({ type }) => type === 'SOA')

const faults: Readonly<Record<number, DnsCode>> = { 1: 'EFORMERR', 4: 'ENOTIMP', 5: 'EREFUSED' }

const rcodeOf = (answer: Buffer, { additionals = [] }: DecodedPacket): number => {
  const more = additionals.find((record) => record.type === 'OPT')
  return (answer[3]! & 0x0f) | ((more?.extendedRcode ?? 0) << 4)
}

type Chain = { readonly owner: string; readonly ttl: number; readonly aliases: number }

/** The last name of the aliases that the message has, or null where they have no end. */
const endOfChain = (answers: readonly Answer[], { owner, ttl, aliases }: Chain): Chain | null => {
  const alias = answers.find((record) => isOurs(record, owner, 'CNAME'))
  if (alias === undefined || !('data' in alias) || typeof alias.data !== 'string')
    return { owner, ttl, aliases }
  if (aliases === mostAliases) return null
  return endOfChain(answers, {
    owner: alias.data,
    ttl: Math.min(ttl, ttlOf(alias)),
    aliases: aliases + 1,
  })
}

const recordsOf = (answers: readonly Answer[], type: RecordType, { owner, ttl }: Chain): Reading | null => {
  const own = answers.filter((record) => isOurs(record, owner, type))
  if (own.length === 0) return null
  const records = own.map((record) => readRecord(record, type)).filter((record) => record !== null)
  if (records.length === 0) return failed('EBADRESP')
  return { kind: 'records', records, ttl: Math.min(ttl, ...own.map(ttlOf)) }
}

const readAnswers = (answer: Buffer, packet: DecodedPacket, type: RecordType): Reading => {
  const { questions = [], answers = [], authorities = [] } = packet
  const start = { owner: questions[0]?.name ?? '', ttl: Number.POSITIVE_INFINITY, aliases: 0 }
  const chain = type === 'CNAME' ? start : endOfChain(answers, start)
  if (chain === null) return failed('ESERVFAIL')
  const found = recordsOf(answers, type, chain)
  if (found !== null) return found
  const negative = negativeTtl(authorities)
  const ttl = negative === null ? null : Math.min(negative, chain.ttl)
  // RFC 6604 §3: it is said of the last name.
  if (rcodeOf(answer, packet) === 3) return { kind: 'nothing', code: 'ENOTFOUND', ttl }
  if (chain.aliases > 0 && negative === null)
    return { kind: 'alias', target: printedName(chain.owner), ttl: chain.ttl }
  return isReferral(answer, packet) ? failed('ESERVFAIL') : { kind: 'nothing', code: 'ENODATA', ttl }
}

/** `answer` is one that `isAnswerTo` the query. */
export const readAnswer = ({ type }: Pick<Query, 'type'>, answer: Buffer): Reading => {
  const packet = decoded(answer)
  if (packet === null) return failed('EBADRESP')
  const rcode = rcodeOf(answer, packet)
  // 16: the server knows no extensions of this version (RFC 6891 §6.1.3), or another of the newer codes.
  if (rcode >= 16) return failed('EFORMERR')
  if (rcode !== 0 && rcode !== 3) return failed(faults[rcode] ?? 'ESERVFAIL')
  return readAnswers(answer, packet, type)
}
