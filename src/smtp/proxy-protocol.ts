/**
 * The header a proxy puts in front of a connection to say who is behind it, versions 1 and 2
 * (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt). Only from peers in `proxy.trusted`.
 */
import { peerAddress, peerAddressOf } from './peer-address.ts'

export type ProxySource = { readonly address: string; readonly port: number }
export type ProxyHeader =
  /** Read more, then ask again with all of it. */
  | { readonly kind: 'incomplete' }
  /** Not a header, or a wrong one: close the connection (§2: never guess). */
  | { readonly kind: 'invalid'; readonly why: string }
  /** `source` is null where the proxy speaks for itself (LOCAL, UNKNOWN); `length` octets are the header's. */
  | { readonly kind: 'header'; readonly source: ProxySource | null; readonly length: number }

const incomplete: ProxyHeader = { kind: 'incomplete' }
const invalid = (why: string): ProxyHeader => ({ kind: 'invalid', why })

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const word = Buffer.from('PROXY ')
/** §2.1: the longest version 1 line, with its CRLF. */
const longestLine = 107
/** §2.2: what must be taken at once is 536 octets; addresses and every common TLV fit in far less than this. */
const longestBody = 2_048
const fixedPart = 16

const startsLike = (start: Buffer, buffer: Buffer): boolean => {
  const length = Math.min(start.length, buffer.length)
  return start.compare(buffer, 0, length, 0, length) === 0
}

/** Reads the header at the beginning of everything received so far. */
export const parseProxyHeader = (buffer: Buffer): ProxyHeader => {
  if (buffer.length === 0) return incomplete
  if (startsLike(word, buffer)) return buffer.length < word.length ? incomplete : version1(buffer)
  if (startsLike(signature, buffer)) return buffer.length < fixedPart ? incomplete : version2(buffer)
  return invalid('the connection does not begin with a PROXY header')
}

const port = (text: string): number => (/^(?:0|[1-9][0-9]{0,4})$/.test(text) ? Number(text) : Number.NaN)
const isPort = (text: string): boolean => port(text) <= 65_535

/** §2.1: `PROXY TCP4 source destination sourcePort destinationPort`, or `PROXY UNKNOWN` and anything. */
const version1 = (buffer: Buffer): ProxyHeader => {
  const end = buffer.subarray(0, longestLine).indexOf('\r\n')
  if (end === -1) {
    return buffer.length < longestLine ? incomplete : invalid('the PROXY line is longer than 107 octets')
  }
  const length = end + 2
  const line = buffer.toString('latin1', 0, end)
  const [, family, source = '', destination = '', from = '', to = '', ...more] = line.split(' ')
  if (family === 'UNKNOWN') return { kind: 'header', source: null, length }
  if (family !== 'TCP4' && family !== 'TCP6') return invalid('the PROXY line names no known family')
  const address = peerAddress(source, { family: family === 'TCP4' ? 4 : 6 })
  const own = peerAddress(destination, { family: family === 'TCP4' ? 4 : 6 })
  if (address === null || own === null) return invalid('the PROXY line has a wrong address')
  if (!isPort(from) || !isPort(to)) return invalid('the PROXY line has a wrong port')
  if (more.length > 0) return invalid('the PROXY line has more than it should')
  return { kind: 'header', source: { address, port: port(from) }, length }
}

/** §2.2: the source of a family's address block, which begins at octet 16; TLVs behind it are passed over. */
const families: Readonly<Record<number, { size: number; read: (buffer: Buffer) => ProxySource }>> = {
  17: {
    size: 12,
    read: (buffer) => ({ address: peerAddressOf(buffer.subarray(16, 20)), port: buffer.readUInt16BE(24) }),
  },
  33: {
    size: 36,
    read: (buffer) => ({ address: peerAddressOf(buffer.subarray(16, 32)), port: buffer.readUInt16BE(48) }),
  },
}

const version2 = (buffer: Buffer): ProxyHeader => {
  const command = buffer[12]!
  const family = buffer[13]!
  const size = buffer.readUInt16BE(14)
  if (command >> 4 !== 2) return invalid('the PROXY header has an unknown version')
  if ((command & 0x0f) > 1) return invalid('the PROXY header has an unknown command')
  if (size > longestBody) return invalid(`the PROXY header is longer than ${fixedPart + longestBody} octets`)
  const length = fixedPart + size
  const known = families[family]
  if (command === 0x21 && family !== 0 && !known)
    return invalid('the PROXY header is not for TCP over IPv4 or IPv6')
  if (command === 0x21 && known && size < known.size)
    return invalid('the PROXY header is too short for its addresses')
  if (buffer.length < length) return incomplete
  return { kind: 'header', source: command === 0x21 && known ? known.read(buffer) : null, length }
}

/** Whether these first octets can be the beginning of a header, of either version. */
export const mayBeProxyHeader = (buffer: Buffer): boolean =>
  startsLike(word, buffer) || startsLike(signature, buffer)
