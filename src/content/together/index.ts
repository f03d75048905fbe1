/** Small bodies in one file, `bodies.sqlite`, for logs that keep none; those that lie in files of their own are found as well. */
import { readFile, rm, stat } from 'node:fs/promises'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { isMissing, type Places, placesIn } from '../places.ts'
import { type Bodies, largestWhole } from '../port.ts'
import { faultOf, openForReading } from './file.ts'
import { Keeper } from './keeper.ts'

type Together = {
  /** The data directory. */
  readonly directory: string
  /** How long the disk may take for a batch, in milliseconds; default 10 s. */
  readonly answerWithin?: number
}

/** Nothing is opened before something is wanted. */
export const bodiesTogether = ({ directory, answerWithin = 10_000 }: Together): Bodies => {
  const places = placesIn(directory)
  const keeper = new Keeper({ path: places.together, answerWithin })
  const shelf = new Shelf(places.together)
  return {
    write: (body) => keeper.keep(body),
    read: async (id) => shelf.read(id) ?? (await readFileOf(places, id)),
    remove: async (id) => {
      await keeper.remove(id)
      await rm(places.fileOf(id), { force: true })
    },
    close: async () => {
      shelf.close()
      await keeper.close()
    },
  }
}

const select = 'SELECT bytes FROM bodies WHERE id = ?'

/** The reading half. The file may come to be later. */
class Shelf {
  readonly #path: string
  #database: DatabaseSync | null = null
  #select: StatementSync | null = null

  constructor(path: string) {
    this.#path = path
  }

  /** @throws ContentUnavailable */
  read(id: string): Uint8Array | null {
    try {
      this.#database ??= openForReading(this.#path)
      this.#select ??= this.#database?.prepare(select) ?? null
      const bytes = this.#select?.get(id)?.bytes
      return bytes instanceof Uint8Array ? bytes : null
    } catch (error) {
      throw faultOf(error, this.#path)
    }
  }

  close(): void {
    this.#select = null
    this.#database?.close()
    this.#database = null
  }
}

const readFileOf = async (places: Places, id: string): Promise<Uint8Array | null> => {
  try {
    const file = places.fileOf(id)
    return (await stat(file)).size > largestWhole ? null : await readFile(file)
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}
