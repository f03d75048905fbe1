/** Points in time and numbers as people type them. */
import { InvalidArgumentError } from 'commander'

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const day = units.d

const wanted =
  'give a date (2026-01-31), a time (2026-01-31T08:30, UTC unless it says +01:00), or how long ago (90s, 15m, 2h, 7d)'

const ago = (text: string): number | null => {
  const found = /^(\d+)([smhdw])$/.exec(text)
  if (found === null) return null
  return Date.now() - Number(found[1]) * units[found[2] as keyof typeof units]
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

const momentOf = (text: string, end: 'first' | 'last'): number => {
  const at = ago(text) ?? written(text, end)
  if (at === null) throw new InvalidArgumentError(wanted)
  return at
}

/** Milliseconds since 1970 for `--since`. @throws InvalidArgumentError */
export const since = (text: string): number => momentOf(text, 'first')
/** Milliseconds since 1970 for `--until`, `--as-of`. @throws InvalidArgumentError */
export const until = (text: string): number => momentOf(text, 'last')

/** A positive whole number for `--limit`. @throws InvalidArgumentError */
export const count = (text: string): number => {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('give a whole number above 0')
  return Number(text)
}
