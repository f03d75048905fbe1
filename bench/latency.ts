/**
 * From the final dot to its 250: `node bench/latency.ts PORT CONNECTIONS MESSAGES`, in a process of its own, every
 * connection sending its next mail as soon as the last one was answered. Prints `{p50, p99, max}` in milliseconds.
 *
 * The client shares the processors with the server, and its own waiting to be scheduled is inside the figure: it is an
 * upper bound.
 */
import { Client } from './client.ts'

const [port = 0, connections = 50, messages = 10_000] = process.argv.slice(2).map(Number)
const body = Buffer.from(
  `From: sender@load.example\r\nTo: box@bench.example\r\nSubject: latency\r\n\r\n${'x'.repeat(78).concat('\r\n').repeat(50)}`,
)
const finalDot = Buffer.from('\r\n.\r\n')
const waits: number[] = []
let left = messages

const sendAll = async (): Promise<void> => {
  const client = await Client.open(port)
  while (left > 0) {
    left -= 1
    await client.envelope()
    await client.write(body)
    const startedAt = performance.now()
    await client.write(finalDot)
    await client.expect('250')
    waits.push(performance.now() - startedAt)
  }
  client.close()
}

await Promise.all(Array.from({ length: connections }, sendAll))
waits.sort((a, b) => a - b)
const at = (share: number): number => waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0
process.stdout.write(`${JSON.stringify({ p50: at(0.5), p99: at(0.99), max: at(1) })}\n`)
