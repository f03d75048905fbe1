/**
 * The stand-in as a process of its own, for measurements and for servers in other processes. Prints its URL on one line and runs
 * until it is ended; its data ends with it.
 *
 * Usage: node test/kurrent/serve.ts [--latency MS]
 */
import { parseArgs } from 'node:util'
import { startKurrentStandIn } from './stand-in.ts'

const { values } = parseArgs({ options: { latency: { type: 'string', default: '0' } } })
const server = await startKurrentStandIn()
server.faults.appendLatency = Number(values.latency)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0))
console.log(server.url)
