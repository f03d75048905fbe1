/** Reading the log in pages, each page taken from what is there at that moment. */
import { invalidPosition } from './errors.ts'
import type { InMemoryLog, LogRecord } from './log.ts'
import { firstShown, isTooOld, softDeleted } from './rules.ts'

export const pageSize = 32

/** Where a reader of `$all` stands: between two records. */
export type Place = { readonly commit: number; readonly prepare: number }

export type Page = {
  readonly records: readonly LogRecord[]
  /** Where to read on; undefined at the end. */
  readonly next: Place | undefined
}

/** Index of the first record at or after a position. */
const indexAt = ({ records }: InMemoryLog, position: number): number => {
  let low = 0
  let high = records.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((records[middle] as LogRecord).position < position) low = middle + 1
    else high = middle
  }
  return low
}

/** A position within a record is no place to read from. After the last record every one is. */
const check = (log: InMemoryLog, { commit }: Place, index: number): void => {
  const before = log.records[index - 1]
  if (before !== undefined && commit < before.next) throw invalidPosition()
}

/** From a position on, with what begins there. @throws a failure for a position within a record */
export const allForwards = (log: InMemoryLog, from: Place): Page => {
  const at = indexAt(log, from.commit)
  check(log, from, at)
  const beyond = log.records[at]?.position === from.commit && from.prepare > from.commit ? 1 : 0
  const records = log.records.slice(at + beyond, at + beyond + pageSize)
  const last = records.at(-1)
  const next = last && last.next < log.end ? { commit: last.next, prepare: last.next } : undefined
  return { records, next }
}

/** What begins after a position, wherever that may be: the live events of a subscription. */
export const allAfter = (log: InMemoryLog, position: number): Page => {
  const at = indexAt(log, position + 1)
  const records = log.records.slice(at, at + pageSize)
  const last = records.at(-1)
  return {
    records,
    next: last && at + pageSize < log.records.length ? { commit: last.next, prepare: last.next } : undefined,
  }
}

/** What ends at or before a position, the last first: what begins there is not among it. */
export const allBackwards = (log: InMemoryLog, from: Place): Page => {
  const at = indexAt(log, from.commit)
  check(log, from, at)
  const records = log.records.slice(Math.max(0, at - pageSize), at).reverse()
  const last = records.at(-1)
  return {
    records,
    next: at > pageSize && last ? { commit: last.position, prepare: last.position } : undefined,
  }
}

/** Whether there is such a stream for readers: a soft deleted one is none. */
export const isThere = (log: InMemoryLog, stream: string): boolean =>
  log.lastRevision(stream) >= 0 && log.rulesOf(stream).truncateBefore !== softDeleted

export type StreamPage = { readonly records: readonly LogRecord[]; readonly next: number | undefined }

/** Of one stream, from a revision on; less what its metadata hides. */
export const streamForwards = (log: InMemoryLog, stream: string, from: number, now: number): StreamPage => {
  const rules = log.rulesOf(stream)
  const last = log.lastRevision(stream)
  const start = Math.max(from, firstShown(rules, last))
  const until = Math.min(last, start + pageSize - 1)
  const records: LogRecord[] = []
  for (let revision = start; revision <= until; revision++) {
    const record = log.recordAt(stream, revision)
    if (record && !isTooOld(rules, record.created, now)) records.push(record)
  }
  return { records, next: until < last ? until + 1 : undefined }
}

export const streamBackwards = (log: InMemoryLog, stream: string, from: number, now: number): StreamPage => {
  const rules = log.rulesOf(stream)
  const last = log.lastRevision(stream)
  const first = firstShown(rules, last)
  const start = Math.min(from, last)
  const until = Math.max(first, start - pageSize + 1)
  const records: LogRecord[] = []
  for (let revision = start; revision >= until; revision--) {
    const record = log.recordAt(stream, revision)
    if (record && !isTooOld(rules, record.created, now)) records.push(record)
  }
  return { records, next: until > first ? until - 1 : undefined }
}
