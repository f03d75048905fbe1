/** Directories for tests. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const directories: string[] = []
process.once('exit', () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

/** A directory that is gone when the process is. */
export const scratch = (name = 'test'): string => {
  const directory = mkdtempSync(join(tmpdir(), `fsmtp-${name}-`))
  directories.push(directory)
  return directory
}
