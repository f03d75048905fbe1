/** How long a list gets when nobody said. */
import { remark } from './terminal.ts'

/** Rows on a terminal when there is no --limit. */
const screenful = 100

/**
 * The rows of `ask(limit)`: as many as asked for; otherwise everything, but no more than anyone wants to scroll through on a
 * terminal, with a remark when there are more.
 */
export const listed = <Row>(
  ask: (limit: number | undefined) => Iterable<Row>,
  limit: number | undefined,
): readonly Row[] => {
  if (limit !== undefined || !process.stdout.isTTY) return [...ask(limit)]
  const rows = [...ask(screenful + 1)]
  if (rows.length <= screenful) return rows
  remark(`the newest ${screenful}; --limit shows more`)
  return rows.slice(1)
}

export const isEmpty = (rows: Iterable<unknown>): boolean => {
  for (const _ of rows) return false
  return true
}
