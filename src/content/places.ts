/** Where bodies lie: `content/<two characters of the id>/<id>`, and `content/incoming/` until they are finished; `bodies.sqlite`. */
import { open } from 'node:fs/promises'
import { join } from 'node:path'

export { isId } from './id.ts'

export type Places = {
  readonly root: string
  readonly incoming: string
  /** The file of small bodies, where the log keeps none. */
  readonly together: string
  folderOf(id: string): string
  fileOf(id: string): string
}

/** Ids begin with ten characters of time: the last two of these, milliseconds, spread evenly. */
export const spread = (id: string): string => id.slice(8, 10).padStart(2, '0').toLowerCase()

export const placesIn = (directory: string): Places => {
  const root = join(directory, 'content')
  const folderOf = (id: string) => join(root, spread(id))
  return {
    root,
    incoming: join(root, 'incoming'),
    together: join(directory, 'bodies.sqlite'),
    folderOf,
    fileOf: (id) => join(folderOf(id), id),
  }
}

/** A name is on stable storage when its directory is. */
export const syncDirectory = async (path: string): Promise<void> => {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

export const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT'
export const isFull = (error: unknown): boolean => codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT'

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
