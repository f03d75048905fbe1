/** Which server this is, whatever it is called: a random mark, made once and kept in the data directory. */
import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const instanceOf = (directory: string): string => {
  const file = join(directory, 'instance')
  try {
    const known = readFileSync(file, 'utf8').trim()
    if (known !== '') return known
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const made = randomUUID()
  writeFileSync(file, `${made}\n`, { mode: 0o600 })
  return made
}
