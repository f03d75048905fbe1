/** Signs mail that leaves in the name of one of our domains (RFC 6376, RFC 8463). */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { asciiDomain } from '../../authentication/spelling.ts'
import type { Config } from '../../config/schema.ts'
import { HeadUnsignable, joined } from './head.ts'
import { type LoadedKey, loadKeys } from './keys.ts'
import type { ToSeal } from './sealing.ts'

export { authorDomainOf } from './author.ts'
export { longestHead, mostLines } from './head.ts'
export type { ToSeal } from './sealing.ts'

export type ToSign = {
  /** Of the envelope; '' for the null sender. Only errors name it. */
  readonly sender: string
  /** The domain in its From field (`authorDomainOf`), or null where there is not exactly one. */
  readonly from: string | null
  /** As stored: read to its end, or destroyed where nothing is to be signed. */
  readonly content: AsyncIterable<Uint8Array>
  /** Header lines that stand in front of it as it leaves, each with its CRLF. */
  readonly prefix: string
  /** Time of the signature in milliseconds since 1970; without it, now. */
  readonly at?: number
}

export interface Signers {
  /** What should be looked at: keys that others can read. */
  readonly warnings: readonly string[]
  /** No domain has a key. */
  readonly isEmpty: boolean
  /** Whether mail from this domain is signed. */
  has(domain: string): boolean
  /**
   * `DKIM-Signature:` lines, folded, each with its CRLF, one for each key of the From domain; '' where it has none, and for
   * a mail without From or with a header that is beyond `longestHead` or has a bare CR. They belong in front of `prefix`. Memory is bounded by the
   * header; a pause between pieces is respected. Says nothing about who wrote the mail: ask only for what an account
   * submitted, or what the server wrote itself.
   * @throws SigningFailed, and whatever reading `content` throws
   */
  sign(mail: ToSign): Promise<string>
  /**
   * The three lines of an ARC set, by the first key of `domain`; '' where it has none, or where the mail is not to be sealed (`sealWith`).
   * They belong in front of `prefix`. Memory is bounded by the header. @throws whatever reading `content` throws
   */
  seal(mail: ToSeal): Promise<string>
}

/** A key that was good when the server started could not be used. Holds nothing of it. */
export class SigningFailed extends Error {
  override readonly name = 'SigningFailed'
}

const close = (content: AsyncIterable<Uint8Array>): '' => {
  if (content instanceof Readable) content.destroy()
  return ''
}

const failure = ({ sender }: ToSign, [key]: readonly LoadedKey[], code: string): SigningFailed =>
  new SigningFailed(
    `mail of <${sender}> could not be signed for ${key?.domain} (${code}); try \`fsmtp config check\``,
  )

const signWith = async (keys: readonly LoadedKey[], mail: ToSign): Promise<string> => {
  // mailauth brings much along: it is loaded where there is something to sign.
  const { OverSigner } = await import('./over-signer.ts')
  const signer = new OverSigner({ keys, at: mail.at ?? Date.now() })
  await pipeline(joined(mail.prefix, mail.content), signer)
  const [error] = signer.errors
  if (error?.err.code === 'ENOFROM') return ''
  if (error !== undefined) throw failure(mail, keys, error.err.code ?? 'unknown error')
  return signer.signatureHeaders.map((lines) => `${lines}\r\n`).join('')
}

/**
 * The keys of every domain in the configuration, ready to sign.
 * @throws ConfigFault with every key that is missing or cannot be used, its file, domain and selector, and what to do
 */
export const loadSigners = async (config: Config): Promise<Signers> => {
  const { byDomain, warnings } = await loadKeys(config)
  const keysOf = (domain: string | null): readonly LoadedKey[] =>
    domain === null ? [] : (byDomain.get(asciiDomain(domain)) ?? [])
  return {
    warnings,
    isEmpty: byDomain.size === 0,
    has: (domain) => keysOf(domain).length > 0,
    seal: async (mail) => {
      const [key] = keysOf(mail.domain)
      if (key === undefined) return close(mail.content)
      const { sealWith } = await import('./sealing.ts')
      return sealWith(key, mail)
    },
    sign: async (mail) => {
      const keys = keysOf(mail.from)
      if (keys.length === 0) return close(mail.content)
      try {
        return await signWith(keys, mail)
      } catch (error) {
        if (error instanceof HeadUnsignable) return ''
        throw error
      }
    },
  }
}
