/** Addresses others tell us about, written the one way we compare and store them. */
import ipaddr from 'ipaddr.js'
import { isIPv4, isIPv6 } from '../../machines/vocabulary/address-literal.ts'

const written = (address: ipaddr.IPv4 | ipaddr.IPv6): string =>
  address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()
    ? address.toIPv4Address().toString()
    : address.toString()

/** RFC 5952 for IPv6; IPv4 within IPv6 as IPv4. Null when `text` is no address, or not of that family. */
export const peerAddress = (text: string, { family }: { readonly family: 4 | 6 }): string | null =>
  (family === 4 ? isIPv4(text) : isIPv6(text)) ? written(ipaddr.parse(text)) : null

/** Four or sixteen octets. */
export const peerAddressOf = (octets: Uint8Array): string => written(ipaddr.fromByteArray([...octets]))

/** An address as a dual-stack listener reports it: IPv4 without its prefix. */
export const plainAddress = (address: string | undefined): string => (address ?? '').replace(/^::ffff:/i, '')
