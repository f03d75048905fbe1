/** Where bodies lie: `content/<last two characters of the id>/<id>`, and `content/incoming/` until they are finished. */
import { open } from 'node:fs/promises'
import { join } from 'node:path'

export type Places = {
  readonly root: string
  readonly incoming: string
  folderOf(id: string): string
  fileOf(id: string): string
}

/** Ids become file names: nothing that could lead elsewhere. */
const idShape = /^[0-9A-Za-z_]{2,64}$/
export const isId = (id: string): boolean => idShape.test(id)

/** Ids begin with their time, so their ends spread evenly. */
export const placesIn = (directory: string): Places => {
  const root = join(directory, 'content')
  const folderOf = (id: string) => join(root, id.slice(-2).toLowerCase())
  return { root, incoming: join(root, 'incoming'), folderOf, fileOf: (id) => join(folderOf(id), id) }
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
