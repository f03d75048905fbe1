/**
 * What stands in a header beyond what is read of it: only fields in our name are looked for, in memory that does not grow, since a
 * reader of the mail may read on.
 */
import { isForged, type Range, withRange } from './forged.ts'
import type { Field } from './head.ts'

/** Of one field. */
const longestKept = 8 * 1024
/** Beyond as many all that follows of the header is left out: nobody who means well writes so. */
const mostRanges = 500

const lf = 0x0a
const begins = /^[!-9;-~]+[ \t]*(?::|$)/

export class LateFields {
  readonly #hostname: string
  #field: { text: string; readonly start: number }
  #line = ''
  /** Octets of the content before the line that comes, and of that line. */
  #lineStart: number
  #lineLength = 0
  #carriage = false
  #isOver = false
  #ranges: readonly Range[] = []

  /** `cut`: the field in which the reading of the header ended, with what was read of it. */
  constructor(hostname: string, cut: Pick<Field, 'text' | 'start'>) {
    this.#hostname = hostname
    const lastLine = cut.text.includes('\r\n') ? cut.text.lastIndexOf('\r\n') + 2 : 0
    this.#field = { text: cut.text.slice(0, Math.min(lastLine, longestKept)), start: cut.start }
    this.#lineStart = cut.start + lastLine
    this.push(Buffer.from(cut.text.slice(lastLine), 'latin1'))
  }

  push(piece: Buffer): void {
    for (let at = 0; at < piece.length && !this.#isOver; ) {
      const end = piece.indexOf(lf, at)
      const next = end === -1 ? piece.length : end + 1
      this.#take(piece.toString('latin1', at, next))
      at = next
    }
  }

  /** After the last piece. */
  end(): readonly Range[] {
    if (!this.#isOver) {
      this.#lineIsOver()
      this.#fieldIsOver(this.#lineStart)
    }
    return this.#ranges
  }

  #take(text: string): void {
    this.#lineLength += text.length
    if (this.#line.length < longestKept) this.#line += text.slice(0, longestKept)
    const isEnd = text === '\n' ? this.#carriage : text.endsWith('\r\n')
    this.#carriage = text.endsWith('\r')
    if (isEnd) this.#lineIsOver()
  }

  #lineIsOver(): void {
    const line = this.#line
    const start = this.#lineStart
    this.#line = ''
    this.#lineStart += this.#lineLength
    this.#lineLength = 0
    if (line === '\r\n') {
      this.#fieldIsOver(start)
      this.#isOver = true
    } else if (begins.test(line.replace(/\r\n$/, ''))) {
      this.#fieldIsOver(start)
      this.#field = { text: line, start }
    } else if (this.#field.text.length < longestKept) this.#field.text += line
  }

  #fieldIsOver(end: number): void {
    const { text, start } = this.#field
    const key = text
      .slice(0, Math.max(0, text.indexOf(':')))
      .replaceAll('\r\n', '')
      .trim()
      .toLowerCase()
    if (end === start || !isForged({ key, text, start, end }, this.#hostname)) return
    if (this.#ranges.length < mostRanges) this.#ranges = withRange(this.#ranges, [start, end])
    else this.#ranges = [...this.#ranges.slice(0, -1), [this.#ranges.at(-1)![0], end]]
  }
}
