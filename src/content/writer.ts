/** One body on its way into a file: hashed as it comes, written in order, renamed when it is whole and synced. */
import { createHash, randomBytes } from 'node:crypto'
import { type FileHandle, link, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isFull, type Places, syncDirectory } from './places.ts'
import { ContentFull, type ContentWriter, type Finished } from './port.ts'

/** Bytes that may wait for the disk before the giver is asked to wait. */
const mayWait = 256 * 1024

export type BeginOptions = {
  /** Fail where a body of this name is there already, instead of taking its place. */
  readonly onlyNew?: boolean
}

export const beginFile = async (
  places: Places,
  id: string,
  { onlyNew = false }: BeginOptions = {},
): Promise<ContentWriter> => {
  const unfinished = join(places.incoming, `${id}.${randomBytes(4).toString('hex')}`)
  try {
    const file = await open(unfinished, 'wx', 0o600)
    return new FileWriter({ file, unfinished, finished: places.fileOf(id), onlyNew })
  } catch (error) {
    throw typed(error)
  }
}

type Parts = {
  readonly file: FileHandle
  readonly unfinished: string
  readonly finished: string
  readonly onlyNew: boolean
}

/** As `rename`, but fails with EEXIST where the name is taken. */
const renameToNew = async (from: string, to: string): Promise<void> => {
  await link(from, to)
  await rm(from)
}

class FileWriter implements ContentWriter {
  readonly #file: FileHandle
  readonly #unfinished: string
  readonly #finished: string
  readonly #onlyNew: boolean
  readonly #hash = createHash('sha256')
  #size = 0
  #chunks: Uint8Array[] = []
  #waiting = 0
  #writing: Promise<void> | null = null
  #failure: Error | null = null
  #over = false

  constructor({ file, unfinished, finished, onlyNew }: Parts) {
    this.#onlyNew = onlyNew
    this.#file = file
    this.#unfinished = unfinished
    this.#finished = finished
  }

  write(chunk: Uint8Array): Promise<void> | void {
    this.#check()
    this.#hash.update(chunk)
    this.#size += chunk.byteLength
    this.#chunks.push(chunk)
    this.#waiting += chunk.byteLength
    this.#writing ??= this.#drain()
    if (this.#waiting > mayWait) return this.#writing.then(() => this.#check())
  }

  async finish(): Promise<Finished> {
    await this.#writing
    this.#check()
    try {
      await this.#file.sync()
      await this.#file.close()
      this.#over = true
      await this.#giveName()
    } catch (error) {
      this.#failure = typed(error)
      throw this.#failure
    }
    return { size: this.#size, sha256: this.#hash.digest('hex') }
  }

  async discard(): Promise<void> {
    if (this.#over && this.#failure === null) return
    this.#failure ??= new Error('this body was discarded')
    this.#chunks = []
    await this.#writing
    if (!this.#over) await this.#file.close()
    this.#over = true
    await rm(this.#unfinished, { force: true })
  }

  /** The name becomes visible and durable only after the bytes are. */
  async #giveName(): Promise<void> {
    const folder = dirname(this.#finished)
    const isNew = await mkdir(folder, { recursive: true, mode: 0o700 })
    await (this.#onlyNew ? renameToNew : rename)(this.#unfinished, this.#finished)
    await syncDirectory(folder)
    if (isNew !== undefined) await syncDirectory(dirname(folder))
  }

  #check(): void {
    if (this.#failure) throw this.#failure
    if (this.#over) throw new Error('this body is finished')
  }

  /** Writes what is there, all that is there at once, until nothing is. Never rejects: `#check` tells. */
  async #drain(): Promise<void> {
    try {
      while (this.#chunks.length > 0) {
        const chunks = this.#chunks
        this.#chunks = []
        await writeWhole(this.#file, chunks)
        this.#waiting = this.#chunks.reduce((sum, { byteLength }) => sum + byteLength, 0)
      }
    } catch (error) {
      this.#failure ??= typed(error)
    }
    this.#writing = null
  }
}

/** All of the chunks, without making one of them. A disk that is getting full may take a part only; then the rest follows. */
const writeWhole = async (file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> => {
  const size = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0)
  const { bytesWritten } = await file.writev(chunks)
  if (bytesWritten === size) return
  const rest = Buffer.concat(chunks).subarray(bytesWritten)
  for (let done = 0; done < rest.byteLength; ) done += (await file.write(rest, done)).bytesWritten
}

const typed = (error: unknown): Error =>
  isFull(error)
    ? new ContentFull('no room for message content', { cause: error })
    : error instanceof Error
      ? error
      : new Error(String(error))
