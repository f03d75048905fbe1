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
declare module 'mailauth/lib/dkim/dkim-verifier.js' {
  export type VerifierRow = { readonly key: string; readonly casedKey: string; readonly line: Buffer }
  type Tag = { readonly value?: unknown }
  export type PreparedSignature = {
    readonly type: 'DKIM' | 'ARC'
    readonly skip?: string
    readonly invalid?: string
    readonly selector: string
    readonly signingDomain: string
  }
  export type VerifiedSignature = {
    readonly signingDomain: string
    readonly selector: string
    readonly signature?: string
    readonly algo?: string
    readonly modulusLength?: number
    readonly canonBodyLengthLimit?: number
    readonly canonBodyLengthTotal?: number
    readonly status: {
      result: string
      readonly comment?: string | false
      readonly testing?: boolean
      /** Octets of the body that `l=` leaves out. */
      readonly underSized?: number
      readonly header?: { readonly i?: string | false }
    }
  }
  export type ArcSet = {
    readonly i: number
    readonly 'arc-seal'?: { readonly parsed?: { readonly d?: Tag; readonly s?: Tag } }
    messageSignature?: VerifiedSignature
  }
  export type ArcState = {
    readonly chain: readonly ArcSet[] | false
    readonly error?: Error
    readonly lastEntry?: ArcSet
  }
  export class DkimVerifier {
    constructor(options: {
      readonly resolver: (name: string) => Promise<readonly (readonly string[])[]>
      readonly strict: true
      readonly minBitLength: number
      readonly curTime: Date
    })
    headers: { readonly parsed: readonly VerifierRow[] } | false
    readonly arc: ArcState
    readonly bodyHashes: Map<string, object>
    readonly signatureHeaders: readonly PreparedSignature[]
    readonly results: readonly VerifiedSignature[]
    addBodyHash(form: string, algorithm: string, most: number | ''): string
    messageHeaders(headers: { readonly parsed: readonly VerifierRow[] }): Promise<void>
    finalChunk(): Promise<void>
  }
}
declare module 'mailauth/lib/arc/index.js' {
  import type { ArcSet, ArcState, VerifierRow } from 'mailauth/lib/dkim/dkim-verifier.js'

  export type ArcVerdict = {
    readonly status: { readonly result: 'none' | 'pass' | 'fail'; readonly comment?: string }
    readonly authenticationResults?: { readonly dmarc?: { readonly result?: unknown } }
  }
  type Seal = {
    readonly signingDomain: string
    readonly selector: string
    /** PEM. */
    readonly privateKey: string
    /** What stands behind `ARC-Authentication-Results: i=N; `. */
    readonly authResults: string
    readonly cv: 'none' | 'pass' | 'fail'
    readonly signTime?: Date
    readonly headerList?: string
  }
  type Parsed = { readonly parsed: readonly VerifierRow[] }
  /** The lines of a set, each with its line end; nothing where none was made. */
  export function sealMessage(input: Buffer, seal: Seal): Promise<Buffer>
  /** The same for a header that was read, and a body that was hashed (relaxed, SHA-256). Lines without their ends. */
  export function createSeal(
    input: false,
    data: {
      readonly strict: true
      readonly headers: Parsed
      readonly arc: { readonly chain: readonly ArcSet[] | false }
      readonly seal: Seal & { readonly bodyHash: string }
    },
  ): Promise<{ readonly headers: readonly string[]; readonly errors: readonly { readonly err: Error }[] }>
  /** @throws where the sets are no chain */
  export function getARChain(headers: Parsed, options: { readonly strict: true }): readonly ArcSet[] | false
  export function arc(
    state: ArcState,
    options: {
      readonly resolver: (name: string) => Promise<readonly (readonly string[])[]>
      readonly minBitLength: number
      readonly strict: true
    },
  ): Promise<ArcVerdict>
}
