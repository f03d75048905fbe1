/** What is wanted of everything: as the server filters it, and the rest as we do. */
import type { Filter } from '@kurrent/kurrentdb-client'
import { categoryOf, type ReadFilter, type StoredEvent } from '../port.ts'

export type Selection = {
  readonly filter: Filter
  readonly isWanted: (event: StoredEvent) => boolean
  /** The server leaves out much less than is not wanted. */
  readonly isCoarse: boolean
}

/** How many times 32 events go by before the server says how far it has looked: nobody asks. */
const checkpointInterval = 1000

/** Streams of the database itself begin with `$`. */
const notSystem = { filterOn: 'streamName', checkpointInterval, regex: '^[^$]' } as const

/** Null where nothing can pass. The server filters by one thing: by stream where we can, by type otherwise. */
export const selectionOf = ({ categories, types }: ReadFilter, prefix: string): Selection | null => {
  if (categories?.length === 0 || types?.length === 0) return null
  const isWanted = ({ stream, type }: StoredEvent): boolean =>
    (!categories || categories.includes(categoryOf(stream))) && (!types || types.includes(type))
  return { filter: filterFor({ categories, types }, prefix), isWanted, isCoarse: types !== undefined }
}

const filterFor = (
  { categories, types }: { [Key in keyof ReadFilter]: ReadFilter[Key] | undefined },
  prefix: string,
): Filter => {
  const byName = (prefixes: string[]): Filter => ({ filterOn: 'streamName', checkpointInterval, prefixes })
  if (categories) return byName(categories.map((category) => `${prefix}${category}-`))
  if (prefix !== '') return byName([prefix])
  if (types) return { filterOn: 'eventType', checkpointInterval, prefixes: [...types] }
  return notSystem
}

/**
 * Everything of this log: the server leaves out nothing of it, and what is wanted is chosen here. A read that the server filters ends when
 * it has found so many or has come to the end; until then nobody learns how far it is, and it cannot be stopped.
 */
export const everything = (prefix: string): Selection => ({
  filter: filterFor({ categories: undefined, types: undefined }, prefix),
  isWanted: () => true,
  isCoarse: false,
})

/** Streams whose names begin so. The first events of some may be gone: every event counts. */
export const namesOf = (beginning: string): Selection => ({
  filter: { filterOn: 'streamName', checkpointInterval, prefixes: [beginning] },
  isWanted: () => true,
  isCoarse: false,
})
