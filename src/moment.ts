/** Points in time as people type them. */
const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const day = units.d

export const momentForms =
  'give a date (2026-01-31), a time (2026-01-31T08:30, UTC unless it says +01:00), or how long ago (90s, 15m, 2h, 7d)'

const ago = (text: string): number | null => {
  const found = /^(\d+)([smhdw])$/.exec(text)
  if (found === null) return null
  // Longer ago than there are times is the beginning of all.
  return Math.max(0, Date.now() - Number(found[1]) * units[found[2] as keyof typeof units])
}

/** A date alone is the whole day: its first millisecond, or its last. */
const written = (text: string, end: 'first' | 'last'): number | null => {
  const found = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:?\d\d)?)?$/i.exec(
    text,
  )
  if (found === null) return null
  const [, date, time, zone = 'Z'] = found
  const at = Date.parse(time === undefined ? `${date}T00:00:00Z` : `${date}T${time}${zone.toUpperCase()}`)
  if (Number.isNaN(at)) return null
  return time === undefined && end === 'last' ? at + day - 1 : at
}

/** Milliseconds since 1970; null for what is no point in time. */
export const momentOf = (text: string, end: 'first' | 'last'): number | null =>
  ago(text) ?? written(text, end)
