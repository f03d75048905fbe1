/** The numbers beside what they must be and what they should be, as Markdown. */

export type Row = {
  readonly what: string
  /** Null: not measured, and `note` says why. */
  readonly value: number | null
  readonly unit: Unit
  readonly must: number
  readonly aim: number
  /** More is better, or less. */
  readonly better: 'more' | 'less'
  readonly note: string
}
export type Unit = 'share' | 'times' | 'ms' | 'seconds' | 'kB' | 'MB' | 'megabytes' | 'perSecond'

const whole = (value: number): string => Math.round(value).toLocaleString('en-US')

const units: Readonly<Record<Unit, (value: number) => string>> = {
  share: (value) => value.toFixed(2),
  times: (value) => `${value.toFixed(1)}x`,
  ms: (value) => `${value.toFixed(1)} ms`,
  seconds: (value) => `${value.toFixed(2)} s`,
  kB: (value) => `${(value / 1000).toFixed(1)} kB`,
  /** By how much it grew. */
  MB: (value) => `${value >= 0 ? '+' : ''}${(value / 1e6).toFixed(1)} MB`,
  megabytes: (value) => `${whole(value / 1e6)} MB`,
  perSecond: (value) => `${whole(value)}/s`,
}

/** Whether the value reaches the mark. */
const reaches = ({ value, better }: Row, mark: number): boolean =>
  value !== null && (better === 'more' ? value >= mark : value <= mark)

const verdict = (row: Row): string => {
  if (row.value === null) return '-'
  if (reaches(row, row.aim)) return 'aim'
  return reaches(row, row.must) ? 'must' : 'below'
}

const line = (row: Row): string => {
  const say = units[row.unit]
  const measured = row.value === null ? 'not measured' : say(row.value)
  return `| ${[row.what, measured, say(row.must), say(row.aim), verdict(row), row.note].join(' | ')} |`
}

/** The whole table; the fifth column says which mark was reached. */
export const markdown = (rows: readonly Row[]): string =>
  [
    '| what | measured | must | aim | reached | of |',
    '|---|---|---|---|---|---|',
    ...rows.map(line),
    '',
  ].join('\n')

/** `9,012/s`, for notes. */
export const perSecond = units.perSecond
export const milliseconds = units.ms
