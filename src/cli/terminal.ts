/** How answers look: tables for people, NDJSON for programs, colour and progress only where somebody is looking. */
import { stripVTControlCharacters, styleText } from 'node:util'

export type Column<Row> = {
  readonly title: string
  readonly value: (row: Row) => string | number | null | undefined
  readonly align?: 'right'
  /** May be cut off when the terminal is too narrow. */
  readonly shrinks?: true
  readonly tone?: (row: Row) => Tone | null
}
export type Tone = 'good' | 'bad' | 'weak' | 'strong'

const styles = { good: 'green', bad: 'red', weak: 'dim', strong: 'bold' } as const

/** Coloured on a terminal, unless NO_COLOR is set; plain everywhere else. */
export const toned = (
  tone: Tone | null,
  text: string,
  stream: NodeJS.WriteStream = process.stdout,
): string => (tone === null ? text : styleText(styles[tone], text, { stream }))

/**
 * Characters that steer a terminal or the direction of its text: C0 and C1 controls, separators, marks and embeddings of
 * direction (Unicode Standard Annex #9 §2).
 */
const steering =
  '\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069'
const steers = new RegExp(`[${steering}]`, 'g')
/** As they stand in JSON, where C0 is escaped already. */
const steersInJson = /[\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g
/** Our own colours may pass, and what parts lines and columns. */
const strange = new RegExp(`(\\u001b\\[(?:1|2|22|31|32|39)m|[\\n\\t])|[${steering}]`, 'g')

/** The last gate: whatever a line was made of, it does no more than be read. */
const harmless = (text: string): string => text.replace(strange, (_, own: string | undefined) => own ?? '�')

export const print = (text: string): void => {
  process.stdout.write(`${harmless(text)}\n`)
}
/** For people beside the answer: remarks, warnings. */
export const remark = (text: string): void => {
  process.stderr.write(`${harmless(text)}\n`)
}
/** One object, one line; the same object for who parses it, and nothing that steers a terminal. */
export const ndjson = (object: object): void => {
  const json = JSON.stringify(object).replace(
    steersInJson,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  process.stdout.write(`${json}\n`)
}

/** What came from outside must not steer the terminal: control characters become `�`. */
export const visible = (text: string): string => stripVTControlCharacters(text).replace(steers, '�')

/** Columns a character takes: two for East Asian wide ones and emoji, none for combining marks. */
const widthOf = (text: string): number => {
  let width = 0
  for (const char of text)
    width += /\p{Mn}|\u200d|\ufe0f/u.test(char) ? 0 : isWide(char.codePointAt(0)!) ? 2 : 1
  return width
}
const isWide = (code: number): boolean =>
  (code >= 0x1100 && code <= 0x115f) ||
  (code >= 0x2e80 && code <= 0xa4cf) ||
  (code >= 0xac00 && code <= 0xd7a3) ||
  (code >= 0xf900 && code <= 0xfaff) ||
  (code >= 0xfe30 && code <= 0xfe6f) ||
  (code >= 0xff00 && code <= 0xff60) ||
  (code >= 0x1f300 && code <= 0x1faff) ||
  (code >= 0x20000 && code <= 0x3fffd)

const cut = (text: string, width: number): string => {
  if (widthOf(text) <= width) return text
  let kept = ''
  for (const char of text) {
    if (widthOf(kept + char) > width - 1) break
    kept += char
  }
  return `${kept}…`
}
const padded = (text: string, width: number, align: 'left' | 'right'): string => {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)))
  return align === 'right' ? space + text : text + space
}

const narrowest = 12
const gap = 2

/** Takes from the widest columns that may shrink until everything fits. */
const fitted = (widths: number[], shrinks: readonly boolean[], available: number): number[] => {
  const fit = [...widths]
  let excess = fit.reduce((sum, width) => sum + width + gap, -gap) - available
  while (excess > 0) {
    const widest = fit.reduce((best, width, at) => (shrinks[at] && width > (fit[best] ?? 0) ? at : best), -1)
    if (widest === -1 || fit[widest]! <= narrowest) break
    fit[widest]!--
    excess--
  }
  return fit
}

/** Rows under titles; cut to the terminal's width where there is one, whole in a pipe. */
export const table = <Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void => {
  const cells = rows.map((row) => columns.map(({ value }) => visible(String(value(row) ?? ''))))
  const natural = columns.map(({ title }, at) =>
    Math.max(title.length, ...cells.map((row) => widthOf(row[at]!))),
  )
  const shrinks = columns.map((column) => column.shrinks === true)
  const { isTTY, columns: across } = process.stdout
  const widths = isTTY ? fitted(natural, shrinks, across ?? 80) : natural
  const line = (texts: readonly string[], tones: readonly (Tone | null)[]): string =>
    texts
      .map((text, at) => {
        const isLast = at === columns.length - 1
        const fit = cut(text, widths[at]!)
        const align = columns[at]!.align ?? 'left'
        return toned(tones[at] ?? null, isLast && align === 'left' ? fit : padded(fit, widths[at]!, align))
      })
      .join(' '.repeat(gap))
      .trimEnd()
  print(
    line(
      columns.map(({ title }) => title),
      columns.map(() => 'weak'),
    ),
  )
  cells.forEach((texts, at) => {
    print(
      line(
        texts,
        columns.map(({ tone }) => tone?.(rows[at]!) ?? null),
      ),
    )
  })
}

/** `4.1 kB`; bytes where that is exact. */
export const humanSize = (bytes: number): string => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let size = bytes
  let unit = 0
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000
    unit++
  }
  return `${unit === 0 || size >= 99.95 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`
}

/** `1 stream`, `2 streams`; `many` where an s is not enough. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`

export type Progress = {
  /** What is done so far, of what there is. */
  update(done: number, all: number): void
  /** Takes the bar away. */
  end(): void
}

const patience = 1_000
const barWidth = 30

/** A bar on standard error for what takes longer than a second; nothing where no terminal is. */
export const progress = (label: string): Progress => {
  const start = performance.now()
  let shownAt = 0
  const draw = (done: number, all: number): void => {
    const part = all === 0 ? 1 : Math.min(1, done / all)
    const filled = Math.round(part * barWidth)
    const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled)
    process.stderr.write(`\r\x1b[K${label} ${bar} ${Math.floor(part * 100)}%`)
  }
  return {
    update: (done, all) => {
      const time = performance.now()
      if (!process.stderr.isTTY || time - start < patience || time - shownAt < 100) return
      shownAt = time
      draw(done, all)
    },
    end: () => {
      if (shownAt > 0) process.stderr.write('\r\x1b[K')
    },
  }
}
