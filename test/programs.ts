/** Programs of other people that some tests need. A test without its program is skipped by name, never silently. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'node:test'

/** Daemons and their tools live in `sbin`, which is not on everybody's PATH. */
const places = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin']

const executable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Where `name` is installed, or null. */
export const findProgram = (name: string): string | null =>
  places
    .filter((place) => place !== '')
    .map((place) => join(place, name))
    .find(executable) ?? null

/**
 * Where `name` is installed; null after marking the test as skipped, and the caller returns at once:
 * `const swaks = requireProgram(t, 'swaks'); if (swaks === null) return`.
 */
export const requireProgram = (t: TestContext, name: string): string | null => {
  const found = findProgram(name)
  if (found === null) t.skip(`${name} is not installed`)
  return found
}

/** Debian's Python: its modules are not for others that may be on the PATH. */
const debianPython = '/usr/bin/python3'

/** The same for a module of Debian's Python: `const python = requireModule(t, 'authres')`. */
export const requireModule = (t: TestContext, name: string): string | null => {
  const isThere = spawnSync(debianPython, ['-c', `import ${name}`]).status === 0
  if (!isThere) t.skip(`the module ${name} of ${debianPython} is not installed`)
  return isThere ? debianPython : null
}
