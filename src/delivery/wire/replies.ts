/** Bytes from a host into replies (RFC 5321 §4.2), a chunk at a time, holding little whatever the host sends. */

/** A line as it came, in two: code and enhanced code with what is around them (`550-5.1.1 `), and the words behind. */
export type Said = { readonly label: string; readonly words: string }

export type Reply = {
  readonly code: number
  /** RFC 3463 §2, `5.1.1`, or '' where there was none (or one of another class than the code's). */
  readonly enhanced: string
  readonly lines: readonly Said[]
}
/** A reply, or why what came is none. After a refusal the reader reads nothing more. */
export type Read =
  | { readonly ok: true; readonly reply: Reply }
  | {
      readonly ok: false
      readonly text: string
      /** Up to the one that is refused. */
      readonly lines: readonly Said[]
      /** The last line is what is wrong. */
      readonly isQuotable: boolean
    }

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
  readonly said: Said
}

const parseLine = (text: string): Line | null => {
  const [matched, code, separator, rest = ''] = replyLine.exec(text) ?? []
  if (matched === undefined || code === undefined) return null
  const found = enhancedCode.exec(rest)
  // RFC 2034 §4: it is of the same class as the code, else it is part of the words.
  const enhanced = found?.[1] !== undefined && found[1][0] === code[0] ? found[1] : ''
  const words = (enhanced === '' ? rest : rest.slice(found![0].length)).trimStart()
  const said = { label: text.slice(0, text.length - words.length), words: words.trimEnd() }
  return { code: Number(code), last: separator !== '-', enhanced, said }
}

export class ReplyReader {
  readonly #mostKept: number
  /** The beginning of a line that has not ended. */
  #parts: Buffer[] = []
  /** Octets of it in `#parts`, and in all. */
  #kept = 0
  #length = 0
  #lines: Line[] = []
  #octets = 0
  #over = false

  /** `kept` octets of a line are kept. */
  constructor({ kept = replyBounds.kept }: { readonly kept?: number } = {}) {
    this.#mostKept = kept
  }

  /** Something came that is not yet a whole reply. */
  get midway(): boolean {
    return this.#length > 0 || this.#lines.length > 0
  }

  /** The lines that have come of a reply that has not. */
  get unfinished(): readonly Said[] {
    return this.#lines.map(({ said }) => said)
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
    const room = this.#mostKept - this.#kept
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
    const line = parseLine(text)
    if (line === null) return this.#refuse('no SMTP reply', { label: '', words: text })
    const before = this.#lines[0]
    this.#lines.push(line)
    if (before !== undefined && before.code !== line.code)
      return this.#refuse(`a reply that contradicts itself: ${before.code}, then ${line.code}`)
    if (line.last) return this.#complete()
    const endless = this.#lines.length >= replyBounds.lines || this.#octets >= replyBounds.reply
    return endless ? this.#refuse('a reply that does not end') : null
  }

  #complete(): Read {
    const lines = this.unfinished
    const enhanced = this.#lines.find((line) => line.enhanced !== '')?.enhanced ?? ''
    const code = this.#lines[0]!.code
    this.#lines = []
    this.#octets = 0
    return { ok: true, reply: { code, enhanced, lines } }
  }

  #refuse(text: string, wrong?: Said): Read {
    const lines = [...this.unfinished, ...(wrong === undefined ? [] : [wrong])]
    this.#over = true
    this.#parts = []
    this.#lines = []
    return { ok: false, text, lines, isQuotable: wrong !== undefined }
  }
}
