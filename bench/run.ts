/**
 * `npm run bench`: the table of numbers, measured now on this machine.
 *
 *   npm run bench -- --smoke       a look within two minutes: few rounds, a shorter log
 *   npm run bench -- --out FILE    writes the table there too
 *   npm run bench -- --dir DIR     where data is kept meanwhile (default: a directory in /var/tmp)
 *   npm run bench -- --only WORD   accepts, kurrent, outgoing, deferred, history, idle, large, long-log, authentication, backtest, api or page; several times for several
 *   npm run bench -- --shown DIR   what api and page look at is filled there, and stays for the next run
 *
 * A slow number fails nothing. What cannot be measured without a program that is not installed says so in its row; what could not
 * be measured for another reason is named above the table, and the exit code is 1.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findProgram } from '../test/programs.ts'
import { measureAcceptRows, type Servers } from './accepts.ts'
import { measureApiRow } from './api.ts'
import { measureAuthenticationRow } from './authentication.ts'
import { measureBacktestRow } from './backtest.ts'
import { startDatabase } from './database.ts'
import { measureDeferredRows } from './deferred.ts'
import { measureFailover } from './failover.ts'
import { measureIdleRow, measureLargeRow } from './footprint.ts'
import { type Installed, install } from './fsmtp.ts'
import { measureCatchUpRow, measureVerifyRow } from './history.ts'
import { latency, measureKurrentAccepts } from './kurrent-accepts.ts'
import { measureKurrentHistory } from './kurrent-history.ts'
import { measureLongLogRow } from './long-log.ts'
import { describe, inMemory } from './machine.ts'
import { measureOutgoingRow } from './outgoing.ts'
import { measurePageRows } from './page.ts'
import { type Filled, filled } from './page-data.ts'
import { measurePageFlowRows } from './page-flow.ts'
import { postfixMissing, startPostfix } from './postfix.ts'
import { freePort, type Running, start } from './process.ts'
import { startSinks } from './sinks.ts'
import { smoke, whole } from './size.ts'
import { markdown, type Row } from './table.ts'

const parts = [
  'accepts',
  'kurrent',
  'outgoing',
  'deferred',
  'history',
  'idle',
  'large',
  'long-log',
  'authentication',
  'backtest',
  'api',
  'page',
] as const
type Part = (typeof parts)[number]

const { values } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    out: { type: 'string' },
    dir: { type: 'string', default: '/var/tmp' },
    shown: { type: 'string' },
    only: { type: 'string', multiple: true, default: [...parts] },
  },
})
const size = values.smoke ? smoke : whole
const asked = (part: Part): boolean => values.only.includes(part)

const home = mkdtempSync(join(values.dir, 'fsmtp-bench-'))
chmodSync(home, 0o755)
const ceilingScript = fileURLToPath(new URL('./ceiling.ts', import.meta.url))
const startedAt = performance.now()
const note = (words: string): boolean =>
  process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${words}\n`)

const startCeiling = async (): Promise<Running> => {
  const port = await freePort()
  return start({ command: process.execPath, args: [ceilingScript, `${port}`], port })
}

const missingPostfix = async (): Promise<{ running: Running | null; without: string | null }> => {
  const without = postfixMissing()
  return { running: without === null ? await startPostfix(join(home, 'postfix')) : null, without }
}

const accepts = async (installed: Installed): Promise<Row[]> => {
  const { running: postfix, without } = await missingPostfix()
  const servers: Servers = { ceiling: await startCeiling(), fsmtp: await installed.serve(), postfix, without }
  try {
    return await measureAcceptRows(servers, size)
  } finally {
    for (const server of [servers.ceiling, servers.fsmtp, postfix]) await server?.stop()
  }
}

/** A server with an empty log, for one measurement. */
const fresh = async (name: string, measure: (server: Running) => Promise<Row>): Promise<Row> => {
  const installed = await install(join(home, name))
  const server = await installed.serve()
  try {
    return await measure(server)
  } finally {
    await server.stop()
  }
}

