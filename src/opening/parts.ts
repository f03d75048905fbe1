/** A message taken apart. Nothing of it is run or fetched; what is told is bounded, however many parts a hostile one has. */
import type { Address, Email, Header } from 'postal-mime'
import type { z } from 'zod'
import type { parts } from '../shapes/message.ts'
import { deepest, type Sketch, sketchOf } from './sketch.ts'

export type Told = Omit<z.infer<typeof parts>, 'id'>
export type Parts = { readonly told: Told; readonly bytes: ReadonlyMap<string, Uint8Array> }

const mostParts = 200
const mostHeaders = 500
/** Characters of a text, and of a header field. */
const longestText = 2 * 1024 * 1024
const longestField = 16 * 1024
/** Characters of a file's name, a type, a content id. */
const longestName = 1000
/** Of one field. */
const mostAddresses = 500
/** Bytes of header; a sketch has fewer. */
const longestHeader = 32 * 1024 * 1024

const named = (name: string | null | undefined): string | null => name?.slice(0, longestName) ?? null

/** A name for a file, and nothing else: no way to another folder, and nothing that shows it in another order than it is. */
const fileNamed = (name: string | null | undefined): string | null =>
  named(name)
    ?.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '')
    .replace(/[/\\]/g, '_') ?? null
const cut = (text: string | undefined): string | null =>
  text === undefined ? null : text.slice(0, longestText)

const dispositionOf = (disposition: string | null | undefined): 'inline' | 'attachment' | null =>
  disposition === 'inline' || disposition === 'attachment' ? disposition : null

const octetsOf = (content: ArrayBuffer | Uint8Array | string, { contentOf }: Sketch): Uint8Array => {
  const found = typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content)
  return contentOf(found) ?? found
}

/** No line begins anew within it, and nothing shows it in another order than it is. */
const read = (text: string): string => text.replace(/[\p{Cc}\p{Bidi_Control}]+/gu, ' ').trim()

type Author = { readonly name: string; readonly address: string }

/** RFC 5322 §3.4: those of a group are as good as those beside it. */
const authorsIn = (found: readonly Address[]): Author[] =>
  found
    .flatMap((one) => (one.group === undefined ? [one] : one.group))
    .slice(0, mostAddresses)
    .map(({ name, address }) => ({
      name: read(name.slice(0, longestName)),
      address: read(address.slice(0, longestName)),
    }))

/** What cannot be taken apart has no parts: it is there to be read raw. */
const unreadable: Parts = {
  told: {
    ...{ headers: [], from: [], replyTo: [], to: [], cc: [] },
    text: null,
    html: null,
    attachments: [],
    truncated: true,
  },
  bytes: new Map(),
}

type Parsed = { readonly sketch: Sketch; readonly mail: Email; readonly headers: readonly Header[] }

/** As the parser has it, with fields of its own; null for what it cannot read. To be done on a thread of its own. */
export const parsed = async (whole: Uint8Array): Promise<Parsed | null> => {
  const { default: PostalMime } = await import('postal-mime')
  const sketch = sketchOf(whole)
  const limits = { maxNestingDepth: deepest, maxHeadersSize: longestHeader }
  const mail = await PostalMime.parse(sketch.bytes, { ...limits, forceRfc822Attachments: true }).catch(
    () => null,
  )
  return mail && { sketch, mail, headers: mail.headers.slice(sketch.isLed ? 1 : 0) }
}

/** May take seconds, and memory: to be done on a thread of its own. */
export const partsOf = async (whole: Uint8Array): Promise<Parts> => {
  const { addressParser, decodeWords } = await import('postal-mime')
  const found = await parsed(whole)
  if (found === null) return unreadable
  const { sketch, mail, headers } = found
  const { text, html, attachments, replyTo = [], to = [], cc = [] } = mail
  const from = addressParser((headers.find(({ key }) => key === 'from')?.value ?? '').slice(0, longestField))
  const kept = attachments.slice(0, mostParts).map((one) => ({ one, octets: octetsOf(one.content, sketch) }))
  const told = kept.map(({ one, octets }, at) => ({
    part: String(at + 1),
    type: one.mimeType.toLowerCase().slice(0, longestName),
    name: fileNamed(one.filename),
    disposition: dispositionOf(one.disposition),
    contentId: named(one.contentId),
    size: octets.length,
  }))
  const isLong = (said: string | undefined) => (said?.length ?? 0) > longestText
  return {
    told: {
      headers: headers
        .slice(0, mostHeaders)
        .map(({ key, value }) => ({ name: key, value: value.slice(0, longestField) }))
        // RFC 2047 §6.1
        .map((field) => ({
          ...field,
          text: read(field.value.includes('=?') ? decodeWords(field.value) : field.value),
        })),
      ...{ from: authorsIn(from), replyTo: authorsIn(replyTo) },
      ...{ to: authorsIn(to), cc: authorsIn(cc) },
      ...{ text: cut(text), html: cut(html), attachments: told },
      truncated:
        sketch.isCut ||
        attachments.length > mostParts ||
        headers.length > mostHeaders ||
        isLong(text) ||
        isLong(html),
    },
    bytes: new Map(kept.map(({ octets }, at) => [String(at + 1), octets])),
  }
}
