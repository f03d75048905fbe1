/** From the first mail accepted to the last one delivered: mail for ten destinations, against Postfix. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Running } from './process.ts'
import { type Contender, interleave, median, ratio } from './rounds.ts'
import type { Sinks } from './sinks.ts'
import type { Size } from './size.ts'
import { perSecond, type Row } from './table.ts'

const load = fileURLToPath(new URL('./outgoing-load.ts', import.meta.url))
const connections = 20
/** Milliseconds after which a run that does not end has failed. */
const patience = 180_000

/** Messages a second, from first accept to last delivery. */
const measure = async (
  { port }: Running,
  { sinks, messages, account }: { sinks: Sinks; messages: number; account: string | null },
): Promise<number> => {
  const before = sinks.taken()
  const args = [load, `${port}`, `${connections}`, `${messages}`, ...(account === null ? [] : [account])]
  const startedAt = performance.now()
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error('a mail for another host was not accepted')
  while (sinks.taken() - before < messages) {
    if (performance.now() - startedAt > patience)
      throw new Error(
        `only ${sinks.taken() - before} of ${messages} messages arrived within ${patience / 1000} s`,
      )
    await pause(5)
  }
  return (messages / (performance.now() - startedAt)) * 1000
}

export const measureOutgoingRow = async (
  servers: { readonly fsmtp: Running; readonly postfix: Running | null; readonly without: string | null },
  sinks: Sinks,
  size: Size,
): Promise<Row> => {
  const messages = size.outgoing
  const contenders: Contender[] = [
    {
      name: 'fsmtp',
      server: servers.fsmtp,
      measure: (server) => measure(server, { sinks, messages, account: 'box@bench.example' }),
    },
  ]
  const { postfix } = servers
  if (postfix !== null)
    contenders.push({
      name: 'postfix',
      server: postfix,
      measure: (server) => measure(server, { sinks, messages, account: null }),
    })
  const rounds = Math.min(size.rounds, 3)
  const figures = await interleave(contenders, { ...size, rounds })
  const rates = [...figures].map(([name, numbers]) => `${name} ${perSecond(median(numbers))}`).join(', ')
  return {
    what: `${messages} mails to 10 destinations, accepted and delivered: against Postfix`,
    value: ratio(figures, 'fsmtp', 'postfix'),
    unit: 'times',
    must: 1.5,
    aim: 4,
    better: 'more',
    note: [rates, servers.without].filter((part) => part !== null).join('; '),
  }
}
