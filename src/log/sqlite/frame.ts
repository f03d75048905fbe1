/**
 * A batch as it travels to the writer: one buffer, transferred, filled with units one after the other, and the writer's
 * answers written into the same buffer before it is handed back. Numbers are little-endian.
 *
 *     unit     answer f64 | detail f64 | appends u32 | append...
 *     append   expected i32 | events u32 | stream u32 | body u32 | contents u32 | stream bytes | body bytes | content...
 *     content  id u32 | bytes u32 | id bytes | bytes
 *
 * The body is a JSON array of events. The answer is the position of the unit's last event; or, for an append that met
 * another revision than it expected, -1 - its place in the unit, with the actual revision as the detail.
 */
import { Buffer } from 'node:buffer'

const unitHeader = 8 + 8 + 4
const appendHeader = 4 * 5
const contentHeader = 4 * 2

export type Content = { readonly id: string; readonly bytes: Uint8Array }
export type FramedAppend = {
  readonly stream: string
  readonly expected: number
  readonly events: number
  readonly body: string
  readonly contents: readonly Content[]
}

/** The buffer being filled by the main thread. */
export class Frame {
  #buffer: Buffer<ArrayBuffer>
  #length = 0
  #units = 0

  constructor(memory: ArrayBuffer) {
    this.#buffer = Buffer.from(memory)
  }

  get length(): number {
    return this.#length
  }
  get units(): number {
    return this.#units
  }
  /** What to transfer; the frame is of no use afterwards. */
  get memory(): ArrayBuffer {
    return this.#buffer.buffer
  }

  /** Adds a unit and returns the bytes it takes. */
  add(appends: readonly FramedAppend[]): number {
    const start = this.#length
    this.#reserve(roomFor(appends))
    this.#length += unitHeader
    this.#buffer.writeUInt32LE(appends.length, start + 16)
    for (const append of appends) this.#addAppend(append)
    this.#units++
    return this.#length - start
  }

  #addAppend({ stream, expected, events, body, contents }: FramedAppend): void {
    const header = this.#length
    const buffer = this.#buffer
    this.#length += appendHeader
    const streamLength = this.#addText(stream)
    const bodyLength = this.#addText(body)
    buffer.writeInt32LE(expected, header)
    buffer.writeUInt32LE(events, header + 4)
    buffer.writeUInt32LE(streamLength, header + 8)
    buffer.writeUInt32LE(bodyLength, header + 12)
    buffer.writeUInt32LE(contents.length, header + 16)
    for (const content of contents) this.#addContent(content)
  }

  #addContent({ id, bytes }: Content): void {
    const header = this.#length
    this.#length += contentHeader
    const idLength = this.#addText(id)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.byteLength
    this.#buffer.writeUInt32LE(idLength, header)
    this.#buffer.writeUInt32LE(bytes.byteLength, header + 4)
  }

  #addText(text: string): number {
    const length = this.#buffer.write(text, this.#length, 'utf8')
    this.#length += length
    return length
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#buffer.byteLength) return
    const larger = Buffer.from(new ArrayBuffer(Math.max(needed, this.#buffer.byteLength * 2)))
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = larger
  }
}

const roomFor = (appends: readonly FramedAppend[]): number => {
  let room = unitHeader
  for (const { stream, body, contents } of appends) {
    room += appendHeader + roomForText(stream) + roomForText(body)
    for (const { id, bytes } of contents) room += contentHeader + roomForText(id) + bytes.byteLength
  }
  return room
}
/** A UTF-16 unit becomes three bytes at most; for long texts, counting is cheaper than the room. */
const roomForText = (text: string): number => (text.length < 256 ? text.length * 3 : Buffer.byteLength(text))

export type Answer =
  | { readonly kind: 'stored'; readonly position: number }
  | { readonly kind: 'wrongRevision'; readonly append: number; readonly actual: number }

/** Reads a frame in order: on the writer's side units and appends, on the main side the answers. */
export class FrameReader {
  readonly #buffer: Buffer<ArrayBuffer>
  #at = 0
  #unit = 0

  constructor(memory: ArrayBuffer) {
    this.#buffer = Buffer.from(memory)
  }

  /** Enters the next unit; returns how many appends follow. */
  enterUnit(): number {
    this.#unit = this.#at
    this.#at += unitHeader
    return this.#buffer.readUInt32LE(this.#unit + 16)
  }

  answer(answer: Answer): void {
    const stored = answer.kind === 'stored'
    this.#buffer.writeDoubleLE(stored ? answer.position : -1 - answer.append, this.#unit)
    this.#buffer.writeDoubleLE(stored ? 0 : answer.actual, this.#unit + 8)
  }

  readAppend(): ReceivedAppend {
    const buffer = this.#buffer
    const header = this.#at
    const stream = header + appendHeader
    const body = stream + buffer.readUInt32LE(header + 8)
    const end = body + buffer.readUInt32LE(header + 12)
    this.#at = end
    return {
      expected: buffer.readInt32LE(header),
      events: buffer.readUInt32LE(header + 4),
      stream: buffer.toString('utf8', stream, body),
      body: buffer.subarray(body, end),
      contents: this.#readContents(buffer.readUInt32LE(header + 16)),
    }
  }

  #readContents(count: number): readonly Content[] {
    if (count === 0) return none
    return Array.from({ length: count }, () => {
      const id = this.#at + contentHeader
      const bytes = id + this.#buffer.readUInt32LE(this.#at)
      const end = bytes + this.#buffer.readUInt32LE(this.#at + 4)
      this.#at = end
      return { id: this.#buffer.toString('utf8', id, bytes), bytes: this.#buffer.subarray(bytes, end) }
    })
  }
}

/** The answers of a frame that came back, unit by unit. Sizes are what `Frame.add` returned. */
export const answersOf = (
  memory: ArrayBuffer,
  units: readonly { readonly size: number }[],
): readonly Answer[] => {
  const view = new DataView(memory)
  let at = 0
  return units.map(({ size }) => {
    const answer = view.getFloat64(at, true)
    const detail = view.getFloat64(at + 8, true)
    at += size
    return answer >= 0
      ? { kind: 'stored', position: answer }
      : { kind: 'wrongRevision', append: -1 - answer, actual: detail }
  })
}

const none: readonly Content[] = []

export type ReceivedAppend = {
  readonly stream: string
  readonly expected: number
  readonly events: number
  readonly body: Uint8Array
  readonly contents: readonly Content[]
}
