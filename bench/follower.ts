/**
 * Follows a log from its beginning: `node bench/follower.ts URL EVENTS`, a process of its own, so that its memory is nobody else's. Prints
 * `{events, seconds, resident, highest}`; `resident` is from before the first event, memory in bytes.
 */
import { openKurrentLog } from '../src/log/kurrent/index.ts'
import { highWater, resident } from './memory.ts'

const [url = '', wanted = '0'] = process.argv.slice(2)
const log = await openKurrentLog({ url })
const stop = new AbortController()
const before = resident(process.pid)
const startedAt = performance.now()
let events = 0
let last = 0
for await (const page of log.subscribe(0, { signal: stop.signal })) {
  for (const { position } of page) {
    if (position <= last) throw new Error(`position ${position} came after ${last}`)
    last = position
  }
  events += page.length
  if (events >= Number(wanted)) stop.abort()
}
const seconds = (performance.now() - startedAt) / 1000
await log.close()
const highest = highWater(process.pid)
process.stdout.write(`${JSON.stringify({ events, seconds, resident: before, highest })}\n`)
