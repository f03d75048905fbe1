/** Runs `fsmtp` as people do, with a folder to work in and what is typed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { scratch } from '../scratch.ts'

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname

export type Ran = { readonly code: number | null; readonly out: string; readonly err: string }

export const folder = (): string => scratch('command')

/** `input` is what stands on standard input. */
export const fsmtp = async (cwd: string, words: readonly string[], input = ''): Promise<Ran> => {
  const child = spawn(process.execPath, [main, ...words], { cwd })
  child.stdin.on('error', () => {}) // Not every command reads it.
  child.stdin.end(input)
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code, out, err }
}
