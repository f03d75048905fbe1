/** Words as they are compared: upper and lower case are alike, and so are signs that are written in several ways. */

/** Words of one search. */
export const mostWords = 10

const isPlain = (text: string): boolean => !/[^\0-\x7f]/.test(text)

/** Unicode Standard §5.18 (caseless matching), with compatible signs alike and without those that nobody sees. */
export const folded = (text: string): string =>
  isPlain(text)
    ? text.toLowerCase()
    : text
        .normalize('NFKC')
        .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
        // There and back: ẞ has no upper case but itself, ß has two letters.
        .toLowerCase()
        .toUpperCase()
        .toLowerCase()
        // Which of the two stands at the end of a word; and the dot that a capital İ leaves behind.
        .replaceAll('ς', 'σ')
        .replaceAll('i\u0307', 'i')

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
