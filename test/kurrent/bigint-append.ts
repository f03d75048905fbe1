/**
 * A process of its own for what would end the test's: an append whose data is no JSON. Says what came of it, on one line.
 *
 * Usage: node test/kurrent/bigint-append.ts URL STREAM
 */
import { setTimeout as pause } from 'node:timers/promises'
import { jsonEvent, KurrentDBClient } from '@kurrent/kurrentdb-client'

const [url = '', stream = ''] = process.argv.slice(2)
const client = KurrentDBClient.connectionString(url)
const unhandled = new Promise<string>((resolve) => {
  process.once('unhandledRejection', (reason) => resolve(String(reason)))
})
const data: Record<string, unknown> = { size: 1n }
const settled = client
  .appendToStream(stream, jsonEvent({ type: 'Noted', data }), { streamState: 'no_stream' })
  .then(
    () => 'written',
    () => 'rejected',
  )
const said = await unhandled
const after = await Promise.race([settled, pause(100, 'still pending')])
console.log(JSON.stringify({ unhandled: said, append: after }))
process.exit(0)
