/**
 * Which fields the verifier is given. It reads some of them in time that grows with the square of their length, and looks through all
 * fields for each name that a signature lists: what no honest signer writes is not handed on.
 */
import type { Field, Head } from './head.ts'

// RFC 6376 §4.2, §8.4: how many signatures are looked at is the verifier's choice.
export const mostSignatures = 10
const longestSignature = 8 * 1024
const longestResults = 16 * 1024
const mostNames = 250
const longestGap = 200
/** Three fields for each of fifty sets (RFC 8617 §4.2.1). */
const mostArcFields = 150

const arcKeys = new Set(['arc-seal', 'arc-message-signature', 'arc-authentication-results'])
const gap = new RegExp(`\\s{${longestGap}}`)
const count = (text: string, sign: string): number => text.split(sign).length - 1

/** What keeps a field from being looked at; null for nothing. */
const objection = ({ text, key }: Field): string | null => {
  const most = key === 'arc-authentication-results' ? longestResults : longestSignature
  if (text.length > most) return `a field of ${text.length} octets`
  if (gap.test(text)) return 'a gap that is wider than any line'
  if (count(text, ':') > mostNames || count(text, ';') > mostNames) return 'a list of too many names'
  return null
}

export type Refused = { readonly field: Field; readonly about: string }
export type Vetted = {
  readonly signatures: readonly Field[]
  readonly refused: readonly Refused[]
  /** What the ten leave out. */
  readonly left: number
  readonly arc: readonly Field[]
  /** What keeps the chain from being looked at. */
  readonly arcAbout: string | null
}

export const vetted = ({ fields }: Head): Vetted => {
  const all = fields.filter(({ key }) => key === 'dkim-signature')
  const looked = all.slice(0, mostSignatures).map((field) => ({ field, about: objection(field) }))
  const arc = fields.filter(({ key }) => arcKeys.has(key))
  const arcAbout =
    arc.length > mostArcFields ? `${arc.length} fields` : (arc.map(objection).find(Boolean) ?? null)
  return {
    signatures: looked.filter(({ about }) => about === null).map(({ field }) => field),
    refused: looked.flatMap(({ field, about }) => (about === null ? [] : [{ field, about }])),
    left: Math.max(0, all.length - mostSignatures),
    arc: arcAbout === null ? arc : [],
    arcAbout,
  }
}