const longLog = async (): Promise<Row> => {
  const both = { empty: await install(join(home, 'empty')), long: await install(join(home, 'long')) }
  return measureLongLogRow(both, size)
}

const outgoing = async (): Promise<Row> => {
  const sinks = await startSinks()
  const without = postfixMissing()
  const postfix = without === null ? await startPostfix(join(home, 'postfix-out'), sinks.ports) : null
  const fsmtp = await (await install(join(home, 'out'), sinks.ports)).serve()
  try {
    return await measureOutgoingRow({ fsmtp, postfix, without }, sinks, size)
  } finally {
    for (const server of [fsmtp, postfix]) await server?.stop()
    await sinks.stop()
  }
}

const kurrent = async (): Promise<Row[]> => {
  const database = await startDatabase({ latency })
  const servers: Running[] = []
  try {
    const sqlite = await (await install(join(home, 'beside-kurrent'))).serve()
    servers.push(sqlite)
    const there = await install(join(home, 'kurrent'), new Map(), { log: database.url })
    servers.push(await there.serve())
    return [await measureKurrentAccepts({ sqlite, kurrent: servers[1]!, database }, size)]
  } finally {
    for (const server of servers) await server.stop()
    await database.stop()
  }
}

const kurrentHistory = async (): Promise<Row[]> => {
  const database = await startDatabase({ latency: 0 })
  try {
    return [await measureKurrentHistory(database, size.events)]
  } finally {
    await database.stop()
  }
}

let shownData: Promise<Filled> | null = null
/** One for all that look at it. */
const shown = (): Promise<Filled> => {
  shownData ??= filled(values.shown ?? join(home, 'shown'), { count: size.shown, note })
  return shownData
}

/** Each part by its name; `history` reads the log that `accepts` left behind. */
const measures = (main: Installed): Readonly<Record<Part, () => Promise<Row[]>>> => ({
  accepts: () => accepts(main),
  kurrent: async () => [...(await kurrent()), ...(await kurrentHistory()), await measureFailover(home)],
  outgoing: async () => [await outgoing()],
  deferred: async () =>
    measureDeferredRows(await install(join(home, 'deferred')), { deferred: size.deferred, note }),
  history: async () => [measureVerifyRow(main), await measureCatchUpRow(main)],
  idle: async () => [await fresh('idle', (server) => measureIdleRow(server, size))],
  large: async () => [await fresh('large', measureLargeRow)],
  'long-log': async () => [await longLog()],
  authentication: async () => [await measureAuthenticationRow(size.rounds)],
  backtest: async () => [await measureBacktestRow(await install(join(home, 'backtest')), size.backtest)],
  api: async () => [await measureApiRow(await shown(), size)],
  page: async () => [
    ...(await measurePageRows(await shown(), size, home)),
    ...(await measurePageFlowRows(await shown(), size, home)),
  ],
})

const faults: string[] = []
const measureAll = async (): Promise<Row[]> => {
  const rows: Row[] = []
  const measure = measures(await install(join(home, 'main')))
  for (const part of parts.filter(asked)) {
    note(part)
    try {
      rows.push(...(await measure[part]()))
    } catch (error) {
      faults.push(`${part}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return rows
}

const report = (head: readonly string[], rows: readonly Row[]): string => {
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  const lines = [...head, `${size.rounds} interleaved rounds, medians; ${seconds} s in all`]
  if (inMemory(home)) lines.push(`**${values.dir} is kept in memory: nothing here was durable**`)
  const failed = faults.map((fault) => `- not measured, ${fault}\n`)
  return `${lines.map((line) => `- ${line}\n`).join('')}${failed.join('')}\n${markdown(rows)}`
}

if (findProgram('smtp-source') === null) {
  process.stderr.write(
    'fsmtp bench: not measured, smtp-source is not installed (Debian: apt-get install postfix)\n',
  )
  process.exit(1)
}
try {
  const head = describe(home)
  const table = report(head, await measureAll())
  process.stdout.write(table)
  if (values.out !== undefined) writeFileSync(values.out, table)
  if (faults.length > 0) process.exitCode = 1
} finally {
  rmSync(home, { recursive: true, force: true })
}
