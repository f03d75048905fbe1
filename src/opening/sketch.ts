/**
 * A mail as it is given to the parser, which takes time and memory for each line and each part: its first fields, the beginnings of its
 * texts, and a token where something came with it, whose bytes stay where they are until they are asked for. However large a mail is, and
 * whatever is in it, its sketch is bounded, and made in time proportional to its length.
 */
import { randomBytes } from 'node:crypto'
import { decoded, type Encoding } from './decoding.ts'
import { type Budget, type Section, sectionAt } from './section.ts'

export type Sketch = {
  readonly bytes: Uint8Array
  /** What stands for a token; null for what is none. */
  readonly contentOf: (found: Uint8Array) => Uint8Array | null
  /** Its first field is none of the message's. */
  readonly isLed: boolean
  /** It leaves something out. */
  readonly isCut: boolean
}

/** Parts within parts that stay so; those further in are shown beside each other. */
export const deepest = 20
/** Texts and attachments that are looked at, and parts of any kind. */
const mostParts = 1_000
const mostSections = 20_000
/** Bytes of header, of all parts. */
const mostHeader = 1024 * 1024
/** Bytes of one text, and of all of them, as they were encoded. */
const longestText = 2 * 1024 * 1024
const mostText = 8 * 1024 * 1024
/** Lines that look as if they told parts apart, and do not. */
const mostMistaken = 1_000_000
/** Bytes of a line that may tell parts apart; RFC 2046 §5.1.1 allows 70 and two at each side. */
const longestDelimiter = 300

const lineFeed = 0x0a
const carriageReturn = 0x0d
const dash = 0x2d
const lineEnd = Buffer.from('\r\n')

const encodedHere = 'Content-Transfer-Encoding: base64\r\n'

/** Lines of text end in one way, and the last one too; in base64 may be what has other lines. */
const textOf = (content: Uint8Array, encoding: Encoding): Buffer => {
  const text = decoded(content, encoding)
  if (encoding === 'base64') return Buffer.from(text)
  const lines = Buffer.from(text.buffer, text.byteOffset, text.byteLength)
    .toString('latin1')
    .replaceAll('\r\n', '\n')
  return Buffer.from(lines === '' || lines.endsWith('\n') ? lines : `${lines}\n`, 'latin1')
}

type Delimiter = {
  readonly boundary: string
  readonly isEnd: boolean
  readonly start: number
  /** Behind its line. */
  readonly next: number
}
type Range = { readonly start: number; readonly end: number; readonly delimiter: Delimiter | null }
/** A multipart that is open, and names of others within it that were not opened. */
type Level = { readonly boundary: string; readonly names: string[] }

class Sketching {
  readonly #whole: Buffer
  readonly #kept: Uint8Array[] = []
  readonly #levels: Level[] = []
  /** To the place of its level. */
  readonly #open = new Map<string, number>()
  readonly #budget: Budget = { left: mostHeader }
  #textLeft = mostText
  #parts = 0
  #mistaken = 0
  readonly #mark = randomBytes(8).toString('hex')
  readonly #contents = new Map<string, { readonly range: Range; readonly encoding: Encoding }>()
  #isCut = false

  constructor(whole: Buffer) {
    this.#whole = whole
  }

  sketched(): Sketch {
    let delimiter = this.#part(0, null)
    // A message of one part.
    const isLed = this.#parts > 0
    for (let sections = 1; delimiter !== null; ) {
      if (delimiter.isEnd) {
        delimiter = this.#closed(delimiter)
        continue
      }
      if (this.#parts >= mostParts || ++sections > mostSections) {
        this.#isCut = true
        break
      }
      delimiter = this.#part(delimiter.next, this.#reopened(delimiter))
    }
    return {
      bytes: Buffer.concat(this.#kept),
      contentOf: (found) => this.#contentOf(found),
      ...{ isLed, isCut: this.#isCut },
    }
  }

  #contentOf(found: Uint8Array): Uint8Array | null {
    if (found.length > 60) return null
    const content = this.#contents.get(Buffer.from(found).toString('latin1').trim())
    if (content === undefined) return null
    const { range, encoding } = content
    return decoded(this.#whole.subarray(range.start, range.end), encoding)
  }

  /** One part, from its header on. `lead` is the line that goes before it. What ended it. */
  #part(from: number, lead: string | null): Delimiter | null {
    const isBoundary = (at: number): boolean => this.#delimiterAt(at) !== null
    const section = sectionAt(this.#whole, from, { budget: this.#budget, isBoundary })
    if (section.isCut) this.#isCut = true
    const { boundary } = section.content
    if (boundary !== null) {
      this.#multipart(section, { lead, boundary })
      return this.#upTo(section.next).delimiter
    }
    const range = this.#upTo(section.next)
    this.#leaf(section, { lead, range })
    return range.delimiter
  }

  #head({ fields }: Section, lead: string | null): void {
    if (lead !== null) this.#kept.push(Buffer.from(lead, 'latin1'))
    this.#kept.push(...fields, lineEnd)
  }

  /** Its parts are its host's where it is in too many others, or cannot be told from one of them. */
  #multipart(section: Section, { lead, boundary }: { lead: string | null; boundary: string }): void {
    if (this.#open.has(boundary) || this.#levels.length >= deepest) {
      this.#isCut = true
      if (this.#open.has(boundary)) return
      this.#levels.at(-1)!.names.push(boundary)
      this.#open.set(boundary, this.#levels.length - 1)
      return
    }
    this.#head(section, lead)
    this.#open.set(boundary, this.#levels.length)
    this.#levels.push({ boundary, names: [boundary] })
  }

  /** The first field of a name is what counts: whatever the part is said to be encoded in, here it is base64, for which a line costs nothing. */
  #leaf(section: Section, { lead, range }: { lead: string | null; range: Range }): void {
    const { isAttachment, encoding } = section.content
    this.#parts++
    this.#head(section, lead === null ? encodedHere : `${lead}${encodedHere}`)
    const bytes = isAttachment ? this.#tokenFor(range, encoding) : textOf(this.#beginning(range), encoding)
    this.#kept.push(Buffer.from(`${bytes.toString('base64')}\r\n`))
  }

