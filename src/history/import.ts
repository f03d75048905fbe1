/**
 * Takes a history file into a log. The file is read twice: once to find every fault and what is there already, then to
 * write what is not. The same events again change nothing; other events at a place that is taken are refused.
 */
import { machines } from '../../machines/index.ts'
import { projections } from '../../projections/all.ts'
import type { Append, LogReader } from '../log/port.ts'
import { Belief } from './belief.ts'
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
  readonly log: Pick<LogReader, 'readAll' | 'readStream' | 'tail'>
  readonly append: (appends: readonly Append[]) => Promise<unknown>
  readonly beginContent: (message: string) => ContentSink
  /** Content up to this many bytes is stored in the append of its event. */
  readonly inlineLimit: number
  readonly progress?: (events: number) => void
  /** Milliseconds since 1970; events may be dated up to a day later, for clocks differ. */
  readonly now?: number
}

export type Imported = {
  /** Events written now. */
  readonly added: number
  /** Events that were there already. */
  readonly known: number
  /** Accepted messages among the added ones whose content the file does not have. */
  readonly withoutContent: number
  /** Accounts that were added with the events, logins and all. */
  readonly accounts: number
  /** Histories of machines this release does not have, which could not be replayed. */
  readonly unreplayed: number
}

const tolerance = 24 * 60 * 60 * 1000

/**
 * Imports a history. Everything that can be found wrong beforehand is, before anything is written.
 * @throws HistoryFault naming the line or the stream
 */
export const importHistory = async (options: ImportOptions): Promise<Imported> => {
  const { log, open, now = Date.now() } = options
  const isEmpty = (await log.tail()) === 0
  const existing = () => (isEmpty ? null : new Existing(log))
  const belief = new Belief({ log, machines, projections })
  const check = new Check({ existing: existing(), belief, latest: now + tolerance })
  const { knownMessages, strangers, ...imported } = await check.read(open())
  if (!isEmpty) await strangers.check(log)
  if (imported.added > 0) await new Write(options, knownMessages, existing()).read()
  return imported
}
