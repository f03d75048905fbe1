/**
 * Takes a history file into a log. The file is read twice: once to find every fault and what is there already, then to
 * write what is not. The same events again change nothing; other events at a place that is taken are refused.
 */
import type { Append, LogReader } from '../log/port.ts'
import { Existing } from './existing.ts'
import { Check } from './import-check.ts'
import { Write } from './import-write.ts'

/** Where large content goes: it must be on stable storage when `finish` resolves. */
export type ContentSink = {
  readonly write: (bytes: Buffer) => Promise<void>
  readonly finish: () => Promise<void>
  readonly discard: () => Promise<void>
}

export type ImportOptions = {
  /** The file from its beginning; called twice. */
  readonly open: () => AsyncIterable<Uint8Array>
  readonly log: Pick<LogReader, 'readStream' | 'tail'>
  readonly append: (appends: readonly Append[]) => Promise<unknown>
  readonly beginContent: (message: string) => ContentSink
  /** Content up to this many bytes is stored in the append of its event. */
  readonly inlineLimit: number
  readonly progress?: (events: number) => void
}

export type Imported = {
  /** Events written now. */
  readonly added: number
  /** Events that were there already. */
  readonly known: number
  /** Accepted messages among the added ones whose content the file does not have. */
  readonly withoutContent: number
}

/**
 * Imports a history. Everything that can be found wrong beforehand is, before anything is written.
 * @throws HistoryFault naming the line or the stream
 */
export const importHistory = async (options: ImportOptions): Promise<Imported> => {
  const isEmpty = (await options.log.tail()) === 0
  const check = new Check(isEmpty ? null : new Existing(options.log))
  const { added, known, withoutContent, knownMessages } = await check.read(options.open())
  if (added > 0) await new Write(options, knownMessages, isEmpty ? null : new Existing(options.log)).read()
  return { added, known, withoutContent }
}
