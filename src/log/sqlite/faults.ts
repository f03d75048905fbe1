/** What SQLite's result codes mean to the log (https://sqlite.org/rescode.html). */

const sqliteFull = 13
const sqliteBusy = 5
const sqliteLocked = 6
const sqliteCorrupt = 11
const sqliteNotADatabase = 26
/** Extended codes: the write did not fit. A quota shows itself as one of these rather than as FULL. */
const inputOutputFull = new Set([778 /* WRITE */, 1546 /* TRUNCATE */, 4874 /* SHMSIZE */, 5386 /* SHMMAP */])

/** The extended result code, or 0 for an error that did not come from SQLite. */
const codeOf = (error: unknown): number =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : 0
const primaryCodeOf = (error: unknown): number => codeOf(error) & 0xff

export const isBusy = (error: unknown): boolean => {
  const code = primaryCodeOf(error)
  return code === sqliteBusy || code === sqliteLocked
}
/** No room on the disk. */
export const isFull = (error: unknown): boolean =>
  primaryCodeOf(error) === sqliteFull || inputOutputFull.has(codeOf(error))
/** The file is not what SQLite wrote. */
export const isDamage = (error: unknown): boolean => {
  const code = primaryCodeOf(error)
  return code === sqliteCorrupt || code === sqliteNotADatabase
}
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
