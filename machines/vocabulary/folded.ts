/** Words as they are compared: upper and lower case are alike, and so are signs that are written in several ways. */

const isPlain = (text: string): boolean => !/[^\0-\x7f]/.test(text)

/** Marks that stand on a letter; the last two become such. */
const marks = /[\p{M}\uff9e\uff9f]{30}/gu

/**
 * With a sign that nobody sees behind so many marks: they are put in order between two such, in time that grows with the square of
 * their number, and nothing ends it. UAX #15 §13 (Stream-Safe Text Format)
 */
const inPieces = (text: string): string => text.replace(marks, '$&\u034f')

/** Unicode Standard §5.18 (caseless matching), with compatible signs alike and without those that nobody sees. */
export const folded = (text: string): string =>
  isPlain(text)
    ? text.toLowerCase()
    : inPieces(text)
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
