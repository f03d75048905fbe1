/**
 * Seals mail of strangers that an alias hands on (RFC 8617 §5.1): what we had found of it when it came, for a host that finds less of it
 * still true. The body passes by in pieces and is hashed here; mailauth makes the three lines.
 */
import { createSeal, getARChain } from 'mailauth/lib/arc/index.js'
import type { ArcFinding } from '../../../machines/vocabulary/findings.ts'
import { noAnswer } from '../../authentication/message/arc-words.ts'
import { BodyHashes } from '../../authentication/message/body-hashes.ts'
import { type Field, type Head, HeadReader } from '../../authentication/message/head.ts'
import { vetted } from '../../authentication/message/vetting.ts'
import { overSigned, overSignedIfThere, signedIfThere } from './fields.ts'
import type { LoadedKey } from './keys.ts'

export type ToSeal = {
  /** Of the alias: whose first key seals. */
  readonly domain: string
  /** As it leaves: read to its end, or destroyed where nothing is sealed. */
  readonly content: AsyncIterable<Uint8Array>
  /** Lines that stand in front of it as it leaves, each with its CRLF. */
  readonly prefix: string
  /** What was found of its chain when it came; its signatures are not looked at again. */
  readonly arc: ArcFinding
  /** What stands behind `ARC-Authentication-Results: i=N; `. */
  readonly results: string
  /** Milliseconds since 1970; without it, now. */
  readonly at?: number
}

// RFC 8617 §4.1.2: fields of chains and of results are covered by the seal, not by the signature.
const headerList = ['DKIM-Signature', ...overSigned, ...overSignedIfThere, ...signedIfThere].join(':')

const rowOf = ({ key, text }: Field) => ({
  key,
  casedKey: text.slice(0, Math.max(0, text.indexOf(':'))).trim(),
  line: Buffer.from(text, 'latin1'),
})

type Read = { readonly head: Head; readonly bodyHash: string }
const readThrough = async (prefix: string, content: AsyncIterable<Uint8Array>): Promise<Read> => {
  const reader = new HeadReader()
  const bodies = new BodyHashes()
  const hash = bodies.add('relaxed', 'sha256')
  const see = (piece: Uint8Array): void => {
    const body = reader.push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))
    if (body !== null) bodies.write(body)
  }
  see(Buffer.from(prefix, 'utf8'))
  for await (const piece of content) see(piece)
  const head = reader.end()
  bodies.end()
  return { head, bodyHash: hash.digest('base64') }
}

/** The sets that are there, in their order; none where they are not whole, which the seal then says. */
const chainIn = (parsed: readonly ReturnType<typeof rowOf>[], { result }: ArcFinding) => {
  if (result !== 'pass') return false
  try {
    return getARChain({ parsed }, { strict: true })
  } catch {
    return false
  }
}

/**
 * `ARC-Seal:`, `ARC-Message-Signature:` and `ARC-Authentication-Results:`, each with its CRLF; '' where nothing is to be sealed: a chain
 * that has been said to have failed (RFC 8617 §5.1), one of fifty sets, one that could not be looked at, a header that is too long. Nothing that failed is
 * sealed as passed. @throws whatever reading `content` throws
 */
export const sealWith = async ({ pem, domain, selector }: LoadedKey, mail: ToSeal): Promise<string> => {
  const { head, bodyHash } = await readThrough(mail.prefix, mail.content)
  if (head.tooLong || mail.arc.about === noAnswer || vetted(head).arcAbout !== null) return ''
  const parsed = head.fields.map(rowOf)
  const { headers } = await createSeal(false, {
    strict: true,
    headers: { parsed },
    arc: { chain: chainIn(parsed, mail.arc) },
    seal: {
      ...{ signingDomain: domain, selector, privateKey: pem, headerList, bodyHash },
      signTime: new Date(mail.at ?? Date.now()),
      authResults: mail.results,
      cv: mail.arc.result,
    },
  })
  return headers.map((line) => `${line}\r\n`).join('')
}
