/** How wide text will be, without a screen: an estimate for a sans-serif face that errs on the wide side. */

export type Text = {
  /** Font size and distance of lines, pixels. */
  readonly size: number
  readonly leading: number
  readonly bold: boolean
}

const narrow = /[\][ijltfrI|.,:;'!()]/
const wide = /[mwMW@%_]/
const capital = /[A-Z0-9]/

/** Share of the font size that a character takes. */
const advance = (character: string): number => {
  if (narrow.test(character)) return 0.36
  if (wide.test(character)) return 0.86
  return capital.test(character) ? 0.7 : 0.59
}

/** Pixels. */
export const textWidth = (line: string, { size, bold }: Text): number => {
  let width = 0
  for (const character of line) width += advance(character)
  return Math.ceil(width * size * (bold ? 1.08 : 1))
}

/** Pixels that lines under each other take. */
export const sizeOf = (lines: readonly string[], text: Text): { width: number; height: number } => ({
  width: Math.max(0, ...lines.map((line) => textWidth(line, text))),
  height: lines.length * text.leading,
})
