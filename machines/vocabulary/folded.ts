/** Words as they are compared: upper and lower case are alike, and so are signs that are written in several ways. */

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

/** The same of what a list shows; null where that is found as it is, since SQLite knows the letters of ASCII. */
export const foldedBeside = (text: string | null | undefined): string | null =>
  text === null || text === undefined || isPlain(text) ? null : folded(text)