  #tokenFor(range: Range, encoding: Encoding): Buffer {
    const token = `part-${this.#contents.size + 1}-${this.#mark}`
    this.#contents.set(token, { range, encoding })
    return Buffer.from(token)
  }

  /** Its beginning, to the end of a line where one is near. */
  #beginning({ start, end }: Range): Uint8Array {
    const most = Math.min(end, start + Math.min(longestText, this.#textLeft))
    const line = this.#whole.lastIndexOf(lineFeed, most - 1) + 1
    const cut = most < end && most - line < 1_000 && line > start ? line : most
    this.#textLeft -= cut - start
    if (cut < end) this.#isCut = true
    return this.#whole.subarray(start, cut)
  }

  /** The content that begins there, without the line's end that belongs to what ends it (RFC 2046 §5.1.1). */
  #upTo(start: number): Range {
    const whole = this.#whole
    const none = { start, end: whole.length, delimiter: null }
    if (this.#open.size === 0) return none
    const first = this.#delimiterAt(start)
    if (first !== null) return { start, end: start, delimiter: first }
    for (let at = whole.indexOf('\n--', start); at !== -1; at = whole.indexOf('\n--', at + 1)) {
      const delimiter = this.#delimiterAt(at + 1)
      if (delimiter === null) {
        if (++this.#mistaken < mostMistaken) continue
        this.#isCut = true
        break
      }
      const end = whole[at - 1] === carriageReturn ? at - 1 : at
      return { start, end: Math.max(start, end), delimiter }
    }
    return none
  }

  #delimiterAt(start: number): Delimiter | null {
    const whole = this.#whole
    if (this.#open.size === 0 || whole[start] !== dash || whole[start + 1] !== dash) return null
    const found = whole.subarray(start, start + longestDelimiter).indexOf(lineFeed)
    const end = found === -1 ? Math.min(whole.length, start + longestDelimiter) : start + found
    const name = whole
      .toString('latin1', start + 2, end)
      .replace(/\r$/, '')
      .replace(/[ \t]+$/, '')
    const next = found === -1 ? end : end + 1
    if (this.#open.has(name)) return { boundary: name, isEnd: false, start, next }
    const ended = name.endsWith('--') ? name.slice(0, -2) : null
    return ended !== null && this.#open.has(ended) ? { boundary: ended, isEnd: true, start, next } : null
  }

  /** Those within are over. The line that goes before the next part. */
  #reopened({ boundary }: Delimiter): string {
    const level = this.#open.get(boundary)!
    this.#closeBelow(level + 1)
    return `--${this.#levels[level]!.boundary}\r\n`
  }

  /** What comes next; between the two stands nothing that anybody is shown. */
  #closed({ boundary, next }: Delimiter): Delimiter | null {
    const level = this.#open.get(boundary)!
    const isOwn = this.#levels[level]!.boundary === boundary
    this.#closeBelow(isOwn ? level : level + 1)
    this.#open.delete(boundary)
    if (isOwn) this.#kept.push(Buffer.from(`--${boundary}--\r\n`, 'latin1'))
    return this.#upTo(next).delimiter
  }

  #closeBelow(level: number): void {
    for (const { names } of this.#levels.splice(level)) for (const name of names) this.#open.delete(name)
  }
}

export const sketchOf = (whole: Uint8Array): Sketch =>
  new Sketching(Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength)).sketched()
