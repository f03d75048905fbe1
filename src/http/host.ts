/**
 * For whom a request is: its Host header. Names that are not ours are refused, or any page of the world could read ours
 * through a name of its own that it lets point to this machine (DNS rebinding).
 */
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import ipaddr from 'ipaddr.js'
import type { Config } from '../config/schema.ts'
import { plainAddress } from '../smtp/peer-address.ts'

/** With or without a port; IPv6 in brackets. */
const shape = /^(?:\[(?<literal>[\da-f:.]+)\]|(?<name>[^\s:/?#@[\]]+))(?::\d{0,5})?$/i

/** The name or address a request is for, without port, or null where it does not say, or not clearly. */
export const hostAsked = ({ rawHeaders, headers }: IncomingMessage): string | null => {
  const given = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length
  // RFC 9112 §3.2: one, and only one.
  if (given !== 1) return null
  const { literal, name } = shape.exec(headers.host ?? '')?.groups ?? {}
  if (literal !== undefined) return isIP(literal) === 6 ? ipaddr.parse(literal).toString() : null
  return name === undefined ? null : plainName(name)
}

/** As names are compared: lower case, A-labels, no dot at the end. */
const plainName = (name: string): string | null => domainToASCII(name.replace(/\.$/, '')) || null

const isLoopback = (host: string): boolean =>
  host === 'localhost' || (isIP(host) !== 0 && ipaddr.parse(host).range() === 'loopback')

const plain = (host: string): string | null =>
  isIP(host) === 6 ? ipaddr.parse(host).toString() : plainName(host)

/** Whether a host is us. An address is, where the client has connected to it: nobody can lend that to another. */
export const hostsOf = ({
  hostname,
  http,
}: Pick<Config, 'hostname' | 'http'>): ((host: string, local: string | undefined) => boolean) => {
  const names = new Set([hostname, ...http.allowedHosts].map(plain))
  return (host, local) =>
    isLoopback(host) || names.has(host) || (isIP(host) !== 0 && host === plain(plainAddress(local)))
}
