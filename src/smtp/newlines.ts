/** Makes every line end a CRLF (RFC 5321 §2.3.8): a CR or an LF alone becomes one, a CRLF stays. */

const bare = /\r(?!\n)|(?<!\r)\n/
const lineEnds = /\r\n?|\n/g

/**
 * Repairs content that comes in pieces and gives it to `sink` in order, a piece that needs nothing as it is. A CR at
 * the end of one piece is written as CRLF at once, and an LF that begins the next belongs to it.
 */
export class NewlineRepairer {
  /** Whether anything had to be repaired; a CR that was the very last byte counts after `end`. */
  repaired = false
  readonly #sink: (slice: Buffer) => void
  #afterCr = false

  constructor(sink: (slice: Buffer) => void) {
    this.#sink = sink
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    const whole = chunk.toString('latin1')
    // The LF of a CR that ended the piece before has been written with it.
    const written = this.#afterCr && whole.startsWith('\n') ? 1 : 0
    if (this.#afterCr && written === 0) this.repaired = true
    const text = written === 0 ? whole : whole.slice(1)
    this.#afterCr = text.endsWith('\r')
    if (bare.test(this.#afterCr ? text.slice(0, -1) : text)) this.repaired = true
    else if (!this.#afterCr) {
      this.#give(written === 0 ? chunk : chunk.subarray(1))
      return
    }
    this.#give(Buffer.from(text.replace(lineEnds, '\r\n'), 'latin1'))
  }

  /** Says that nothing follows: a CR that was the last byte was bare. */
  end(): void {
    if (this.#afterCr) this.repaired = true
    this.#afterCr = false
  }

  #give(slice: Buffer): void {
    if (slice.length > 0) this.#sink(slice)
  }
}

/** A whole message at once; the very same buffer when nothing had to be repaired. */
export const repairNewlines = (content: Buffer): Buffer => {
  const slices: Buffer[] = []
  const repairer = new NewlineRepairer((slice) => slices.push(slice))
  repairer.push(content)
  repairer.end()
  return repairer.repaired ? Buffer.concat(slices) : content
}
