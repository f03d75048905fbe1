/**
 * Where a page ends, as the client gets it: opaque, and good only for the question it came from. It names a row, not a number of
 * rows: whatever comes in meanwhile, nothing is shown twice and nothing is left out.
 */
import { createHash } from 'node:crypto'
import { Problem } from '../problem.ts'

export type Asked = Readonly<Record<string, unknown>>

/** `2h` ago is another moment with every page: that there is such a bound is all that the pages have in common. */
const times: ReadonlySet<string> = new Set(['since', 'until', 'asOf'])

/** Of everything that was asked but how much, and from where. */
const markOf = (name: string, asked: Asked): string => {
  const { cursor, limit, position, ...question } = asked
  const entries = Object.entries(question)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, times.has(key) ? true : value] as const)
  const text = JSON.stringify([name, ...entries.toSorted(([one], [other]) => (one < other ? -1 : 1))])
  return createHash('sha256').update(text).digest('base64url').slice(0, 8)
}

export const cursorFor = (name: string, asked: Asked, place: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify([markOf(name, asked), ...place])).toString('base64url')

const wrong = () => new Problem(400, 'cursor is none that this list has given; begin without it')

const parse = (cursor: string): unknown => {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    return null
  }
}

/** What the cursor of a page says, null where there is none. @throws Problem */
export const placeIn = (
  name: string,
  asked: Asked,
  kinds: readonly ('string' | 'number')[],
): readonly (string | number)[] | null => {
  if (typeof asked.cursor !== 'string') return null
  const found = parse(asked.cursor)
  if (!Array.isArray(found) || found.length !== kinds.length + 1) throw wrong()
  const [mark, ...place] = found as unknown[]
  if (!place.every((value, at) => typeof value === kinds[at])) throw wrong()
  if (mark !== markOf(name, asked))
    throw new Problem(400, 'cursor belongs to other filters: repeat those of the page it came with')
  return place as (string | number)[]
}
