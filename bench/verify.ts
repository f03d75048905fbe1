/**
 * How fast a log is proved: `node bench/verify.ts [sessions]`. Writes a synthetic log of whole sessions, as many at once as a
 * busy server has, and measures its verification with one core's worth of time (CPU time as well as the clock's).
 */
import { hash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { session } from '../machines/session/index.ts'
import { verifyLog } from '../src/history/verify.ts'
import type { Append, EventLog } from '../src/log/port.ts'
import { openSqliteLog } from '../src/log/sqlite/index.ts'
import { policyAppend, record } from '../test/history/recorder.ts'
import { policy, policyHash, sessionSaid } from '../test/history/sessions.ts'

const body = Buffer.from(`Subject: Hello\r\n\r\n${'x'.repeat(62)}\r\n`.repeat(64).slice(0, 4096))
const sha256 = hash('sha256', body, 'hex')

/** Sessions open at once. */
const together = 50

/** Appends of one group of sessions, interleaved: what came before the content, the content, the end. */
const group = (first: number, withContent: boolean): Append[][] => {
  const lives = Array.from({ length: together }, (_, at) => {
    const message = `01jbench${String(first + at).padStart(12, '0')}`
    const events = record(session, policy, sessionSaid([{ message, size: body.length, sha256 }]))
    return { stream: `smtp_session-01jbench${String(first + at).padStart(12, '0')}`, message, events }
  })
  const part = (from: number, to: number, contents: boolean): Append[] =>
    lives.map(({ stream, message, events }) => ({
      ...{ stream, expected: from - 1, events: events.slice(from, to) },
      ...(contents && { contents: [{ id: message, bytes: body }] }),
    }))
  return [part(0, 2, false), part(2, 6, withContent), part(6, 7, false)]
}

export const fillLog = async (log: EventLog, sessions: number, withContent: boolean): Promise<void> => {
  await log.append([policyAppend(policyHash, policy)])
  for (let at = 0; at < sessions; at += together)
    for (const appends of group(at, withContent)) await log.append(appends)
}

const rate = (count: number, seconds: number): string => Math.round(count / seconds).toLocaleString('en')

const measure = async (log: EventLog, withContent: boolean): Promise<void> => {
  const cpu = process.cpuUsage()
  const start = performance.now()
  const summary = await verifyLog(log, {
    machines: [session],
    found: (finding) => {
      throw new Error(JSON.stringify(finding))
    },
    content: withContent
      ? async (message) => {
          const bytes = await log.content(message)
          return bytes !== null && hash('sha256', bytes, 'hex') === sha256 ? null : 'changed'
        }
      : null,
    books: null,
  })
  const { user, system } = process.cpuUsage(cpu)
  const { transitions } = summary
  const seconds = (performance.now() - start) / 1000
  console.log(
    `| ${withContent ? 'with contents' : 'replay alone'} | ${transitions.toLocaleString('en')} | ${rate(transitions, seconds)} | ${rate(transitions, (user + system) / 1e6)} |`,
  )
}

export const run = async (sessions: number): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'fsmtp-bench-'))
  const log = await openSqliteLog({ directory })
  try {
    await fillLog(log, sessions, true)
    console.log('| verify | transitions | per second | per second of CPU |\n|---|---|---|---|')
    for (const withContent of [false, false, false, true]) await measure(log, withContent)
  } finally {
    await log.close()
    await rm(directory, { recursive: true, force: true })
  }
}

if (import.meta.main) await run(Number(process.argv[2] ?? 20_000))
