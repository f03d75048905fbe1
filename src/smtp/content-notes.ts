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
    // As a string, since looking for a character in one is several times cheaper than looking for a byte in a Buffer.
    const text = slice.toString('latin1')
    this.size += text.length
    if (!this.nul) this.nul = text.includes('\0')
    this.#countLines(text)
    for (let cr = text.indexOf('\r'); cr !== -1; cr = text.indexOf('\r', cr + 1)) this.#crs++
    this.#afterCr = text.endsWith('\r')
  }

  #countLines(text: string): void {
    let start = 0
    for (let lf = text.indexOf('\n'); lf !== -1; lf = text.indexOf('\n', start)) {
      this.#lfs++
      const paired = lf === 0 ? this.#afterCr : text.charCodeAt(lf - 1) === 0x0d
      if (!paired) this.#bareLf = true
      const length = this.#line + lf - start - (paired ? 1 : 0)
      if (length > this.longestLine) this.longestLine = length
      this.#line = 0
      start = lf + 1
    }
    this.#line += text.length - start
  }
}
