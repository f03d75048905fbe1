/**
 * Slices of content, made into one as they come. A client decides how content is cut (a packet for each byte, a stuffed dot on
 * each line); what we hold and write must not depend on it.
 */
const smallest = 8 * 1024

export class Gathering {
  /** The only slice so far, as it came: most messages are one packet, and need no copy. */
  #only: Buffer | null = null
  #body: Buffer = Buffer.alloc(0)
  #length = 0

  get length(): number {
    return this.#length
  }

  add(slice: Buffer): void {
    if (this.#length === 0) this.#only = slice
    else {
      const only = this.#only
      this.#only = null
      if (only !== null) this.#copy(only, 0)
      this.#copy(slice, this.#length)
    }
    this.#length += slice.length
  }

  /** Everything since the last time. */
  take(): Buffer {
    const whole = this.#only ?? this.#body.subarray(0, this.#length)
    this.#only = null
    this.#body = Buffer.alloc(0)
    this.#length = 0
    return whole
  }

  #copy(slice: Buffer, at: number): void {
    const needed = at + slice.length
    if (needed > this.#body.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(smallest, 2 ** Math.ceil(Math.log2(needed))))
      this.#body.copy(larger, 0, 0, at)
      this.#body = larger
    }
    slice.copy(this.#body, at)
  }
}
