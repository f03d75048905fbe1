/** Records as the library takes them apart, made into what `Answers` promises; what cannot be so is left out. */
import { isIPv4, SocketAddress } from 'node:net'
import type { Answer } from 'dns-packet'
import { printedName } from './names.ts'
import type { Answers, RecordType } from './port.ts'

type Each = { readonly [Type in RecordType]: (record: Answer) => Answers[Type][number] | null }

const nameOf = (record: Answer): string | null =>
  'data' in record && typeof record.data === 'string' ? printedName(record.data) : null

const wellWritten = (text: string): string | null => {
  try {
    return new SocketAddress({ address: text, family: 'ipv6' }).address
  } catch {
    return null
  }
}

const each: Each = {
  A: (record) => (record.type === 'A' && isIPv4(record.data) ? record.data : null),
  AAAA: (record) => (record.type === 'AAAA' ? wellWritten(record.data) : null),
  CNAME: nameOf,
  NS: nameOf,
  PTR: nameOf,
  MX: (record) =>
    record.type === 'MX'
      ? { exchange: printedName(record.data.exchange), priority: record.data.preference ?? 0 }
      : null,
  SOA: (record) => {
    if (record.type !== 'SOA') return null
    const { mname, rname, serial = 0, refresh = 0, retry = 0, expire = 0, minimum = 0 } = record.data
    return {
      ...{ nsname: printedName(mname), hostmaster: printedName(rname) },
      ...{ serial, refresh, retry, expire, minttl: minimum },
    }
  },
  TXT: (record) =>
    record.type === 'TXT' && Array.isArray(record.data)
      ? record.data.map((part) => (typeof part === 'string' ? part : part.toString('latin1')))
      : null,
}

export const readRecord = (record: Answer, type: RecordType): unknown => each[type](record)

/** Records of one's own: whoever asked may sort them, or change them. */
export const copyOf = (record: unknown): unknown => {
  if (Array.isArray(record)) return [...record]
  return typeof record === 'object' ? { ...record } : record
}
