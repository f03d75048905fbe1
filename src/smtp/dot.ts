/**
 * The content between `354` and the final dot (RFC 5321 §4.1.1.4, §4.5.2), found in packets however they were cut.
 * Only `<CR><LF>.<CR><LF>` ends it. `<LF>.<LF>`, `<LF>.<CR><LF>`, `<CR>.<CR>` and their like are content: a server
 * that takes one of them for the end lets a second message be smuggled inside the first.
 */
import { ContentNotes } from './content-notes.ts'

const CR = 0x0d
const LF = 0x0a
const DOT = 0x2e
const lineAndDot = Buffer.from('\r\n.')
const loneCR = Buffer.from('\r')

/**
 * What the bytes so far end with, as far as it matters: a whole line (`start`, also before the first byte), a line and
 * a dot, a line and a dot and a CR, any other CR, or anything else.
 */
type Ending = 'start' | 'dot' | 'dotCR' | 'CR' | 'else'

/** Done: `rest` is what the client sent after the final dot, part of the dialogue again. */
export type Pushed = { readonly done: false } | { readonly done: true; readonly rest: Buffer }
const more: Pushed = { done: false }

/**
 * Gives the content to `sink` in order, stuffing dots removed, the last CRLF included, as slices of the packets it was
 * given (copy them if the packets are used again). An empty message never calls `sink`. Use one reader per message.
 */
export class ContentReader {
  /** What was seen on the way. */
  readonly notes = new ContentNotes()
  readonly #sink: (slice: Buffer) => void
  #ending: Ending = 'start'

  constructor(sink: (slice: Buffer) => void) {
    this.#sink = sink
  }

  push(chunk: Buffer): Pushed {
    if (chunk.length === 0) return more
    let from = 0
    let at = 0
    // What the packet before left open is settled byte by byte, at most three of them.
    while (this.#ending !== 'else' && at < chunk.length) {
      const byte = chunk[at]!
      switch (this.#ending) {
        case 'start':
          if (byte !== DOT) this.#ending = 'else'
          else {
            this.#give(chunk, from, at)
            from = ++at
            this.#ending = 'dot'
          }
          break
        case 'dot':
          this.#ending = byte === CR ? 'dotCR' : 'else'
          if (byte === CR) at++
          break
        case 'dotCR':
          if (byte === LF) return { done: true, rest: chunk.subarray(at + 1) }
          if (at === 0) this.#deliver(loneCR)
          this.#ending = 'else'
          break
        case 'CR':
          this.#ending = byte === LF ? 'start' : 'else'
          if (byte === LF) at++
          break
      }
    }
    return this.#ending === 'else' ? this.#search(chunk, from, at) : this.#leave(chunk, from)
  }

  /** The rest of a packet that is in the middle of a line at `at`; everything from `from` on is not delivered yet. */
  #search(chunk: Buffer, given: number, at: number): Pushed {
    let from = given
    let found = chunk.indexOf(lineAndDot, at)
    while (found !== -1) {
      const dot = found + 2
      this.#give(chunk, from, dot)
      from = dot + 1
      if (from === chunk.length) return this.#pause('dot')
      if (chunk[from] === CR) {
        if (from + 1 === chunk.length) return this.#pause('dotCR')
        if (chunk[from + 1] === LF) return { done: true, rest: chunk.subarray(from + 2) }
      }
      found = chunk.indexOf(lineAndDot, from)
    }
    this.#give(chunk, from, chunk.length)
    return this.#pause(endingOf(chunk, Math.max(at, from)))
  }

  /** The packet ended before it was settled what it is in the middle of; a CR after a dot is held back. */
  #leave(chunk: Buffer, from: number): Pushed {
    if (this.#ending !== 'dotCR') this.#give(chunk, from, chunk.length)
    return more
  }

  #pause(ending: Ending): Pushed {
    this.#ending = ending
    return more
  }

  #give(chunk: Buffer, from: number, to: number): void {
    if (from < to) this.#deliver(to - from === chunk.length ? chunk : chunk.subarray(from, to))
  }

  #deliver(slice: Buffer): void {
    this.notes.see(slice)
    this.#sink(slice)
  }
}

const endingOf = (chunk: Buffer, from: number): Ending => {
  const last = chunk.length - 1
  if (last < from) return 'else'
  if (chunk[last] === CR) return 'CR'
  return chunk[last] === LF && last > from && chunk[last - 1] === CR ? 'start' : 'else'
}
