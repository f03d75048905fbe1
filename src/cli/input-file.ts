/** Files people name: a path, or `-` for standard input. */
import { createReadStream, statSync } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CommandFault } from './fault.ts'

/** Bytes of a file's name, in most systems. */
const longestName = 256

/** True where `asked` is a file here, or looks like the path of one. */
export const isFile = (asked: string): boolean =>
  asked === '-' ||
  asked.includes('/') ||
  /\.(ndjson|jsonl|json|history)$/.test(asked) ||
  (asked.length < longestName && statSync(asked, { throwIfNoEntry: false })?.isFile() === true)

export type Opened = {
  readonly open: () => AsyncIterable<Uint8Array>
  /** Bytes. */
  readonly size: number
  readonly close: () => Promise<void>
}

const fromPath = (path: string): Opened => {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found?.isFile()) throw new CommandFault(`there is no file ${path}`)
  return { open: () => createReadStream(path), size: found.size, close: async () => {} }
}

/** Standard input can be read only once: it is kept in a file that goes away again. */
const fromStandardInput = async (): Promise<Opened> => {
  const directory = await mkdtemp(join(tmpdir(), 'fsmtp-'))
  const path = join(directory, 'input')
  const file = await open(path, 'wx', 0o600)
  for await (const piece of process.stdin) await file.write(piece as Buffer)
  const { size } = await file.stat()
  await file.close()
  return { open: () => createReadStream(path), size, close: () => rm(directory, { recursive: true }) }
}

/** Something that can be read from its beginning more than once. @throws CommandFault */
export const inputFrom = async (asked: string): Promise<Opened> =>
  asked === '-' ? fromStandardInput() : fromPath(asked)
