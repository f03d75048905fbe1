/** Durations and sizes as people write them: `20s`, `5m`, `50mb`. Parsed to milliseconds and bytes. */

const milliseconds: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Powers of 1024, as mail servers have always counted message sizes. */
const bytes: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

const quantity = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i

const parseWith = (table: Readonly<Record<string, number>>, value: string | number): number | null => {
  if (value === 0 || value === '0') return 0
  const [, amount, unit] = quantity.exec(String(value).trim()) ?? []
  const factor = unit === undefined ? undefined : table[unit.toLowerCase()]
  return factor === undefined ? null : Math.round(Number(amount) * factor)
}

/** Milliseconds; null for what is no duration. A number without a unit is refused, except 0: nobody knows what it means. */
export const parseDuration = (value: string | number): number | null => parseWith(milliseconds, value)

/** Bytes (`kb` = 1024); a bare whole number is bytes. Null for what is no size. */
export const parseSize = (value: string | number): number | null => {
  if (/^\d+$/.test(String(value))) return Number(value)
  return parseWith(bytes, value)
}

const formatWith = (table: Readonly<Record<string, number>>, value: number): string => {
  const fitting = Object.entries(table).filter(([, factor]) => value % factor === 0)
  const [unit, factor] = fitting.at(-1) ?? ['', 1]
  return value === 0 ? '0' : `${value / factor}${unit}`
}

const { w: _weeks, ...upToDays } = milliseconds

/** `300000` as `5m`: the largest unit that leaves no remainder, days at most. */
export const formatDuration = (value: number): string => formatWith(upToDays, value)
/** `52428800` as `50mb`. */
export const formatSize = (value: number): string => formatWith(bytes, value)
