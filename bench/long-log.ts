/** Whether a long log makes the server slower: two servers, one with an empty log, one with a long one. */
import { setTimeout as pause } from 'node:timers/promises'
import { fillLog } from './filled.ts'
import type { Installed } from './fsmtp.ts'
import { measureAccepts } from './load.ts'
import type { Running } from './process.ts'
import { interleave, median, ratio } from './rounds.ts'
import type { Size } from './size.ts'
import { perSecond, type Row } from './table.ts'

const load = { sessions: 50, connections: 'reused' } as const

/** One mail, by a server that is stopped again: the session that the long log tells again. */
const takeOne = async (installed: Installed): Promise<void> => {
  const server = await installed.serve()
  await measureAccepts({ port: server.port, sessions: 1, messages: 1, connections: 'new' })
  await server.stop()
}

const lags = (installed: Installed): readonly number[] =>
  installed
    .command(['views', '--json'])
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
    .map((view) => (typeof view === 'object' && view !== null && 'lag' in view ? Number(view.lag) : 0))

/** Until every view has read the whole log, five minutes at most. */
const caughtUp = async (installed: Installed): Promise<void> => {
  const deadline = performance.now() + 300_000
  while (lags(installed).some((lag) => lag > 0)) {
    if (performance.now() > deadline) throw new Error('the views did not catch up in five minutes')
    await pause(500)
  }
}

type Both = { readonly empty: Installed; readonly long: Installed }

const compare = async (both: Both, size: Size): Promise<ReadonlyMap<string, readonly number[]>> => {
  const servers: Running[] = []
  try {
    const [empty, long] = [await both.empty.serve(), await both.long.serve()]
    servers.push(empty, long)
    await caughtUp(both.long)
    const measure = ({ port }: Running): Promise<number> =>
      measureAccepts({ port, messages: size.messages.fsmtp, ...load })
    const contenders = [
      { name: 'empty', server: empty, measure },
      { name: 'long', server: long, measure },
    ]
    await interleave(contenders, { ...size, rounds: 1 })
    return await interleave(contenders, size)
  } finally {
    for (const server of servers) await server.stop()
  }
}

export const measureLongLogRow = async (both: Both, size: Size): Promise<Row> => {
  await takeOne(both.long)
  await fillLog(both.long.data, size.events)
  const figures = await compare(both, size)
  const rate = (name: string): string => perSecond(median(figures.get(name) ?? []))
  return {
    what: `accept rate with ${size.events.toLocaleString('en-US')} events in the log, against an empty one`,
    value: ratio(figures, 'long', 'empty'),
    unit: 'share',
    must: 0.9,
    aim: 1,
    better: 'more',
    note: `${rate('long')} and ${rate('empty')}`,
  }
}
