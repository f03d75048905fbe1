/**
 * Mail at a steady pace: `node bench/paced.ts PORT RATE SECONDS`, in a process of its own, over 20 connections. Prints `{rate, p50, p99}`: mails
 * accepted a second, and milliseconds from the final dot to its 250.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from './client.ts'

const connections = 20
const [port = 0, rate = 500, seconds = 10] = process.argv.slice(2).map(Number)
const body = Buffer.from(
  `From: sender@load.example\r\nTo: box@bench.example\r\nSubject: at a steady pace\r\n\r\n${'x'.repeat(78).concat('\r\n').repeat(50)}.\r\n`,
)
const waits: number[] = []
const begun = performance.now()
const end = begun + seconds * 1_000

const send = async (at: number): Promise<void> => {
  const client = await Client.open(port)
  for (let turn = at; ; turn += connections) {
    const due = begun + (turn * 1_000) / rate
    if (due >= end) break
    const wait = due - performance.now()
    if (wait > 1) await pause(wait)
    await client.envelope()
    const startedAt = performance.now()
    await client.write(body)
    await client.expect('250')
    waits.push(performance.now() - startedAt)
  }
  client.close()
}

await Promise.all(Array.from({ length: connections }, (_, at) => send(at)))
const took = (performance.now() - begun) / 1_000
waits.sort((one, other) => one - other)
const at = (part: number): number => waits[Math.min(waits.length - 1, Math.floor(waits.length * part))] ?? 0
process.stdout.write(`${JSON.stringify({ rate: waits.length / took, p50: at(0.5), p99: at(0.99) })}\n`)
