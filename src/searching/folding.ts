/** Words that are looked for in mail. */
import { folded } from '../../machines/vocabulary/folded.ts'

export { folded }

/** Words of one search. */
export const mostWords = 10

/** Each of them once. */
export const wordsIn = (typed: string): readonly string[] => [
  ...new Set(
    folded(typed)
      .split(/\s+/)
      .filter((word) => word !== ''),
  ),
]

/** Those that stand in none of the texts. */
export const missing = (words: readonly string[], texts: readonly (string | null)[]): readonly string[] => {
  if (words.length === 0) return words
  const all = folded(texts.map((text) => text ?? '').join('\n'))
  return words.filter((word) => !all.includes(word))
}
