/** How much of SQLite's accept rate is left where each append takes 5 ms to a database: the waiting is hidden by many sessions at once. */
import type { Database } from './database.ts'
import { measureAccepts } from './load.ts'
import type { Running } from './process.ts'
import { type Spent, spentBy } from './processor-time.ts'
import { type Contender, interleave, median, ratio } from './rounds.ts'
import type { Size } from './size.ts'
import { perSecond, type Row } from './table.ts'

export const latency = 5

type Both = { readonly sqlite: Running; readonly kurrent: Running; readonly database: Database }
type Costs = Map<string, number[]>

/** What a mail costs these processes, by name, into `costs`. */
const counted = async <Result>(
  costs: Costs,
  { messages, pids }: { messages: number; pids: Readonly<Record<string, number>> },
  work: () => Promise<Result>,
): Promise<Result> => {
  const before = Object.entries(pids).map(([name, pid]): [string, number, Spent] => [name, pid, spentBy(pid)])
  const result = await work()
  for (const [name, pid, { all, main }] of before) {
    const now = spentBy(pid)
    const note = (what: string, spent: number): void => {
      const key = `${name} ${what}`
      costs.set(key, [...(costs.get(key) ?? []), spent / messages])
    }
    note('all', now.all - all)
    note('main', now.main - main)
  }
  return result
}

const said = (costs: Costs, name: string): string => {
  const [all, main] = ['all', 'main'].map((what) => Math.round(median(costs.get(`${name} ${what}`) ?? [])))
  return `${all} µs (its main thread ${main})`
}

export const measureKurrentAccepts = async (
  { sqlite, kurrent, database }: Both,
  size: Size,
): Promise<Row> => {
  const costs: Costs = new Map()
  const messages = size.messages.fsmtp
  const sending =
    (pids: Readonly<Record<string, number>>) =>
    ({ port }: Running): Promise<number> =>
      counted(costs, { messages, pids }, () =>
        measureAccepts({ port, messages, sessions: 200, connections: 'reused' }),
      )
  const contenders: Contender[] = [
    { name: 'sqlite', server: sqlite, measure: sending({ sqlite: sqlite.pid }) },
    { name: 'kurrent', server: kurrent, measure: sending({ kurrent: kurrent.pid, database: database.pid }) },
  ]
  await interleave(contenders, { ...size, rounds: 1 })
  costs.clear()
  const figures = await interleave(contenders, size)
  const rate = (name: string): string => perSecond(median(figures.get(name) ?? []))
  return {
    what: `accepts, 200 connections reused, log in KurrentDB with ${latency} ms for an append: share of SQLite's`,
    value: ratio(figures, 'kurrent', 'sqlite'),
    unit: 'share',
    must: 0.6,
    aim: 0.8,
    better: 'more',
    note: `${rate('kurrent')} and ${rate('sqlite')}; processor time a mail: ${said(costs, 'kurrent')}, and the stand-in for the database beside it ${said(costs, 'database')}; with SQLite ${said(costs, 'sqlite')}`,
  }
}
