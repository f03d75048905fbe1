/** The keys of bodies: `<prefix>content/<two characters of the id>/<id>`, as files lie in a data directory, so that either can be copied to the other. */
import { isId, spread } from '../places.ts'

export type Keys = {
  /** Begins every key of a body. */
  readonly root: string
  keyOf(id: string): string
  /** Null for a key of somebody else. */
  idOf(key: string): string | null
  /** Where it is tried whether the bucket may be written to. */
  readonly trial: string
  /** The name under which an object says who wrote it. */
  readonly mark: string
}

export const keysUnder = (prefix: string): Keys => {
  const root = `${prefix}content/`
  const keyOf = (id: string): string => `${root}${spread(id)}/${id}`
  return {
    root,
    keyOf,
    idOf: (key) => {
      const id = key.slice(key.lastIndexOf('/') + 1)
      return isId(id) && key === keyOf(id) ? id : null
    },
    trial: `${prefix}trial/`,
    mark: 'fsmtp-writer',
  }
}
