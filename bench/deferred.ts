/**
 * A server with a great many deliveries that wait: how soon it takes mail, what it weighs, how fast one of them is found. All in
 * one log, filled as `deferred-log.ts` says.
 */
import { openSqliteReader } from '../src/log/sqlite/index.ts'
import type { DeliveryFilter } from '../src/views/answers/deliveries.ts'
import { openViews, type ViewReader } from '../src/views/index.ts'
import { fillDeferred, recipientAt, senderAt } from './deferred-log.ts'
import type { Installed } from './fsmtp.ts'
import { settled } from './memory.ts'
import { median } from './rounds.ts'
import { milliseconds, type Row } from './table.ts'

const starts = 3
/** Questions of each sort, each about something else. */
const asked = 100
const page = 50

const counted = (count: number): string => count.toLocaleString('en-US')

/** Folds the whole log into views that are not there yet. */
const catchUp = async (views: ViewReader, events: number): Promise<Row> => {
  const [startedAt, cpu] = [performance.now(), process.cpuUsage()]
  const { behind, stopped } = await views.caughtUp({ timeout: Number.POSITIVE_INFINITY })
  if (behind > 0 || stopped.length > 0) throw new Error('the views did not take the log')
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return {
    what: 'views catching up with deferred deliveries',
    value: events / seconds,
    unit: 'perSecond',
    must: 60_000,
    aim: 200_000,
    better: 'more',
    note: `all views from nothing, ${counted(events)} events, ${((user + system) / events).toFixed(1)} µs of processor time each`,
  }
}

const timed = (ask: () => number): number => {
  const startedAt = performance.now()
  const found = ask()
  const took = performance.now() - startedAt
  if (found === 0) throw new Error('a question found nothing')
  return took
}

/** Numbers of deliveries all over the log. */
const spread = (count: number): readonly number[] =>
  Array.from({ length: asked }, (_, round) => Math.floor(((round + 0.5) * count) / asked))

const measureQuestions = (views: ViewReader, count: number): Row => {
  const numbers = spread(count)
  const ids = new Map(
    numbers.map((at) => [at, [...views.deliveries({ recipient: recipientAt(at, count), limit: 1 })][0]!.id]),
  )
  const pageOf = (filter: DeliveryFilter): number => [...views.deliveries({ ...filter, limit: page })].length
  const sorts: Readonly<Record<string, (at: number) => number>> = {
    one: (at) => (views.delivery(ids.get(at)!) === null ? 0 : 1),
    domain: (at) => pageOf({ domain: recipientAt(at, count).split('@')[1] }),
    sender: (at) => pageOf({ sender: senderAt(at) }),
    recipient: (at) => pageOf({ recipient: recipientAt(at, count) }),
    status: () => pageOf({ status: 'deferred' }),
    'status and domain': (at) => pageOf({ status: 'deferred', domain: recipientAt(at, count).split('@')[1] }),
  }
  const figures = Object.entries(sorts).map(([sort, question]) => ({
    sort,
    times: numbers.map((at) => timed(() => question(at))),
  }))
  return {
    what: `one delivery among ${counted(count)}, or one filtered page of ${page}: the slowest sort`,
    value: Math.max(...figures.map(({ times }) => median(times))),
    unit: 'ms',
    must: 10,
    aim: 2,
    better: 'less',
    note: `medians of ${asked} (slowest): ${figures.map(({ sort, times }) => `${sort} ${milliseconds(median(times))} (${Math.max(...times).toFixed(1)})`).join(', ')}`,
  }
}

/** The command, from its start to its end. */
const commandTime = (installed: Installed, id: string): number => {
  const startedAt = performance.now()
  installed.command(['delivery', id])
  return performance.now() - startedAt
}

const measureStarts = async (installed: Installed, count: number, id: string): Promise<Row[]> => {
  const greetings: number[] = []
  const resident: number[] = []
  const commands: number[] = []
  for (let start = 0; start < starts; start += 1) {
    const server = await installed.serve()
    try {
      greetings.push(server.greetedAfter)
      resident.push(await settled(server.pid))
      commands.push(commandTime(installed, id))
    } finally {
      await server.stop()
    }
  }
  const what = `with ${counted(count)} deferred deliveries`
  const least = { unit: 'seconds', better: 'less' } as const
  return [
    {
      ...{
        what: `start ${what}: ready to take mail`,
        value: median(greetings) / 1000,
        must: 5,
        aim: 1,
        ...least,
      },
      note: `from the start of the program to its greeting, median of ${starts}; \`fsmtp delivery ID\` meanwhile ${Math.round(median(commands))} ms`,
    },
    {
      what: `resident memory ${what}`,
      value: Math.max(...resident),
      ...{ unit: 'megabytes', must: 400e6, aim: 200e6, better: 'less' },
      note: `of the whole server once it is at rest, the most of ${starts} starts`,
    },
  ]
}

export const measureDeferredRows = async (
  installed: Installed,
  { deferred, note }: { readonly deferred: number; readonly note: (words: string) => void },
): Promise<Row[]> => {
  await fillDeferred(installed.data, deferred)
  note(`  ${counted(deferred)} deliveries are in the log`)
  const log = openSqliteReader({ directory: installed.data })
  const views = openViews({ directory: installed.data, log })
  try {
    const caughtUp = await catchUp(views, await log.tail())
    const questions = measureQuestions(views, deferred)
    const [some] = views.deliveries({ limit: 1 })
    views.close()
    return [...(await measureStarts(installed, deferred, some!.id)), questions, caughtUp]
  } finally {
    views.close()
    await log.close()
  }
}
