/** Questions to the domain name system, as all of this program ask them. Tests put a plain object in its place. */

export type MailExchange = { exchange: string; priority: number }

/** Names are in presentation form, without the dot at the end; the root is ''. */
export type Answers = {
  A: string[]
  /** As RFC 5952 writes them; IPv4 inside as `::ffff:192.0.2.1`. */
  AAAA: string[]
  CNAME: string[]
  MX: MailExchange[]
  NS: string[]
  PTR: string[]
  SOA: Authority[]
  /** The strings of each record, one character for each octet (latin1). */
  TXT: string[][]
}

/** Times in seconds. */
export type Authority = {
  nsname: string
  hostmaster: string
  serial: number
  refresh: number
  retry: number
  expire: number
  minttl: number
}

export type RecordType = keyof Answers

export type AskOptions = {
  readonly signal?: AbortSignal
  /** Milliseconds, for the whole of the question; not longer than the resolver's own. */
  readonly timeout?: number
}

export type Resolver = {
  /**
   * At least one record, aliases followed. `name` may hold escapes (`\.`, `\032`; RFC 1035 §5.1) and any octets, characters beyond
   * ASCII as UTF-8. One that cannot be a name is ENOTFOUND, and nobody is asked.
   * @throws DnsFault
   */
  resolve<Type extends RecordType>(name: string, type: Type, options?: AskOptions): Promise<Answers[Type]>
}

/** Node's codes, so that libraries made for its resolver understand them. */
const words = {
  ENOTFOUND: 'there is no such name',
  ENODATA: 'there is no such record',
  ESERVFAIL: 'the name server failed (SERVFAIL)',
  EREFUSED: 'the name server refused to answer (REFUSED)',
  ETIMEOUT: 'no answer in time',
  ECONNREFUSED: 'no name server can be reached',
  EBADRESP: 'the answer makes no sense',
  EFORMERR: 'the name server did not understand (FORMERR)',
  ENOTIMP: 'the name server cannot do that (NOTIMP)',
  ECANCELLED: 'the question was taken back',
} as const

export type DnsCode = keyof typeof words

const isDnsCode = (code: string): code is DnsCode => Object.hasOwn(words, code)

/** `no answer in time`; codes of others as they are. */
export const dnsWords = (code: string): string => (isDnsCode(code) ? words[code] : code)

/** No answer, or one that says there is nothing. Each is made anew, so that a library may write on it. */
export class DnsFault extends Error {
  readonly code: DnsCode
  /** `MX of example.net`: holds the name that was asked, with whatever is secret in it. */
  readonly asked: string

  constructor(code: DnsCode, asked: string) {
    super(`${asked}: ${words[code]}`)
    this.name = 'DnsFault'
    this.code = code
    this.asked = asked
  }
}

/** It is known that there is nothing; after all other faults nothing is known. */
export const saysNothing = (error: unknown): boolean =>
  error instanceof DnsFault && (error.code === 'ENOTFOUND' || error.code === 'ENODATA')
