/**
 * Pictures for those who must not wait while one is laid out, which takes a second of a processor: a thread draws, one picture at a time,
 * and what was drawn is kept for a while.
 */
import { Worker } from 'node:worker_threads'
import { scriptBeside } from '../log/sqlite/script.ts'
import type { Counts } from './counts.ts'

export type Wanted = {
  readonly name: string
  readonly counts: Counts | null
  /** Of the counts, which others that are kept are not of. */
  readonly period?: { readonly since: number | null; readonly until: number | null }
}

/** Milliseconds for which counts on a picture are new enough; a bare picture is what it is. */
const fresh = 30_000
/** Pictures that are kept. */
const most = 20

const drawn = new Map<string, { readonly svg: Promise<string>; readonly at: number }>()
let last: Promise<unknown> = Promise.resolve()

const drawIn = (wanted: Wanted): Promise<string> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(scriptBeside(import.meta.url, 'worker'), {
      workerData: wanted,
      name: 'drawing',
    })
    worker.unref()
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('the thread that draws ended without a picture')))
  })

const keyOf = ({ name, counts, period }: Wanted): string =>
  counts === null ? name : `${name} ${period?.since ?? ''} ${period?.until ?? ''} counts`

export const picture = (wanted: Wanted): Promise<string> => {
  const key = keyOf(wanted)
  const known = drawn.get(key)
  if (known !== undefined && (wanted.counts === null || performance.now() - known.at < fresh))
    return known.svg
  const svg = last.then(() => drawIn(wanted))
  last = svg.catch(() => drawn.delete(key))
  if (drawn.size >= most) drawn.delete(drawn.keys().next().value!)
  drawn.set(key, { svg, at: performance.now() })
  return svg
}
