/** Keeps what Node makes of the program's files, so that commands start in half the time; in the user's own cache directory, or not at all. */
import { mkdirSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

const directory = (): string => {
  const cache = process.env.XDG_CACHE_HOME
  return join(cache !== undefined && isAbsolute(cache) ? cache : join(homedir(), '.cache'), 'fsmtp')
}

/** Where the directory cannot be made, everything is as it would be without. `NODE_DISABLE_COMPILE_CACHE` turns it off. */
export const keepCompiled = (): void => {
  try {
    const kept = directory()
    // Never one that others may write to: what lies there is run.
    mkdirSync(kept, { recursive: true, mode: 0o700 })
    enableCompileCache(kept)
    // Threads look there themselves.
    process.env.NODE_COMPILE_CACHE ??= kept
  } catch {
    // A home that is read-only, or none: it only takes longer.
  }
}
