/** Keys of DNS lists, as their files hold them; and which of these files could not be used, before a server finds out. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** A pipe would be waited for, for ever. */
export const readKeyFile = async (file: string): Promise<string> => {
  const opened = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const found = await opened.stat()
    if (found.isFile() || found.isDirectory()) return await opened.readFile('utf8')
    throw Object.assign(new Error('no plain file'), { code: 'no plain file' })
  } finally {
    await opened.close()
  }
}

/** RFC 1035 §2.3.1: it becomes a label of the name. */
const isKey = (text: string): boolean => /^[a-z\d](?:[a-z\d_-]{0,61}[a-z\d])?$/i.test(text)

export type ReadKey = { readonly key: string } | { readonly wrong: string }

/** The key, or what is wrong with its file, without a word of what it holds. */
export const readListKey = async (
  file: string,
  read: (file: string) => Promise<string>,
): Promise<ReadKey> => {
  try {
    const key = (await read(file)).trim()
    return isKey(key) ? { key } : { wrong: `${file} holds no key` }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : ''
    return { wrong: `its key cannot be read from ${file}${code}` }
  }
}

type Lists = readonly { readonly zone: string; readonly keyFile?: string | undefined }[]
export type KeyFault = { readonly path: readonly (string | number)[]; readonly message: string }

/** A server starts all the same, and sets the list aside until its key is there. */
export const listKeyFaults = async (lists: Lists): Promise<readonly KeyFault[]> => {
  const found = await Promise.all(
    lists.map(async ({ zone, keyFile }, at): Promise<readonly KeyFault[]> => {
      const result = keyFile === undefined ? null : await readListKey(keyFile, readKeyFile)
      if (result === null || 'key' in result) return []
      const message = `${result.wrong}; until it is there, ${zone} is not asked`
      return [{ path: ['policy', 'dnsbl', at, 'keyFile'], message }]
    }),
  )
  return found.flat()
}
