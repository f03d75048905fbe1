/** What people type to find addresses and names: upper and lower case alike, `*` for anything. */

/** As SQL's LIKE wants it (`ESCAPE '\'`); null stays null: no filter. `<>` is the null sender. */
export const patternOf = (typed: string | undefined): string | null => {
  if (typed === undefined) return null
  const bare = typed.replace(/^<(.*)>$/s, '$1')
  return bare.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%')
}

/** ISO 8601 with milliseconds, UTC; null stays null. */
export const isoOf = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())
export const isoTime = (at: number): string => new Date(at).toISOString()
