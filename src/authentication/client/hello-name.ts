/** What a client calls itself in EHLO or HELO, and whether there is such a host. */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { isAddressLiteral } from '../../../machines/vocabulary/address-literal.ts'
import type { HelloName } from '../../../machines/vocabulary/findings.ts'
import { DnsFault, saysNothing } from '../../dns/index.ts'
import { literalAddress } from '../own-literals.ts'
import { asciiDomain } from '../spelling.ts'
import type { Look } from './reverse-name.ts'

export type Ourselves = {
  isOurName(name: string): boolean
  isOurAddress(address: string): boolean
}

const same = (one: string, other: string): boolean =>
  ipaddr.process(one).toNormalizedString() === ipaddr.process(other).toNormalizedString()

/** RFC 5321 §4.1.2: letters, digits and hyphens; at least two labels, the last one no number. */
const hostName =
  /^(?=.{1,253}$)(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+(?!\d+$)[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/

/** Below these there is no host that others reach (RFC 6761 §6.3, §6.4; RFC 6762 §3; RFC 7686; RFC 8375), and what routers make up. */
const local = /(?:^|\.)(?:localhost|localdomain|local|invalid|internal|lan|home\.arpa|onion)$/

type Found = 'yes' | 'no' | 'unknown'

const isThere = async (
  name: string,
  type: 'A' | 'AAAA' | 'MX',
  { resolver, signal }: Look,
): Promise<Found> => {
  try {
    const found = await resolver.resolve(name, type, { signal })
    // RFC 7505 §3: one that says that there is none.
    return found.some((each) => typeof each === 'string' || each.exchange !== '') ? 'yes' : 'no'
  } catch (error) {
    if (!(error instanceof DnsFault)) throw error
    return saysNothing(error) ? 'no' : 'unknown'
  }
}

const lookedUp = async (name: string, look: Look): Promise<HelloName['result']> => {
  const found = await Promise.all((['A', 'AAAA', 'MX'] as const).map((type) => isThere(name, type, look)))
  if (found.includes('yes')) return 'resolved'
  return found.includes('unknown') ? 'temperror' : 'unresolved'
}

/** RFC 5321 §4.1.3: a client that has no name says its address. */
const ofAddress = (
  said: string | null,
  { address, ourselves, bracketed }: OfAddress,
): HelloName['result'] => {
  if (said === null) return 'invalid'
  if (same(said, address)) return bracketed ? 'literal' : 'invalid'
  return ourselves.isOurAddress(said) ? 'ours' : 'invalid'
}
type OfAddress = Client & { readonly bracketed: boolean }

export type Client = {
  /** Without a zone index. */
  readonly address: string
  readonly ourselves: Ourselves
}

const judged = async (hello: string, client: Client, look: Look): Promise<HelloName['result']> => {
  if (hello.startsWith('['))
    return ofAddress(isAddressLiteral(hello) ? literalAddress(hello) : null, { ...client, bracketed: true })
  if (isIP(hello) !== 0) return ofAddress(hello, { ...client, bracketed: false })
  const name = asciiDomain(hello).replace(/\.$/, '')
  if (client.ourselves.isOurName(name) && !client.ourselves.isOurAddress(client.address)) return 'ours'
  if (!hostName.test(name) || local.test(name)) return 'invalid'
  return lookedUp(name, look)
}

/** `hello` as it came. Never rejects for what DNS does; ends with the signal. */
export const findHelloName = async (hello: string, client: Client, look: Look): Promise<HelloName> => ({
  result: await judged(hello, client, look),
  name: hello,
})
