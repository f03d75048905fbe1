/**
 * Senders of forwarded mail (SRS): the sender's address within one of ours, in a way that only we can have written. Reports come
 * back to it and are passed on to the sender.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { octetsOf, requote, splitAddress, unquote } from '../../machines/vocabulary/address.ts'
import { isReturnPath } from './look.ts'

export { isReturnPath } from './look.ts'

/** What a return path leads to: the address within it, or why there is none. `none`: it is no return path at all. */
export type Reversed =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'none' | 'forged' | 'expired' }

export type ReturnPathOptions = {
  readonly key: Uint8Array
  /** Days for which a return path is good. */
  readonly lifetime: number
}

export interface ReturnPaths {
  /** `sender` as an address of `domain`; itself where that could not be written. `at` in milliseconds since 1970. */
  wrap(sender: string, domain: string, at: number): string
  /** The local part of an address of ours read back. */
  unwrap(local: string, at: number): Reversed
}

/** RFC 4648 §6: hosts may change the case of an address, not its digits. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const dayLength = 24 * 60 * 60 * 1000
/** Days are counted round and round: two characters. */
const era = 1024
const hashLength = 8
/** RFC 5321 §4.5.3.1.3, the brackets counted. Longer local parts than 64 octets are taken nearly everywhere. */
const longestPath = 256

const rewritten = /^SRS0([=+-])(.+)$/is
const rewrittenTwice = /^SRS1[=+-]([^=]+)=([^=]+)=(.+)$/is
/** A local part may be nothing between quotes. */
const ours0 = /^SRS0[=+-]([^=]+)=([^=]{2})=([^=]+)=(.*)$/is

const dayOf = (at: number): number => Math.floor(at / dayLength) % era
const dayText = (day: number): string => `${alphabet[day >> 5]!}${alphabet[day & 31]!}`
/** Null for what is no day. */
const dayIn = (text: string): number | null => {
  const [high, low] = [...text.toUpperCase()].map((character) => alphabet.indexOf(character))
  return high === undefined || low === undefined || high < 0 || low < 0 ? null : high * 32 + low
}

const isSame = (one: string, other: string): boolean => {
  const [left, right] = [Buffer.from(one.toUpperCase()), Buffer.from(other.toUpperCase())]
  return left.length === right.length && timingSafeEqual(left, right)
}

const forged: Reversed = { kind: 'forged' }

export const returnPaths = ({ key, lifetime }: ReturnPathOptions): ReturnPaths => {
  /** Of the kind of address and its parts. Case is left out of it: hosts on the way may change it. */
  const hashOf = (...parts: readonly string[]): string => {
    const digest = createHmac('sha256', key).update(parts.join('=').toLowerCase()).digest()
    let text = ''
    for (let at = 0; at < hashLength; at++) text += alphabet[digest[at]! % 32]
    return text
  }

  const localFor = (local: string, domain: string, at: number): string => {
    const twice = rewrittenTwice.exec(local)
    // Who forwards what was forwarded twice names the first forwarder again: addresses do not grow with the way.
    const [first, rest] = twice ? [twice[2]!, twice[3]!] : [domain, rewritten.exec(local)?.slice(1).join('')]
    if (rest !== undefined) return `SRS1=${hashOf('1', first, rest)}=${first}=${rest}`
    const day = dayText(dayOf(at))
    return `SRS0=${hashOf('0', day, domain, local)}=${day}=${domain}=${local}`
  }

  const first = ([, hash, day, domain, local]: readonly string[], at: number): Reversed => {
    if (!isSame(hash!, hashOf('0', day!, domain!, local!))) return forged
    const written = dayIn(day!)
    if (written === null) return forged
    const age = (dayOf(at) - written + era) % era
    // A clock that was set back is no fault of the sender's.
    if (age > lifetime && age !== era - 1) return { kind: 'expired' }
    return { kind: 'address', address: `${requote(local!)}@${domain!.toLowerCase()}` }
  }

  const second = ([, hash, host, rest]: readonly string[]): Reversed =>
    isSame(hash!, hashOf('1', host!, rest!))
      ? { kind: 'address', address: `${requote(`SRS0${rest!}`)}@${host!.toLowerCase()}` }
      : forged

  return {
    wrap: (sender, domain, at) => {
      const { local, domain: from } = splitAddress(sender)
      const wrapped = `${requote(localFor(unquote(local), from, at))}@${domain}`
      return octetsOf(wrapped) + 2 > longestPath ? sender : wrapped
    },
    unwrap: (given, at) => {
      const local = unquote(given)
      if (!isReturnPath(local)) return { kind: 'none' }
      const once = ours0.exec(local)
      if (once) return first(once, at)
      const twice = rewrittenTwice.exec(local)
      return twice ? second(twice) : forged
    },
  }
}
