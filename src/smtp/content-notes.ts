/** What can be said about content while it passes, cheaply: one look at each slice, nothing kept of it. */

export class ContentNotes {
  /** Octets so far. */
  size = 0
  /** Octets of the longest whole line, its line end not counted (RFC 5321 §4.5.3.1.6 allows 998). */
  longestLine = 0
  /** NUL was seen. */
  nul = false
  #bareLf = false
  #crs = 0
  #lfs = 0
  #afterCr = false
  #line = 0

  /**
   * A CR or LF was seen that is not part of a CRLF (RFC 5321 §2.3.8). Every LF has its CR and there are as many of
   * both, or else one was bare; ask when the content is complete, since a slice may end between the two.
   */
  get bare(): boolean {
    return this.#bareLf || this.#crs !== this.#lfs
  }

  see(slice: Buffer): void {
    if (slice.length === 0) return
    const text = slice.length <= asText ? inText(slice) : inBytes(slice)
    this.size += slice.length
    if (!this.nul) this.nul = text.next(NUL, 0) !== -1
    this.#countLines(text)
    for (let cr = text.next(CR, 0); cr !== -1; cr = text.next(CR, cr + 1)) this.#crs++
    this.#afterCr = text.at(slice.length - 1) === CR
  }

  #countLines(text: Searched): void {
    let start = 0
    for (let lf = text.next(LF, 0); lf !== -1; lf = text.next(LF, start)) {
      this.#lfs++
      const paired = lf === 0 ? this.#afterCr : text.at(lf - 1) === CR
      if (!paired) this.#bareLf = true
      const length = this.#line + lf - start - (paired ? 1 : 0)
      if (length > this.longestLine) this.longestLine = length
      this.#line = 0
      start = lf + 1
    }
    this.#line += text.length - start
  }
}

const NUL = 0
const LF = 10
const CR = 13
const characters: Readonly<Record<number, string>> = { [NUL]: '\0', [LF]: '\n', [CR]: '\r' }

type Searched = {
  readonly length: number
  /** The place of the next such octet, or -1. */
  next(octet: number, from: number): number
  at(place: number): number | undefined
}

/**
 * Looking for a character in a string is several times cheaper than looking for a byte in a Buffer; but the strings of a
 * large message would be garbage by the megabyte.
 */
const asText = 8 * 1024

const inText = (slice: Buffer): Searched => {
  const text = slice.toString('latin1')
  return {
    length: text.length,
    next: (octet, from) => text.indexOf(characters[octet]!, from),
    at: (place) => text.charCodeAt(place),
  }
}

const inBytes = (slice: Buffer): Searched => ({
  length: slice.length,
  next: (octet, from) => slice.indexOf(octet, from),
  at: (place) => slice[place],
})
