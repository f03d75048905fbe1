/** One mail after the other is read, until so many fit, the time is over, or nobody waits. */
import type { ContentReader } from '../content/open.ts'
import { largestWhole } from '../content/port.ts'
import { saidIn } from '../opening/said.ts'
import type { Cells, Seen } from './cells.ts'
import { missing } from './folding.ts'

/** What lists know of a mail. */
export type Mail = {
  /** The message's id. */
  readonly message: string
  /** Bytes. */
  readonly size: number
  readonly from: string | null
  readonly subject: string | null
}

export type Order = {
  /** Folded. */
  readonly words: readonly string[]
  readonly mails: readonly Mail[]
  /** Ends when so many fit. */
  readonly enough: number
  /** Milliseconds; the first mail is looked at in any case. */
  readonly within: number
}

/** Bytes of one mail that are read; of a larger one its beginning. */
export const mostRead = 16 * 1024 * 1024

type Content = Pick<ContentReader, 'read' | 'stream'>

const beginningOf = async (content: Content, id: string): Promise<Uint8Array | null> => {
  const stream = await content.stream(id)
  if (stream === null) return null
  const pieces: Uint8Array[] = []
  let length = 0
  // What is left of it is not read: to leave the loop ends the stream.
  for await (const piece of stream as AsyncIterable<Uint8Array>) {
    pieces.push(piece)
    length += piece.length
    if (length >= mostRead) break
  }
  return Buffer.concat(pieces).subarray(0, mostRead)
}

const seenOf = async (
  content: Content,
  { message, size, from, subject }: Mail,
  words: readonly string[],
): Promise<Seen> => {
  const rest = missing(words, [from, subject])
  if (rest.length === 0) return 'fits'
  const body = size <= largestWhole ? await content.read(message) : await beginningOf(content, message)
  if (body === null) return 'gone'
  const said = await saidIn(body)
  if (said === null) return 'unread'
  if (missing(rest, said.texts).length === 0) return 'fits'
  return said.isCut || size > mostRead ? 'cut' : 'not'
}

export const lookAt = async (
  content: Content,
  { words, mails, enough, within }: Order,
  cells: Cells,
): Promise<void> => {
  const end = performance.now() + within
  let fitting = 0
  for (const [place, mail] of mails.entries()) {
    if (cells.isStopped || fitting >= enough || (place > 0 && performance.now() > end)) return
    cells.begin(place)
    const seen = await seenOf(content, mail, words).catch(() => 'unread' as const)
    cells.tell(place, seen)
    if (seen === 'fits') fitting++
  }
}
