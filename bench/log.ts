/**
 * The event log alone: appends of four events and a 4 KiB body, as one mail makes them, in a closed loop of 50; then
 * reading everything again. Prints one line for each. `node bench/log.ts [seconds] [--keep DIRECTORY]`
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type EventLog, kindOf, type NewEvent } from '../src/log/port.ts'
import { openSqliteLog, openSqliteReader } from '../src/log/sqlite/index.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { keep: { type: 'string' }, concurrency: { type: 'string', default: '50' } },
})
const seconds = Number(positionals[0] ?? 5)
const concurrency = Number(values.concurrency)

const meta = { machine: 'session', machineVersion: '1', fingerprint: 'a1b2c3d4', node: 'bench' }
const kinds = ['SenderAccepted', 'RecipientAccepted', 'ContentStarted', 'MessageAccepted'].map((type) =>
  kindOf(type, 1, { ...meta, input: type, from: 'identified', to: 'receiving', effects: 'reply' }),
)
const body = Buffer.alloc(4096, 'x'.repeat(76).concat('\r\n'))
const dialogue = 'C: MAIL FROM:<sender@example.org> SIZE=4096\nS: 250 2.1.0 Ok'

let made = 0
const eventsOf = (message: string): NewEvent[] =>
  kinds.map((kind) => ({
    id: `00000000-0000-4000-8000-${String(made++).padStart(12, '0')}`,
    kind,
    at: 1_700_000_000_000 + made,
    data: { message, sender: 'sender@example.org', recipients: ['somebody@example.net'], size: body.length },
    meta: { dialogue },
  }))

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0

const client = async (log: EventLog, name: string, until: number, latencies: number[]): Promise<void> => {
  let stream = ''
  for (let revision = -1, n = 0; performance.now() < until; revision += 4, n++) {
    const begun = performance.now()
    const message = `${name}${String(made).padStart(10, '0')}`
    if (n % 32 === 0) {
      revision = -1
      stream = `smtp_session-${message}`
    }
    const contents = [{ id: message, bytes: body }]
    await log.append([{ stream, expected: revision, events: eventsOf(message), contents }])
    latencies.push(performance.now() - begun)
  }
}

const measureAppends = async (directory: string): Promise<void> => {
  const log = await openSqliteLog({ directory })
  const latencies: number[] = []
  let largest = 0
  const watch = setInterval(() => {
    largest = Math.max(largest, statSync(join(directory, 'log.sqlite-wal')).size)
  }, 100)
  const begun = performance.now()
  const cpu = process.threadCpuUsage()
  const run = Date.now().toString(36)
  await Promise.all(
    Array.from({ length: concurrency }, () => client(log, run, begun + seconds * 1000, latencies)),
  )
  const took = (performance.now() - begun) / 1000
  const { user, system } = process.threadCpuUsage(cpu)
  clearInterval(watch)
  latencies.sort((a, b) => a - b)
  console.log(
    `appends/s ${Math.round(latencies.length / took)}  p50 ${quantile(latencies, 0.5).toFixed(1)} ms  p99 ${quantile(latencies, 0.99).toFixed(1)} ms  max ${quantile(latencies, 1).toFixed(1)} ms  main thread ${((user + system) / latencies.length).toFixed(1)} µs an append  write-ahead log ${Math.round(largest / 2 ** 20)} MiB`,
  )
  await log.close()
}

const measureReading = async (directory: string): Promise<void> => {
  const reader = openSqliteReader({ directory })
  const cases = [{}, { filter: { types: ['MessageAccepted'] } }, { filter: { categories: ['account'] } }]
  for (const options of cases) {
    const begun = performance.now()
    let events = 0
    for await (const page of reader.readAll(0, options)) events += page.length
    const took = (performance.now() - begun) / 1000
    const tail = await reader.tail()
    console.log(
      `reading ${JSON.stringify(options)}: ${events} of ${tail} events, ${Math.round(tail / took)} positions/s`,
    )
  }
  await reader.close()
}

const directory = values.keep ?? mkdtempSync(join(tmpdir(), 'fsmtp-bench-log-'))
try {
  if (seconds > 0) await measureAppends(directory)
  await measureReading(directory)
} finally {
  if (values.keep === undefined) rmSync(directory, { recursive: true })
}
