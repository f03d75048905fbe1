/** The kinds of value a configuration is made of: each parses to what the program uses, or says what is wrong. */
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import ipaddr from 'ipaddr.js'
import * as z from 'zod'
import { parseAddress } from '../../machines/vocabulary/address.ts'
import { isBucketAddress, readBucketAddress } from '../content/s3/address.ts'
import { isKurrentAddress, readAddress } from '../log/kurrent/address.ts'
import { form } from './notes.ts'
import { parseDuration, parseSize } from './units.ts'

export type Parsed<Value> = { readonly value: Value } | { readonly wrong: string }

/** A kind of value written as text (or a number), parsed by `parse` into a value or a sentence that says what is wrong. */
export const written = <Value>(text: string, parse: (given: string | number) => Parsed<Value>) =>
  form(
    form(z.union([z.string(), z.number()]), text).transform((given, context): Value => {
      const parsed = parse(given)
      if ('value' in parsed) return parsed.value
      context.addIssue({ code: 'custom', message: parsed.wrong })
      return z.NEVER
    }),
    text,
  )

const orWrong = <Value>(value: Value | null, wrong: string): Parsed<Value> =>
  value === null ? { wrong } : { value }

export const duration = written('a duration (20s, 5m, 4h, 5d)', (given) =>
  orWrong(parseDuration(given), `'${given}' is no duration; write a number and a unit: 20s, 5m, 4h, 5d`),
)

/** A duration that is longer than nothing. */
export const pause = written('a duration (20s, 5m, 4h, 5d)', (given) => {
  const value = parseDuration(given)
  if (value === 0) return { wrong: `'${given}' is no pause: it would be tried without end; write 1m, say` }
  return orWrong(value, `'${given}' is no duration; write a number and a unit: 20s, 5m, 4h, 5d`)
})

/** A duration, or `forever`, which is null. */
export const keepingTime = written<number | null>('a duration (90d) or forever', (given) => {
  if (given === 'forever') return { value: null }
  return orWrong(parseDuration(given), `'${given}' is no duration; write 90d, or forever`)
})

export const size = written('a size (512kb, 50mb)', (given) =>
  orWrong(parseSize(given), `'${given}' is no size; write 512kb, 50mb or 1gb`),
)

const label = /^[\p{L}\p{N}_](?:[\p{L}\p{N}\p{M}_-]{0,61}[\p{L}\p{N}\p{M}_])?$/u

/** A domain name in lower case, as written (A-labels and U-labels kept); null for what is none. */
export const parseDomain = (given: string): string | null => {
  const name = given.toLowerCase().normalize('NFC').replace(/\.$/, '')
  if (name === '' || name.length > 253 || isIP(name) !== 0) return null
  const ascii = /^[\x00-\x7f]*$/.test(name) ? name : domainToASCII(name)
  return ascii !== '' && name.split('.').every((part) => label.test(part)) ? name : null
}

export const domainName = written('a domain name (example.org)', (given) =>
  orWrong(parseDomain(String(given)), `'${given}' is no domain name; write it like example.org`),
)

/** What a client may ask for when TLS begins (SNI); `*.example.org` stands for every name below. */
export const serverName = written('a host name (mx.example.org, *.example.org)', (given) => {
  const name = String(given).replace(/^\*\./, '')
  return orWrong(
    parseDomain(name) === null ? null : String(given).toLowerCase(),
    `'${given}' is no host name; write it like mx.example.org or *.example.org`,
  )
})

export const mailAddress = written('a mail address (name@example.org)', (given) =>
  orWrong(parseAddress(String(given)), `'${given}' is no mail address; write it like name@example.org`),
)

export const listenAddress = written('an IP address (127.0.0.1, 0.0.0.0, ::)', (given) => {
  const address = given === 'localhost' ? '127.0.0.1' : String(given)
  return orWrong(
    isIP(address) === 0 ? null : address,
    `'${given}' is no IP address; 0.0.0.0 means all of IPv4, :: all of IPv6`,
  )
})

const parseNetwork = (given: string): string | null => {
  const text = given.includes('/') ? given : `${given}/${given.includes(':') ? 128 : 32}`
  // isIP first: ipaddr.js also reads 10.1 or 0x7f000001.
  if (isIP(text.slice(0, text.indexOf('/'))) === 0 || !ipaddr.isValidCIDR(text)) return null
  return text
}

/** `192.0.2.0/24`; a lone address becomes /32 or /128. */
export const network = written('a network (192.0.2.0/24) or an address', (given) =>
  orWrong(parseNetwork(String(given)), `'${given}' is no network; write it like 192.0.2.0/24`),
)

export const port = form(z.int().min(0).max(65_535), 'a port number (0: any free one)')

/** Of other hosts: 0 is none. */
export const remotePort = form(z.int().min(1).max(65_535), 'a port number')

export const count = form(z.int().min(1), 'a whole number, at least 1')

/** A path in the file system; the loader makes it absolute, seen from the folder of the configuration file. */
export const path = form(z.string().min(1), 'a path, seen from this file’s folder')

/** Where the events are kept: a file of ours, or a database. A password in the address is never repeated. */
export const logPlace = written('sqlite, or kurrentdb://user:password@host:2113', (given): Parsed<string> => {
  const text = String(given)
  if (text === 'sqlite') return { value: text }
  if (!isKurrentAddress(text)) {
    const scheme = /^[a-z0-9]+(?=:)/i.exec(text)?.[0].toLowerCase() ?? text
    return { wrong: `must be sqlite, or an address like kurrentdb://host:2113, not '${scheme}'` }
  }
  try {
    readAddress(text)
    return { value: text }
  } catch (error) {
    return { wrong: (error as Error).message }
  }
})

/** Where bodies are kept: in files of ours, or in a bucket. A secret in the address is never repeated. */
export const contentPlace = written(
  'files, or s3://bucket?endpoint=https://host',
  (given): Parsed<string> => {
    const text = String(given)
    if (text === 'files') return { value: text }
    if (!isBucketAddress(text)) {
      const scheme = /^[a-z0-9]+(?=:)/i.exec(text)?.[0].toLowerCase() ?? text
      return { wrong: `must be files, or an address like s3://bucket?endpoint=https://host, not '${scheme}'` }
    }
    try {
      readBucketAddress(text)
      return { value: text }
    } catch (error) {
      return { wrong: (error as Error).message }
    }
  },
)
