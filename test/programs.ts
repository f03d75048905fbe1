/** Programs of other people that some tests need. A test without its program is skipped by name, never silently. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'node:test'
import { eventually } from './eventually.ts'

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

type Foreground = {
  readonly program: string
  readonly words: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Whether it does what it was started for. */
  readonly isUp: () => Promise<boolean>
}

/**
 * A daemon of somebody else in the foreground, until the test ends. Resolves when it is up.
 * @throws AssertionError with all it said when it ends before that
 */
export const foreground = async (
  t: TestContext,
  { program, words, env, isUp }: Foreground,
): Promise<void> => {
  const child = spawn(program, [...words], { stdio: 'pipe', env: { ...process.env, ...env } })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null
  t.after(async () => {
    if (isOver()) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  const up = async (): Promise<boolean> => {
    assert.ok(!isOver(), `${program} ended: ${said}`)
    return isUp()
  }
  await eventually(up, { what: `that ${program} is up` })
}
