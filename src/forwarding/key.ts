/**
 * The key with which return paths are signed: made once, kept in the data directory. A file may hold several, one a line: the first signs,
 * all are believed, so that a key can be replaced, and servers with keys of their own can become one.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { CommandFault } from '../cli/fault.ts'

export const keyFile = 'srs.key'
/** Bytes. */
const keyLength = 32

/** The first signs, all are believed. */
export type Keys = readonly [Uint8Array, ...Uint8Array[]]

/** Tells keys apart, and nothing else: it may be known to anybody. */
export const markOf = (key: Uint8Array): string =>
  createHmac('sha256', key).update('the mark of a key of return paths').digest('base64url').slice(0, 11)

const synced = async (opening: Promise<FileHandle>, use: (handle: FileHandle) => Promise<void>) => {
  const handle = await opening
  try {
    await use(handle)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A key that was lost with the power would make reports on mail that was forwarded unreadable. */
const make = async (directory: string): Promise<Buffer> => {
  const key = randomBytes(keyLength)
  const file = join(directory, keyFile)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await synced(open(`${file}.new`, 'w', 0o600), (handle) =>
    handle.writeFile(`${key.toString('base64url')}\n`),
  )
  await rename(`${file}.new`, file)
  await synced(open(directory, 'r'), async () => {})
  return key
}

/**
 * The key in `directory`, made (mode 0600) where there is none. The caller has the directory to itself. A key `given` in a file of
 * its own is never made: other servers have the same one.
 * @throws CommandFault where the file is there and holds no key, or was given and is not there
 */
export const loadReturnPathKeys = async (directory: string, given?: string): Promise<Keys> => {
  const file = given ?? join(directory, keyFile)
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && given === undefined) return null
    if (error.code === 'ENOENT')
      throw new CommandFault(
        `${file} does not exist; returnPathKey names it. Copy the one of the other servers, or make the first: \`openssl rand -base64 32\``,
      )
    throw new CommandFault(
      `${file} cannot be read (${error.code}); it holds the key for return paths of forwarded mail`,
    )
  })
  if (text === null) return [await make(directory)]
  const [first, ...others] = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => Buffer.from(line.trim(), 'base64url'))
  if (first !== undefined && [first, ...others].every((key) => key.length >= keyLength))
    return [first, ...others]
  const mend =
    given === undefined
      ? 'bring it back from a back-up, or remove it to have a new one made (reports on mail forwarded so far are then refused)'
      : 'copy the one of the other servers, or make the first: `openssl rand -base64 32`'
  throw new CommandFault(`${file} holds no key for return paths of forwarded mail: ${mend}`)
}
