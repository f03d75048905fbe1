/**
 * The stand-in as a process of its own, for measurements and for servers in other processes. Prints its URL on one line and runs
 * until it is ended; its data ends with it.
 *
 * Usage: node test/kurrent/serve.ts [--latency MS] [--faults SEED]
 *
 * With --faults it takes lines: `rough` has it misbehave from now on, `calm` ends that; each is answered by a line, `calm` by how often it
 * misbehaved so far.
 */
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { roughness } from './roughness.ts'
import { startKurrentStandIn } from './stand-in.ts'

const { values } = parseArgs({
  options: { latency: { type: 'string', default: '0' }, faults: { type: 'string' } },
})
const server = await startKurrentStandIn()
const latency = Number(values.latency)
server.faults.appendLatency = latency
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0))
if (values.faults !== undefined) {
  const rough = roughness(server.faults, Number(values.faults))
  createInterface({ input: process.stdin }).on('line', (line) => {
    if (line === 'rough') rough.begin()
    else rough.end()
    server.faults.appendLatency = latency
    console.log(String(rough.times))
  })
}
console.log(server.url)
