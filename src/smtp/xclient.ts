/**
 * XCLIENT (https://www.postfix.org/XCLIENT_README.html): a trusted proxy says who the client is. Only from peers in
 * `proxy.trusted`.
 */
import { decodeXtext } from '../../machines/vocabulary/xtext.ts'
import { peerAddress } from './peer-address.ts'

/** An attribute that was not given is absent; one the proxy does not have, or not now, is null. */
export type XclientAttributes = {
  /** Reverse name of the client. */
  readonly name?: string | null
  /** Without the `IPV6:` in front. */
  readonly addr?: string | null
  readonly port?: number | null
  /** HTTP: our own word for what came over the Web API, and in no SMTP session. */
  readonly proto?: 'SMTP' | 'ESMTP' | 'HTTP' | null
  readonly helo?: string | null
  /** The account the proxy has let in; null: nobody. */
  readonly login?: string | null
}
export type XclientFault = 'attribute-unknown' | 'attribute-syntax' | 'attribute-twice'
export type Xclient =
  | { readonly ok: true; readonly attributes: XclientAttributes }
  | { readonly ok: false; readonly fault: XclientFault }

type Reader = (text: string) => string | number | undefined

const hostName: Reader = (text) =>
  /^[\w-]+(?:\.[\w-]+)*\.?$/.test(text) && text.length <= 255 ? text : undefined
const address: Reader = (text) => {
  const bare = text.replace(/^ipv6:/i, '')
  return peerAddress(bare, { family: bare.includes(':') || bare !== text ? 6 : 4 }) ?? undefined
}
const port: Reader = (text) =>
  /^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined
const protocol: Reader = (text) => (/^(?:e?smtp|http)$/i.test(text) ? text.toUpperCase() : undefined)
const helo: Reader = (text) => (/^[!-~]{1,255}$/.test(text) ? text : undefined)
const login: Reader = (text) => (/^[ -~]{1,255}$/.test(text) ? text : undefined)

const readers: Readonly<Record<keyof XclientAttributes, Reader>> = {
  name: hostName,
  addr: address,
  port,
  proto: protocol,
  helo,
  login,
}

/** For EHLO: what we understand. */
export const xclientKeyword = `XCLIENT ${Object.keys(readers).join(' ').toUpperCase()}`

/** undefined for a wrong value. */
const readValue = (read: Reader, text: string): string | number | null | undefined => {
  if (/^\[(?:UNAVAILABLE|TEMPUNAVAIL)\]$/i.test(text)) return null
  const decoded = decodeXtext(text)
  return decoded === null ? undefined : read(decoded)
}

const refusal = (fault: XclientFault): Xclient => ({ ok: false, fault })
const isAttribute = (name: string): name is keyof XclientAttributes => Object.hasOwn(readers, name)

/** `argument` is what follows `XCLIENT `: `NAME=value ADDR=value`, names in any case, values in xtext. */
export const parseXclient = (argument: string): Xclient => {
  const attributes: Record<string, string | number | null> = {}
  for (const word of argument.split(' ').filter((part) => part !== '')) {
    const equals = word.indexOf('=')
    const name = word.slice(0, Math.max(equals, 0)).toLowerCase()
    if (equals <= 0) return refusal('attribute-syntax')
    if (!isAttribute(name)) return refusal('attribute-unknown')
    if (Object.hasOwn(attributes, name)) return refusal('attribute-twice')
    const value = readValue(readers[name], word.slice(equals + 1))
    if (value === undefined) return refusal('attribute-syntax')
    attributes[name] = value
  }
  return Object.keys(attributes).length === 0 ? refusal('attribute-syntax') : { ok: true, attributes }
}
