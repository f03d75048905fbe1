/** Where a backtest begins to read, and that every log will do. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lenient } from '../../machines/session/rules/rules.ts'
import { beginningOf } from '../../src/backtest/beginning.ts'
import { backtest } from '../../src/backtest/index.ts'
import { openKurrentLog } from '../../src/log/kurrent/index.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { type EventLog, kindOf, type LogReader } from '../../src/log/port.ts'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'
import { target } from '../kurrent/target.ts'
import { scratch } from '../scratch.ts'
import { begun, policyWith, recorded, rules, spf } from './visits.ts'

const refusing = rules({ spf: { fail: 'refuse' } })
const minute = 60_000
const eve = { mails: [{ findings: spf('fail') }] }

const noted = kindOf('MessageAccepted', 1, {})
/** As many events of other streams, each of them a minute after the one before. */
const addOthers = (log: EventLog, name: string, times: readonly number[]): Promise<unknown> =>
  log.append([
    {
      stream: `other-${name}`,
      expected: -1,
      events: times.map((at) => ({ id: crypto.randomUUID(), kind: noted, at, data: {} })),
    },
  ])
const minutes = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, at) => begun + (from + at) * minute)

test('what lies before the time that is asked about is not read', async (t) => {
  const log = await openSqliteLog({ directory: scratch('log') })
  t.after(() => log.close())
  for (let at = 0; at < 20; at++) await addOthers(log, `${at}`, minutes(at * 1000, (at + 1) * 1000))
  const after = await beginningOf(log, begun + 15_000 * minute)
  assert.ok(after > 13_000 && after <= 15_000, `${after}`)
  assert.equal(await beginningOf(log, begun - minute), 0)
  const late = await beginningOf(log, begun + 99_000 * minute)
  assert.ok(late >= 19_000 && late < 20_000, `${late}`)
})

test('an imported history out of order hides nothing', async () => {
  const log = openMemoryLog()
  await addOthers(log, 'live', minutes(10_000, 14_000))
  await addOthers(log, 'imported', minutes(0, 9_000))
  await addOthers(log, 'live-again', minutes(14_000, 16_000))
  const after = await beginningOf(log, begun + 12_000 * minute)
  assert.ok(after <= 2_000, `${after}`)
})

test('an empty log, and positions that cannot be reckoned with', async () => {
  assert.equal(await beginningOf(openMemoryLog(), begun), 0)
  const sparse: Pick<LogReader, 'readAll' | 'tail' | 'spacing'> = {
    spacing: 100,
    tail: async () => 5000,
    readAll: () => assert.fail('nothing is to be read'),
  }
  assert.equal(await beginningOf(sparse, begun), 0)
})

test('a time within a long log: the same as of everything, without reading everything', async (t) => {
  const log = await openSqliteLog({ directory: scratch('log') })
  t.after(() => log.close())
  const past = recorded(log)
  for (let at = 0; at < 600; at++) await past.visit(policyWith(lenient), eve, at * 10 * minute)
  const since = begun + 5_000 * minute
  let first = Number.POSITIVE_INFINITY
  const watched = {
    tail: () => log.tail(),
    readStream: log.readStream.bind(log),
    readAll: async function* (...asked: Parameters<LogReader['readAll']>) {
      for await (const page of log.readAll(...asked)) {
        if (asked[1]?.filter !== undefined) first = Math.min(first, page[0]!.position)
        yield page
      }
    },
  }
  const { summary } = await backtest({ log: watched, rules: refusing, since })
  assert.deepEqual({ sessions: summary.sessions, changed: summary.changed }, { sessions: 100, changed: 100 })
  assert.ok(first > 2000, `${first}`)
})

test('a log in KurrentDB', async (t) => {
  const log = await openKurrentLog({ url: (await target(t)).url })
  t.after(() => log.close())
  const past = recorded(log)
  // The database may hold what other tests left: only these are of this time.
  const own = 40 * 525_600 * minute + Math.floor(Math.random() * 1e9) * 1000
  for (const at of [0, 1, 2]) await past.visit(policyWith(lenient), eve, own + at * minute)
  const { summary } = await past.test({
    rules: refusing,
    since: begun + own + minute,
    until: begun + own + 2 * minute,
  })
  assert.deepEqual({ sessions: summary.sessions, changed: summary.changed }, { sessions: 2, changed: 2 })
})
