/**
 * Just enough of protocol buffers (https://protobuf.dev/programming-guides/encoding/) for the two messages there are many of. The
 * generated classes would make dozens of objects for one append.
 */

export const delimited = (field: number): number => (field << 3) | 2
export const varint = (field: number): number => field << 3

/** Bytes a whole number takes; below 2^53. */
export const sizeOfNumber = (value: number): number => {
  let size = 1
  for (let left = value; left >= 0x80; left = Math.floor(left / 0x80)) size++
  return size
}

/** Bytes a field takes that holds so many; fields below 16. */
export const sizeOfField = (length: number): number => 1 + sizeOfNumber(length) + length

/** Text, and how many bytes it takes: where these are as many as its characters, it is ASCII. */
export type Text = { readonly text: string; readonly bytes: number }
export const textOf = (text: string): Text => ({ text, bytes: Buffer.byteLength(text) })

/** Fills memory that was measured before. */
export class Filler {
  readonly bytes: Buffer
  #at = 0

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size)
  }

  number(value: number): void {
    let left = value
    for (; left >= 0x80; left = Math.floor(left / 0x80)) this.bytes[this.#at++] = (left % 0x80) | 0x80
    this.bytes[this.#at++] = left
  }

  /** What follows belongs to this field, so many bytes of it. */
  enter(field: number, length: number): void {
    this.bytes[this.#at++] = delimited(field)
    this.number(length)
  }

  text(field: number, { text, bytes }: Text): void {
    this.enter(field, bytes)
    const wrote = this.bytes.write(text, this.#at, bytes === text.length ? 'latin1' : 'utf8')
    this.#at += wrote
  }

  /** As it is, with its fields. */
  raw(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }
}

/** Goes through the fields of a message. @throws RangeError where it is cut off */
export class Fields {
  readonly #bytes: Buffer
  #at: number
  readonly #end: number

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#at = at
    this.#end = end
  }

  /** The next field's number and kind, 0 at the end. */
  next(): number {
    return this.#at < this.#end ? this.number() : 0
  }

  /** Exact below 2^53. */
  number(): number {
    let value = 0
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.#byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }

  /** The last 48 bits of a number of any size. */
  low48(): number {
    let value = 0
    for (let place = 0; ; place++) {
      const byte = this.#byte()
      if (place < 6) value += (byte & 0x7f) * 0x80 ** place
      else if (place === 6) value += (byte & 0x3f) * 0x80 ** place
      if (byte < 0x80) return value
    }
  }

  message(): Fields {
    const length = this.number()
    const at = this.#at
    this.#skip(length)
    return new Fields(this.#bytes, at, at + length)
  }

  ascii(): string {
    const length = this.number()
    const at = this.#at
    this.#skip(length)
    return this.#bytes.toString('latin1', at, at + length)
  }

  /** Past a field that is of no interest. */
  pass(tag: number): void {
    const kind = tag & 7
    if (kind === 0) this.number()
    else if (kind === 2) this.#skip(this.number())
    else if (kind === 1) this.#skip(8)
    else if (kind === 5) this.#skip(4)
    else throw new RangeError(`a message has a field of kind ${kind}`)
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new RangeError('a message is cut off')
    return this.#bytes[this.#at++]!
  }

  #skip(length: number): void {
    this.#at += length
    if (this.#at > this.#end) throw new RangeError('a message is cut off')
  }
}
