/**
 * Times as somebody types them, by their own clock, as all lists show them; and as the address and the API have them: with a zone, so
 * that whoever gets the link sees the same.
 */

/** Which fields of filters are times, and whether a date alone is its first moment or its last. */
const ends: Readonly<Record<string, 'first' | 'last'>> = { since: 'first', until: 'last' }
export const isTimeField = (name: string): boolean => name in ends

const two = (value: number): string => String(value).padStart(2, '0')
const dateOf = (at: Date): string => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`

const forms = /^(?:(\d{4}-\d\d-\d\d)(?:[T ]|$))?(?:(\d\d?:\d\d)(?::(\d\d(?:\.\d{1,3})?))?)?$/i

/** Milliseconds; null for what is no time without a zone. */
const localOf = (text: string, end: 'first' | 'last', now: Date): number | null => {
  const found = text === '' ? null : forms.exec(text)
  if (found === null) return null
  const [, date = dateOf(now), time, seconds = '00'] = found
  const clock = time === undefined ? '00:00:00' : `${time.padStart(5, '0')}:${seconds}`
  // A date with a time and no zone is read by the local clock (ECMA-262 §21.4.1.32).
  const at = new Date(`${date}T${clock}`)
  if (Number.isNaN(at.getTime()) || dateOf(at) !== date) return null
  return time === undefined && end === 'last' ? lastOf(at) : at.getTime()
}

/** The last millisecond of a day, which need not have 24 hours. */
const lastOf = (day: Date): number =>
  new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1).getTime() - 1

/** For the address. `18:00` is today; what has a zone, or is so long ago (`2h`), or is nothing of all that, stays what it is. */
export const askedTime = (name: string, text: string, now = new Date()): string => {
  const end = ends[name]
  const at = end === undefined ? null : localOf(text, end, now)
  return at === null ? text : new Date(at).toISOString()
}

/** Without a zone an address means UTC, as the API does. */
const writtenOf = (value: string, end: 'first' | 'last'): number => {
  if (/^\d{4}-\d\d-\d\d$/.test(value)) return Date.parse(value) + (end === 'last' ? 86_400_000 - 1 : 0)
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(value)) return Number.NaN
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(value) ? value : `${value.replace(' ', 'T')}Z`)
}

/** For the field, from the address. */
export const shownTime = (name: string, value: string): string => {
  const end = ends[name]
  const at = new Date(end === undefined ? Number.NaN : writtenOf(value, end))
  if (end === undefined || Number.isNaN(at.getTime())) return value
  const date = dateOf(at)
  const midnight = new Date(at.getFullYear(), at.getMonth(), at.getDate())
  if (at.getTime() === (end === 'first' ? midnight.getTime() : lastOf(at))) return date
  const [seconds, part] = [at.getSeconds(), at.getMilliseconds()]
  const fraction = part === 0 ? '' : `.${String(part).padStart(3, '0')}`
  const rest = seconds === 0 && part === 0 ? '' : `:${two(seconds)}${fraction}`
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}${rest}`
}

/** What is told of such a field. */
export const timeTitle = (): string =>
  `A date, a time or how long ago (90s, 15m, 2h, 7d); by your clock (${Intl.DateTimeFormat().resolvedOptions().timeZone}) unless it says +01:00 or Z`
