/** A policy over HTTPS, from where RFC 8461 §3.3 has it. */
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { isIPv6, type LookupFunction } from 'node:net'
import { checkName } from '../certificate-name.ts'
import { inFullWords } from '../network-words.ts'
import { isAllowed } from './hosts.ts'
import { isNothing, type Lookup } from './lookup.ts'

/** Why a policy could not be had; the message is for people. */
export class PolicyUnavailable extends Error {
  override readonly name = 'PolicyUnavailable'
}

export type FetchOptions = {
  /** A policy host may have a private address. */
  readonly allowPrivate: boolean
  readonly port?: number
  /** Authorities in PEM, instead of those Node knows. */
  readonly ca?: string
  /** Milliseconds for the whole of it. */
  readonly timeout?: number
}

/** The text of the policy. @throws PolicyUnavailable, LookupFailed */
export type FetchPolicy = (
  domain: string,
  options: { readonly lookup: Lookup; readonly signal: AbortSignal },
) => Promise<string>

/** RFC 8461 §3.3: at most 64 kilobytes. */
const mostBytes = 64 * 1024
/** RFC 8461 §3.3 suggests a minute; mail waits for it, and goes without after this. */
const usualTimeout = 20_000

const path = '/.well-known/mta-sts.txt'

/** For a socket: the addresses that were found, whatever is asked. */
const known = (addresses: readonly string[]): LookupFunction => {
  const all = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
  return (_host, { all: wantsAll }, answer) => {
    if (wantsAll === true) answer(null, all)
    else answer(null, all[0]!.address, all[0]!.family)
  }
}

const mediaType = ({ headers }: IncomingMessage): string =>
  (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()

const textOf = async (response: IncomingMessage): Promise<string> => {
  // RFC 8461 §3.3: redirects are not followed.
  if (response.statusCode !== 200) throw new PolicyUnavailable(`the answer is HTTP ${response.statusCode}`)
  // RFC 8461 §3.2
  if (mediaType(response) !== 'text/plain') throw new PolicyUnavailable('the answer is not text/plain')
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of response) {
    pieces.push(piece)
    size += piece.length
    if (size > mostBytes) throw new PolicyUnavailable(`the answer is longer than ${mostBytes} bytes`)
  }
  return Buffer.concat(pieces).toString('utf8')
}

const words = (error: unknown): string => {
  if (error instanceof PolicyUnavailable) return error.message
  return error instanceof Error ? inFullWords(error) : String(error)
}

type Asked = {
  readonly host: string
  readonly addresses: readonly string[]
  readonly port: number
  readonly ca: string | undefined
  readonly signal: AbortSignal
}

const get = ({ host, addresses, port, ca, signal }: Asked): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = request({
      ...{ host, port, path, signal, servername: host },
      lookup: known(addresses),
      checkServerIdentity: (_name, certificate) => checkName(host, certificate),
      // A connection of its own: none that was verified in another way is used again.
      agent: false,
      ...(ca !== undefined && { ca }),
    })
    asked.on('error', reject)
    asked.on('response', (response) => {
      textOf(response)
        .then(resolve, reject)
        .finally(() => asked.destroy())
    })
    asked.end()
  })

const addressesOf = async (host: string, lookup: Lookup): Promise<readonly string[]> => {
  try {
    return await lookup.addresses(host)
  } catch (error) {
    if (isNothing(error)) return []
    throw error
  }
}

export const policyFetcher =
  ({ allowPrivate, port = 443, ca, timeout = usualTimeout }: FetchOptions): FetchPolicy =>
  async (domain, { lookup, signal }) => {
    const host = `mta-sts.${domain}`
    const found = await addressesOf(host, lookup)
    // What strangers publish leads into no network of ours.
    const addresses = found.filter((address) => isAllowed(address, { allowPrivate }))
    if (addresses.length === 0) throw new PolicyUnavailable(`${host} has no address that can be asked`)
    const late = AbortSignal.timeout(timeout)
    try {
      return await get({ host, addresses, port, ca, signal: AbortSignal.any([signal, late]) })
    } catch (error) {
      const why = late.aborted ? `no answer within ${timeout / 1000} s` : words(error)
      throw new PolicyUnavailable(`https://${host}${path}: ${why}`)
    }
  }
