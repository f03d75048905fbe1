/** The content store of one node: small bodies beside the log, large ones in files. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, constants, mkdir, open, readFile, rm, statfs } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { LogReader } from '../log/port.ts'
import { isId, isMissing, type Places, placesIn } from './places.ts'
import {
  ContentFull,
  type ContentStore,
  ContentUnavailable,
  type ContentWriter,
  type Finished,
  type SweepReport,
  type Verdict,
} from './port.ts'
import { beginSweep } from './sweep.ts'
import { beginFile } from './writer.ts'

export type { ContentStore, ContentWriter, Finished, Verdict } from './port.ts'

export type ContentOptions = {
  /** The data directory; bodies lie in `content/` under it. */
  readonly directory: string
  /** Where small bodies are, and the events that name large ones. */
  readonly log: LogReader
}

/**
 * Opens the store for reading and writing. Only the holder of the directory's lock may: it sweeps away what an earlier run
 * left unfinished.
 */
export const openContentStore = async ({ directory, log }: ContentOptions): Promise<ContentStore> => {
  const places = placesIn(directory)
  await mkdir(places.incoming, { recursive: true, mode: 0o700 })
  const { swept } = await beginSweep(places, log)
  // Whoever wants to know awaits it; a sweep that failed is tried again at the next start.
  swept.catch(() => {})
  return new FileStore({ places, log, swept })
}

/** The same for a process that only reads, beside a running server. */
export const openContentReader = ({
  directory,
  log,
}: ContentOptions): Pick<ContentStore, 'read' | 'stream' | 'verify'> =>
  new FileStore({ places: placesIn(directory), log, swept: Promise.resolve({ unfinished: 0, untold: 0 }) })

type Parts = { readonly places: Places; readonly log: LogReader; readonly swept: Promise<SweepReport> }

class FileStore implements ContentStore {
  readonly #places: Places
  readonly #log: LogReader
  readonly swept: Promise<SweepReport>

  constructor({ places, log, swept }: Parts) {
    this.#places = places
    this.#log = log
    this.swept = swept
  }

  async read(id: string): Promise<Uint8Array | null> {
    if (!isId(id)) return null
    return (await this.#log.content(id)) ?? (await orNull(readFile(this.#places.fileOf(id))))
  }

  async stream(id: string): Promise<Readable | null> {
    if (!isId(id)) return null
    const small = await this.#log.content(id)
    if (small !== null) return Readable.from([small], { objectMode: false })
    const file = await orNull(open(this.#places.fileOf(id), 'r'))
    return file && createReadStream('', { fd: file })
  }

  async begin(id: string): Promise<ContentWriter> {
    if (!isId(id)) throw new TypeError(`"${id}" cannot name message content`)
    return beginFile(this.#places, id)
  }

  async remove(id: string): Promise<void> {
    if (isId(id)) await rm(this.#places.fileOf(id), { force: true })
  }

  async verify(id: string, { size, sha256 }: Finished): Promise<Verdict> {
    const body = await this.stream(id)
    if (body === null) return 'missing'
    const hash = createHash('sha256')
    let found = 0
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      hash.update(chunk)
      found += chunk.byteLength
    }
    return found === size && hash.digest('hex') === sha256 ? 'intact' : 'damaged'
  }

  async check(): Promise<void> {
    await hasRoom(this.#places.incoming)
  }

  async close(): Promise<void> {
    await this.swept.catch(() => {})
  }
}

/** Bytes that must be free: with less, large messages are refused soon. */
const leastRoom = 16 * 1024 * 1024

const hasRoom = async (folder: string): Promise<void> => {
  const free = await access(folder, constants.W_OK)
    .then(() => statfs(folder))
    .then(({ bavail, bsize }) => bavail * bsize)
    .catch((error: NodeJS.ErrnoException) => {
      throw new ContentUnavailable(`${folder} cannot be written to (${error.code ?? error.message})`)
    })
  if (free < leastRoom) throw new ContentFull(`the disk of ${folder} is full: ${free} bytes are left`)
}

const orNull = async <T>(wanted: Promise<T>): Promise<T | null> => {
  try {
    return await wanted
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}
