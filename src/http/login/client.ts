/** From where a request comes: what a proxy says of that is believed of proxies that are named, and of nobody else. */
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import type { Config } from '../../config/schema.ts'
import { membersOf } from '../../networks.ts'
import { plainAddress } from '../../smtp/peer-address.ts'

/** Of a request: what tells who asks. */
export type Asking = {
  readonly headers: IncomingHttpHeaders
  readonly socket: { readonly remoteAddress?: string | undefined }
}

export type Client = {
  /** IP address. */
  readonly address: string
  /** On this machine, and nobody says to ask for somebody else. */
  readonly isHere: boolean
  /** Over HTTPS, as far as is known. */
  readonly isSecure: boolean
}

const onLoopback = membersOf(['127.0.0.0/8', '::1/128'])

/** A proxy says for whom it asks. */
const forwarded = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'] as const

export type ClientOf = (asking: Asking) => Client

export const clientsOf = ({ http }: Pick<Config, 'http'>): ClientOf => {
  const isProxy = membersOf(http.proxies)
  return ({ headers, socket }) => {
    const peer = plainAddress(socket.remoteAddress)
    if (!isProxy(peer)) {
      const asksForOthers = forwarded.some((name) => headers[name] !== undefined)
      return { address: peer, isHere: onLoopback(peer) && !asksForOthers, isSecure: false }
    }
    const path = listed(headers['x-forwarded-for'])
    return {
      address: farthest(path, isProxy) ?? peer,
      isHere: onLoopback(peer) && isOfHere(path, headers),
      isSecure: listed(headers['x-forwarded-proto']).at(-1)?.toLowerCase() === 'https',
    }
  }
}

/** What is said of others in words that are not understood is no word of this machine. */
const isOfHere = (path: readonly string[], headers: Asking['headers']): boolean =>
  path.length === 0
    ? forwarded.every((name) => headers[name] === undefined)
    : path.every((each) => onLoopback(plainAddress(each)))

const listed = (value: string | readonly string[] | undefined): readonly string[] =>
  [value ?? []]
    .flat()
    .join(',')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')

/** Each proxy adds at the end whom it heard it from: the last one that is none of ours. What stands before it anybody may have written. */
const farthest = (path: readonly string[], isProxy: (address: string) => boolean): string | null => {
  const address = path.map(plainAddress).findLast((each) => !isProxy(each))
  return address !== undefined && isIP(address) !== 0 ? address : null
}
