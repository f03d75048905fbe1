/** Reading the files that a configuration is made of. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'

/** Octets. A running server reads its policy while it talks: this much costs it some seconds. */
const longest = 4 * 1024 * 1024

/** A pipe would be waited for, for ever, by all that the process does: it is opened without waiting, and not read. */
const readPlain = (file: string): { readonly text: string } | { readonly wrong: string } => {
  const opened = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const found = fstatSync(opened)
    if (found.isDirectory()) return { wrong: 'cannot be read (EISDIR)' }
    if (!found.isFile()) return { wrong: 'cannot be read: it is no plain file' }
    if (found.size > longest) return { wrong: `is too long: ${found.size} bytes, ${longest} at most` }
    return { text: readFileSync(opened, 'utf8') }
  } finally {
    closeSync(opened)
  }
}

/** The text of a file, or what is wrong with it. */
export const readText = (file: string): { readonly text: string } | { readonly wrong: string } => {
  try {
    return readPlain(file)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return { wrong: code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})` }
  }
}
