/** What people type to find addresses and names: upper and lower case alike, `*` for anything. */

/** As SQL's LIKE wants it (`ESCAPE '\'`); null stays null: no filter. */
export const wordsPattern = (typed: string | undefined): string | null =>
  typed === undefined ? null : typed.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%')

/** The same of an address or a name, which may stand in `<>`; `<>` is the null sender. In words it would be nothing, which stands in every text. */
export const patternOf = (typed: string | undefined): string | null =>
  wordsPattern(typed?.replace(/^<(.*)>$/s, '$1'))

/** ISO 8601 with milliseconds, UTC; null stays null. */
export const isoOf = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())
export const isoTime = (at: number): string => new Date(at).toISOString()
