/** Writes histories as a file: see `format.ts` for its lines. Nothing is held but one page of events and one piece of content. */
import { categoryOf, type LogReader, type StoredEvent } from '../log/port.ts'
import { HistoryFault } from './fault.ts'
import { chunkSize, contentLine, eventLine, headerLine } from './format.ts'
import { policyHashOf, policyStream } from './policies.ts'

/** The bytes of a message's content, in pieces of any size; null when they are not there. */
export type ReadContent = (message: string) => Promise<AsyncIterable<Uint8Array> | null>

export type ExportOptions = {
  readonly log: Pick<LogReader, 'readAll' | 'readStream'>
  /** Null: events only. */
  readonly content: ReadContent | null
  /** Messages whose content is meant to be in the file; absent: all, where there is content at all. */
  readonly contentOf?: readonly string[]
  /** Called for a body that is not there: the export goes on without it. */
  readonly missing?: (message: string) => void
  /** Called for each event that was written. */
  readonly wrote?: (event: StoredEvent) => void
}

/** Pieces of exactly `chunkSize` bytes, the last one shorter; one empty piece for empty content. */
async function* chunks(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = []
  let size = 0
  for await (const piece of pieces) {
    waiting.push(piece)
    size += piece.length
    if (size <= chunkSize) continue
    let whole = Buffer.concat(waiting, size)
    for (; whole.length > chunkSize; whole = whole.subarray(chunkSize)) yield whole.subarray(0, chunkSize)
    waiting = [whole]
    size = whole.length
  }
  yield Buffer.concat(waiting, size)
}

/** Whoever verifies the file is told what it does not promise. */
const promised = ({ content, contentOf }: ExportOptions): readonly string[] | undefined =>
  content === null ? [] : contentOf

async function* contentLines(
  message: string,
  { content, contentOf, missing }: ExportOptions,
): AsyncGenerator<string> {
  if (content === null || contentOf?.includes(message) === false) return
  const pieces = await content(message)
  if (pieces === null) {
    missing?.(message)
    return
  }
  let offset = 0
  let held: Uint8Array | null = null
  for await (const chunk of chunks(pieces)) {
    if (held !== null) {
      yield contentLine(message, held, offset, true)
      offset += held.length
    }
    held = chunk
  }
  if (held !== null) yield contentLine(message, held, offset, false)
}

const messageOf = ({ type, data }: StoredEvent): string | null =>
  type === 'MessageAccepted' && typeof data.message === 'string' ? data.message : null

/** Content stands before its event: whoever reads the file can store it before he believes the event. */
async function* eventLines(event: StoredEvent, options: ExportOptions): AsyncGenerator<string> {
  const message = messageOf(event)
  if (message !== null) yield* contentLines(message, options)
  yield eventLine(event)
  options.wrote?.(event)
}

/**
 * That servers live is news for those beside them, kept for a while only, and means nothing in another log; nor does how far webhooks are.
 * Who may ask over HTTP is decided anew for each log.
 */
const leftOut = new Set(['node', 'webhook', 'web_login', 'api_key'])

/** Everything in the log, in its order. */
export async function* exportAll(options: ExportOptions): AsyncGenerator<string> {
  yield headerLine(promised(options))
  for await (const page of options.log.readAll(0))
    for (const event of page) if (!leftOut.has(categoryOf(event.stream))) yield* eventLines(event, options)
}

/**
 * These streams in the order given, each preceded by the policy that governs it unless it stands in the file already.
 * @throws HistoryFault when a stream or its policy is not there
 */
export async function* exportStreams(
  streams: readonly string[],
  options: ExportOptions,
): AsyncGenerator<string> {
  yield headerLine(promised(options))
  const written = new Set<string>()
  for (const stream of streams) yield* streamLines(stream, options, written)
}

async function* streamLines(
  stream: string,
  options: ExportOptions,
  written: Set<string>,
): AsyncGenerator<string> {
  if (written.has(stream)) return
  written.add(stream)
  let any = false
  for await (const page of options.log.readStream(stream))
    for (const event of page) {
      const policy = any ? null : policyHashOf(event)
      any = true
      if (policy !== null) yield* streamLines(policyStream(policy), options, written)
      yield* eventLines(event, options)
    }
  if (!any) throw new HistoryFault(`there is no stream ${stream} in the log`)
}
