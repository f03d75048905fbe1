/** The longest are those of deliveries. */
const longest = 40
const shortest = 4

/**
 * The id in what somebody copied: `[01m8455…]`, `Our id: 01m8455…`, an address of this page. '' where there is none. Of several words that could
 * be one, it is the longest; the mark of what was cut off is no part of it.
 */
export const idIn = (typed: string): string => {
  const words = typed.toLowerCase().match(/[0-9a-z]+/g) ?? []
  const likely = words.filter((word) => /\d/.test(word))
  const found =
    (likely.length > 0 ? likely : words).toSorted((one, other) => other.length - one.length)[0] ?? ''
  return found.length < shortest || found.length > longest ? '' : found
}
