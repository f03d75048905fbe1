/** Reading the files that a configuration is made of. */
import { readFileSync } from 'node:fs'

/** The text of a file, or what is wrong with it. */
export const readText = (file: string): { readonly text: string } | { readonly wrong: string } => {
  try {
    return { text: readFileSync(file, 'utf8') }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return { wrong: code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})` }
  }
}
