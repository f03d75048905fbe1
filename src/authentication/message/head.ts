/** The header of a message whose content comes in pieces: its fields, and where each of them stands. */
import { headerWindow } from '../../smtp/header-facts.ts'

/** Lines of a header that are looked at. Nobody who means well writes as many. */
export const mostLines = 5000

export type Field = {
  /** What stands before the colon: lower case, no whitespace around it; '' for lines that begin no field and follow none. */
  readonly key: string
  /** One character for each octet, folds and all, without the line end. */
  readonly text: string
  /** Octets of the content, the line end included. */
  readonly start: number
  readonly end: number
}
export type Head = {
  /** One character for each octet, up to the empty line and without it. */
  readonly text: string
  readonly fields: readonly Field[]
  /** Beyond 256 KiB or 5,000 lines: what is here may be a part, and nothing is to be believed of the whole. */
  readonly tooLong: boolean
  /** What had come when it was found to be too long in octets, behind `text`; null where `text` is all of it. */
  readonly behind: Buffer | null
}

// RFC 5322 §2.2: printable ASCII but the colon; §4.5 has whitespace before it.
const nameAndColon = /^[!-9;-~]+[ \t]*:/
const nameAlone = /^[!-9;-~]+[ \t]*$/
const foldWithColon = /^[ \t]+:/

/** A line that is neither a fold nor the beginning of a field is taken as part of what is above it: that can only break a signature. */
const begins = (line: string, next: string | undefined): boolean =>
  nameAndColon.test(line) || (nameAlone.test(line) && next !== undefined && foldWithColon.test(next))

const keyOf = (text: string): string => {
  const colon = text.indexOf(':')
  return colon === -1 ? '' : text.slice(0, colon).replaceAll('\r\n', '').trim().toLowerCase()
}

/** Fields of a header that is given as Latin-1 text. */
export const fieldsOf = (text: string): readonly Field[] => {
  const lines = (text.endsWith('\r\n') ? text.slice(0, -2) : text).split('\r\n')
  const fields: Field[] = []
  let start = 0
  for (let at = 0; at < lines.length; ) {
    let last = at + 1
    while (last < lines.length && !begins(lines[last]!, lines[last + 1])) last++
    const own = lines.slice(at, last).join('\r\n')
    const key = begins(lines[at]!, lines[at + 1]) ? keyOf(own) : ''
    fields.push({ key, text: own, start, end: start + own.length + 2 })
    start += own.length + 2
    at = last
  }
  return text === '' ? [] : fields
}

const linesIn = (text: string): number => {
  let lines = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines++
  return lines
}

const mostPieces = 256
const emptyLine = Buffer.from('\r\n\r\n')

/** Gathers pieces until the empty line, and no more of them than may be looked at. */
export class HeadReader {
  #pieces: Buffer[] = []
  #octets = 0
  /** The last octets before the piece that comes: an empty line may be cut anywhere. */
  #tail = Buffer.from('\r\n')
  #head: Head | null = null

  /** Null as long as its end has not come. */
  get head(): Head | null {
    return this.#head
  }
  /** What of this piece belongs to the body; null where that is nothing. Pieces are held until then. */
  push(piece: Buffer): Buffer | null {
    if (this.#head !== null) return this.#head.tooLong ? null : piece
    const end = this.#endIn(piece)
    this.#pieces.push(end === null ? piece : piece.subarray(0, end))
    this.#octets += end ?? piece.length
    // A header that comes octet by octet would be held as as many buffers.
    if (this.#pieces.length === mostPieces) this.#pieces = [Buffer.concat(this.#pieces)]
    if (end === null && this.#octets <= headerWindow) return null
    this.#head = this.#made(end === null || this.#octets > headerWindow)
    return this.#head.tooLong ? null : piece.subarray(end!)
  }
  /** Says that nothing follows: all of it was header. */
  end(): Head {
    this.#head ??= this.#made(false)
    return this.#head
  }
  /** Where the body begins in this piece. An empty line at the very beginning ends a header of nothing. */
  #endIn(piece: Buffer): number | null {
    const tail = this.#tail
    const seam = Buffer.concat([tail, piece.subarray(0, emptyLine.length)])
    const cut = seam.indexOf(emptyLine)
    this.#tail = Buffer.concat([tail, piece.subarray(-3)]).subarray(-3)
    if (cut !== -1 && cut < tail.length) return cut + emptyLine.length - tail.length
    const found = piece.indexOf(emptyLine)
    return found === -1 ? null : found + emptyLine.length
  }
  #made(isCut: boolean): Head {
    const whole = Buffer.concat(this.#pieces)
    const text = whole.toString('latin1', 0, headerWindow).replace(/(^|\r\n)\r\n$/, '$1')
    this.#pieces = []
    const behind = isCut ? whole.subarray(headerWindow) : null
    return { text, fields: fieldsOf(text), tooLong: isCut || linesIn(text) > mostLines, behind }
  }
}

/** The header at the beginning of content that is there as a whole. */
export const headOf = (content: Buffer): Head => {
  const reader = new HeadReader()
  reader.push(content)
  return reader.end()
}
