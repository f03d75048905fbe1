/** The part of mailauth that has no types of its own, as far as it is used here. */
declare module 'mailauth/lib/dkim/dkim-signer.js' {
  import type { Writable } from 'node:stream'

  export type HeaderRow = {
    /** Lower case. */
    readonly key: string
    /** As it stands in `h=`. */
    readonly casedKey: string
    readonly line: Buffer
  }
  export type Headers = { readonly parsed: readonly HeaderRow[] }
  export type SigningKey = {
    readonly signingDomain: string
    readonly selector: string
    readonly privateKey: string
  }
  export type SigningOptions = {
    readonly canonicalization: string
    readonly headerList: readonly string[]
    readonly signTime: Date
    readonly signatureData: readonly SigningKey[]
  }
  export type SigningError = { readonly selector: string; readonly err: Error & { readonly code?: string } }
  export class DkimSigner extends Writable {
    constructor(options: SigningOptions)
    /** Without the CRLF at the end. */
    readonly signatureHeaders: readonly string[]
    readonly errors: readonly SigningError[]
    messageHeaders(headers: Headers): Promise<void>
  }
}
