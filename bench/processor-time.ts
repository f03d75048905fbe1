/** Processor time another process has used so far, as Linux counts it (`/proc/PID/stat`), in steps of 10 ms. Microseconds. */
import { readFileSync } from 'node:fs'

const tick = 10_000

const spentIn = (file: string): number => {
  const text = readFileSync(file, 'latin1')
  // The name, in brackets, may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * tick
}

export type Spent = { readonly all: number; readonly main: number }

/** Of all threads, also those that have ended, and of the first one. */
export const spentBy = (pid: number): Spent => ({
  all: spentIn(`/proc/${pid}/stat`),
  main: spentIn(`/proc/${pid}/task/${pid}/stat`),
})
