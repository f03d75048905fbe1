/** The parts of mailauth that have no types of their own, as far as they are used here. */
declare module 'mailauth/lib/spf/spf-verify.js' {
  export type Ask = (name: string, type: 'A' | 'AAAA' | 'MX' | 'PTR' | 'TXT') => Promise<unknown[]>
  /** What a record, and the records it leads to, say of one address. */
  export type Evaluation = {
    readonly qualifier?: '+' | '-' | '~' | '?'
    readonly error?: 'none' | 'permerror' | 'temperror'
    /** What is wrong. */
    readonly text?: string
    /** The mechanism that matched, and what it said. */
    readonly type?: string
    readonly val?: string
    /** The record of the domain that was asked first. */
    readonly rr?: string
    readonly explanation?: string
  }
  export function spfVerify(
    domain: string,
    options: {
      readonly sender: string
      readonly ip: string
      readonly helo: string
      readonly mta: string
      readonly strict: true
      readonly ctx: { readonly warnings: Set<string>; usedLocalPart: boolean }
      readonly resolver: Ask
      readonly expResolver: Ask
      readonly createSubResolver: () => Ask
    },
  ): Promise<Evaluation | false>
}
declare module 'mailauth/lib/spf/syntax.js' {
  type Address = {
    kind(): 'ipv4' | 'ipv6'
    isIPv4MappedAddress?(): boolean
    toIPv4Address?(): Address
    toString(): string
  }
  export function parseIp(text: string): Address | null
}
