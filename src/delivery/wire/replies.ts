/** Bytes from a host into replies (RFC 5321 §4.2), a chunk at a time, holding little whatever the host sends. */

export type Reply = {
  readonly code: number
  /** RFC 3463 §2, `5.1.1`, or '' where there was none (or one of another class than the code's). */
  readonly enhanced: string
  /** Their words, code and enhanced code taken off. */
  readonly lines: readonly string[]
}
/** A reply, or why what came is none. After a refusal the reader reads nothing more. */
export type Read =
  | { readonly ok: true; readonly reply: Reply }
  | { readonly ok: false; readonly text: string }

export const replyBounds = {
  /** Octets of a line that are kept. */
  kept: 2 * 1024,
  /** Octets of a line; longer is a fault. */
  line: 64 * 1024,
  lines: 100,
  /** Octets of all lines of a reply. */
  reply: 64 * 1024,
} as const

const lineFeed = 0x0a
const carriageReturn = 0x0d
// RFC 5321 §4.2: 2xx to 5xx; a code may stand alone. Second digits beyond 5 are nobody's, but harmless.
const replyLine = /^([2-5]\d\d)(?:([ -])(.*))?$/s
// RFC 2034 §3, RFC 3463 §2
const enhancedCode = /^([245]\.\d{1,3}\.\d{1,3})(?: +|$)/
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

/** What a host said, in one line that no terminal stumbles over. */
export const legible = (text: string): string => text.replace(control, ' ')

type Line = {
  readonly code: number
  readonly last: boolean
  readonly enhanced: string
  readonly words: string
}

const parseLine = (text: string): Line | null => {
  const [matched, code, separator, rest = ''] = replyLine.exec(text) ?? []
  if (matched === undefined || code === undefined) return null
  const found = enhancedCode.exec(rest)
  // RFC 2034 §4: it is of the same class as the code, else it is part of the words.
  const enhanced = found?.[1] !== undefined && found[1][0] === code[0] ? found[1] : ''
  const words = enhanced === '' ? rest : rest.slice(found![0].length)
  return { code: Number(code), last: separator !== '-', enhanced, words: words.trim() }
}

const quote = (text: string): string => JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}...` : text)

export class ReplyReader {
  readonly #heard: (line: string) => void
  /** The beginning of a line that has not ended. */
  #parts: Buffer[] = []
  /** Octets of it in `#parts`, and in all. */
  #kept = 0
  #length = 0
  #lines: Line[] = []
  #octets = 0
  #over = false

  /** `heard` is given each line as it ends, legible and bounded. */
  constructor({ heard }: { readonly heard: (line: string) => void }) {
    this.#heard = heard
  }

  /** Something came that is not yet a whole reply. */
  get midway(): boolean {
    return this.#length > 0 || this.#lines.length > 0
  }

  /** The replies that `chunk` completes, in order; a refusal comes last. */
  push(chunk: Buffer): readonly Read[] {
    const reads: Read[] = []
    let start = 0
    while (!this.#over && start < chunk.length) {
      // A bare LF is taken as a line end, as many hosts write it.
      const end = chunk.indexOf(lineFeed, start)
      const read = this.#take(chunk.subarray(start, end === -1 ? chunk.length : end), end !== -1)
      if (read !== null) reads.push(read)
      start = end === -1 ? chunk.length : end + 1
    }
    return reads
  }

  #take(part: Buffer, ended: boolean): Read | null {
    this.#keep(part)
    if (this.#length > replyBounds.line) return this.#refuse('a line that does not end')
    return ended ? this.#endLine() : null
  }

  #keep(part: Buffer): void {
    this.#length += part.length
    const room = replyBounds.kept - this.#kept
    if (room <= 0 || part.length === 0) return
    const kept = part.subarray(0, room)
    // A copy: a few octets must not hold a whole chunk.
    this.#parts.push(Buffer.from(kept))
    this.#kept += kept.length
  }

  #endLine(): Read | null {
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)
    const end = bytes.at(-1) === carriageReturn ? bytes.length - 1 : bytes.length
    this.#octets += this.#length
    this.#parts = []
    this.#kept = 0
    this.#length = 0
    return this.#line(legible(bytes.toString('utf8', 0, end)))
  }

  #line(text: string): Read | null {
    this.#heard(text)
    const line = parseLine(text)
    if (line === null) return this.#refuse(`no SMTP reply: ${quote(text)}`)
    const before = this.#lines[0]
    if (before !== undefined && before.code !== line.code)
      return this.#refuse(`a reply that contradicts itself: ${before.code}, then ${line.code}`)
    this.#lines.push(line)
    if (line.last) return this.#complete()
    const endless = this.#lines.length >= replyBounds.lines || this.#octets >= replyBounds.reply
    return endless ? this.#refuse('a reply that does not end') : null
  }

  #complete(): Read {
    const lines = this.#lines
    this.#lines = []
    this.#octets = 0
    const enhanced = lines.find((line) => line.enhanced !== '')?.enhanced ?? ''
    return { ok: true, reply: { code: lines[0]!.code, enhanced, lines: lines.map(({ words }) => words) } }
  }

  #refuse(text: string): Read {
    this.#over = true
    this.#parts = []
    return { ok: false, text }
  }
}
