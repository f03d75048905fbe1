/**
 * The password that a host was given never stands in a history, whatever the host says later: some repeat what they were told.
 * It is found in plain and in base64, in any case, with white space in it, and over the lines of one reply. A host that
 * turns it into something else, or tells it by portions in several replies, is not found out.
 */
import { legible, replyBounds, type Said } from './replies.ts'

export type Credentials = { readonly user: string; readonly password: string }

/** What stands in a history instead. */
export const hidden = '***'

/**
 * Forms with fewer characters are hidden only where they stand alone, between what is neither letter nor digit: of a password `a`
 * nothing would be left of any text. An empty one is no secret.
 */
const distinct = 4
/** A piece of base64 that is shorter may be anything. */
const shortestPiece = 6

export const base64 = (text: string): string => Buffer.from(text).toString('base64')

// RFC 4616 §2
export const plainResponse = ({ user, password }: Credentials): string => base64(`\0${user}\0${password}`)

/** What stands in the base64 of everything that has `secret` in it, by how many octets are before it. */
const pieces = (secret: string): readonly string[] =>
  [0, 1, 2]
    .map((before) => {
      const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)])
      return bytes.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6))
    })
    .filter((piece) => piece.length >= shortestPiece)

const formsOf = (login: Credentials): readonly string[] => {
  const padded = [plainResponse(login), base64(login.password)]
  const encoded = [...padded, ...padded.map((form) => form.replace(/=+$/, ''))]
  // As it comes back to us: see `ReplyReader`.
  return [...encoded, ...pieces(login.password), legible(login.password).trim()].filter((form) => form !== '')
}

const squeezed = (text: string): string => text.replace(/\s+/g, '')
const isDistinct = (form: string): boolean => squeezed(form).length >= distinct

/** Any of these, the longest first; or null. */
const oneOf = (forms: readonly string[]): string | null => {
  const longestFirst = [...new Set(forms)].sort((one, other) => other.length - one.length)
  return longestFirst.map((form) => form.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|') || null
}

type Place = { readonly line: number; readonly at: number }

export class Concealment {
  /** Octets that a secret may have beyond where a line is cut. */
  readonly reach: number
  readonly #anywhere: RegExp | null
  readonly #alone: RegExp | null

  constructor(login: Credentials | null) {
    const forms = login === null || login.password === '' ? [] : formsOf(login)
    this.reach = Math.max(0, ...forms.map((form) => Buffer.byteLength(form)))
    const anywhere = oneOf(forms.filter(isDistinct).map(squeezed))
    this.#anywhere = anywhere === null ? null : new RegExp(anywhere, 'gi')
    const alone = oneOf(forms.filter((form) => !isDistinct(form)))
    this.#alone =
      alone === null ? null : new RegExp(`(?<![\\p{L}\\p{N}])(?:${alone})(?![\\p{L}\\p{N}])`, 'giu')
  }

  text(words: string): string {
    return this.said([{ label: '', words }])[0]!.words
  }

  /** The lines of one reply as a history may hold them. */
  said(lines: readonly Said[]): readonly Said[] {
    if (this.#anywhere === null && this.#alone === null) return lines
    const veils = lines.map(({ words }) => new Uint8Array(words.length))
    this.#veilAlone(lines, veils)
    this.#veilAnywhere(lines, veils)
    return lines.map(({ label, words }, line) => ({ label, words: shown({ label, words }, veils[line]!) }))
  }

  #veilAlone(lines: readonly Said[], veils: readonly Uint8Array[]): void {
    if (this.#alone === null) return
    for (const [line, { words }] of lines.entries())
      for (const { 0: found, index } of words.matchAll(this.#alone))
        veils[line]!.fill(1, index, index + found.length)
  }

  #veilAnywhere(lines: readonly Said[], veils: readonly Uint8Array[]): void {
    if (this.#anywhere === null) return
    const places = visible(lines)
    const text = places.map(({ line, at }) => lines[line]!.words[at]).join('')
    this.#anywhere.lastIndex = 0
    for (let match = this.#anywhere.exec(text); match !== null; match = this.#anywhere.exec(text)) {
      for (let at = match.index; at < match.index + match[0].length; at++)
        veil(veils, places[at]!, places[at - 1])
      // One may begin inside another.
      this.#anywhere.lastIndex = match.index + 1
    }
  }
}

/** Where the characters of all lines are that are no white space. */
const visible = (lines: readonly Said[]): readonly Place[] =>
  lines.flatMap(({ words }, line) => [...words.matchAll(/\S/g)].map(({ index }) => ({ line, at: index })))

/** White space between what is hidden is hidden, too. */
const veil = (veils: readonly Uint8Array[], { line, at }: Place, before: Place | undefined): void => {
  const isInside = before?.line === line && veils[line]![before.at] === 1
  veils[line]!.fill(1, isInside ? before.at : at, at + 1)
}

const shown = ({ label, words }: Said, veiled: Uint8Array): string => {
  const end = Math.min(words.length, replyBounds.kept - label.length)
  let text = ''
  for (let at = 0; at < end; at++) {
    if (veiled[at] === 0) text += words[at]
    else if (at === 0 || veiled[at - 1] === 0) text += hidden
  }
  return text
}

/** Where no secret is. */
export const nothingConcealed = new Concealment(null)
