/**
 * Packets of a large message lie outside V8's heap, which therefore sees no reason to collect them: tens of megabytes would
 * wait for a collection that nothing on the heap asks for. So a small one (of young objects, about a millisecond) is asked
 * for now and then while such a message comes in.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (options: { readonly type: 'minor' }) => void

const collector = (): Collect => {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as Collect
}

/** Bytes of packets after which a collection is asked for. */
const every = 2 * 1024 * 1024

let collect: Collect | null = null
let spent = 0

/** Counts packets that have been written and are of no more use. */
export const spendChunk = (bytes: number): void => {
  spent += bytes
  if (spent < every) return
  spent = 0
  collect ??= collector()
  collect({ type: 'minor' })
}
