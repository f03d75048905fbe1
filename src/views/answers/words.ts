/** Words that are looked for in what lists show: each of them stands in it, wherever; upper and lower case are alike, of all letters. */
import { folded } from '../../../machines/vocabulary/folded.ts'
import { wordsPattern } from './pattern.ts'

/** More words than these are one. */
const places = [0, 1, 2, 3] as const

/** What is in quotes is one word. */
const wordsIn = (typed: string): readonly string[] => {
  const all = [...typed.matchAll(/"([^"]+)"|\S+/g)].map(([word, quoted]) => quoted ?? word)
  const last = places.length - 1
  return all.length <= places.length ? all : [...all.slice(0, last), all.slice(last).join(' ')]
}

/** SQL: every word that is asked for under `name` stands in one of these columns; what is not ASCII in one is looked for in the one beside it. */
export const saysWords = (name: string, ...columns: readonly string[]): string =>
  places
    .map((place) => {
      const word = `:${name}${place}`
      const stands = columns.map(
        (column) => `coalesce(${column}Folded, "${column}") LIKE '%' || ${word} || '%' ESCAPE '\\'`,
      )
      return `(${word} IS NULL OR ${stands.join(' OR ')})`
    })
    .join(' AND ')

/** The words for `saysWords`; null for those that were not typed. What is typed and has no word stands for itself. */
export const wordValues = (
  name: string,
  typed: string | undefined,
): Readonly<Record<string, string | null>> => {
  const words = typed === undefined ? [] : wordsIn(typed)
  const asked = words.length === 0 && typed !== undefined ? [typed] : words
  return Object.fromEntries(
    places.map((place) => {
      const word = asked[place]
      // What nobody sees must not stand for everything.
      return [`${name}${place}`, wordsPattern(word === undefined ? undefined : folded(word) || word)]
    }),
  )
}
