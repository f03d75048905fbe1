/** Content on its way out: lines dot-stuffed, bare CR and LF made CRLF, ended by CRLF.CRLF (RFC 5321 §4.1.1.4, §4.5.2). */

const lineFeed = 0x0a
const carriageReturn = 0x0d
const dot = 0x2e
const lineEnd = Buffer.from('\r\n')
const oneDot = Buffer.from('.')
const finalDot = Buffer.from('.\r\n')

/** The final dot alone: an empty message. */
export const emptyContent = finalDot

/**
 * Chunks in, slices out; holds nothing of them but one CR. The slices share the memory of the chunks: a chunk that was pushed
 * must not be written to until its slices have left.
 */
export class Stuffing {
  #atLineStart = true
  /** The last chunk ended with a CR that waits for its LF. */
  #afterCr = false

  push(bytes: Uint8Array): readonly Buffer[] {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (chunk.length === 0) return []
    const slices: Buffer[] = []
    const start = this.#afterCr ? this.#finishLine(chunk, slices) : 0
    this.#lines(chunk, start, slices)
    return slices
  }

  /** What is left, and the final dot. */
  end(): readonly Buffer[] {
    const open = this.#afterCr || !this.#atLineStart
    return open ? [lineEnd, finalDot] : [finalDot]
  }

  /** RFC 5321 §2.3.8: CR and LF leave together or not at all. Gives where the next line starts. */
  #finishLine(chunk: Buffer, slices: Buffer[]): number {
    this.#afterCr = false
    this.#atLineStart = true
    slices.push(lineEnd)
    return chunk[0] === lineFeed ? 1 : 0
  }

  #lines(chunk: Buffer, from: number, slices: Buffer[]): void {
    /** Where the run begins that leaves as it is. */
    let run = from
    let at = from
    let lf = -1
    const leave = (end: number): void => {
      if (end > run) slices.push(chunk.subarray(run, end))
      run = end
    }
    let cr = chunk.indexOf(carriageReturn, at)
    while (at < chunk.length) {
      if (this.#atLineStart && chunk[at] === dot) {
        // RFC 5321 §4.5.2
        leave(at)
        slices.push(oneDot)
      }
      this.#atLineStart = false
      if (cr !== -1 && cr < at) cr = chunk.indexOf(carriageReturn, at)
      if (lf < at) lf = indexOrEnd(chunk, lineFeed, at)
      if (cr !== -1 && cr + 1 === lf && lf < chunk.length) {
        at = lf + 1
      } else if (lf < chunk.length && (cr === -1 || lf < cr)) {
        leave(lf)
        slices.push(lineEnd)
        at = run = lf + 1
      } else if (cr === chunk.length - 1 && cr !== -1) {
        leave(cr)
        this.#afterCr = true
        return
      } else if (cr !== -1) {
        leave(cr)
        slices.push(lineEnd)
        at = run = cr + 1
      } else break
      this.#atLineStart = true
    }
    leave(chunk.length)
  }
}

const indexOrEnd = (chunk: Buffer, octet: number, from: number): number => {
  const found = chunk.indexOf(octet, from)
  return found === -1 ? chunk.length : found
}
