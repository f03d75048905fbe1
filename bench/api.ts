/** How soon lists of the Web API are answered while mail flows. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Filled } from './page-data.ts'
import { quiet } from './rounds.ts'
import type { Size } from './size.ts'
import { milliseconds, perSecond, type Row } from './table.ts'

const run = promisify(execFile)
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

export type Spread = { readonly p50: number; readonly p99: number; readonly max: number }
type Answers = Spread & { readonly rate: number; readonly kinds: Readonly<Record<string, Spread>> }
export type Flow = { readonly rate: number; readonly p50: number; readonly p99: number }

/** Mails a second, and requests. */
export const flow = 500
const pace = 200

/** What a script of this directory printed. */
export const said = async <Said>(name: string, args: readonly (string | number)[]): Promise<Said> => {
  const { stdout } = await run(process.execPath, [script(name), ...args.map(String)])
  return JSON.parse(stdout) as Said
}

export const measureApiRow = async ({ serve, http, key, count }: Filled, size: Size): Promise<Row> => {
  const server = await serve()
  try {
    await said<Answers>('./api-load.ts', [http, key, pace, 2])
    await quiet(size.rest)
    const [answers, mail] = await Promise.all([
      said<Answers>('./api-load.ts', [http, key, pace, size.seconds]),
      said<Flow>('./paced.ts', [server.port, flow, size.seconds + 1]),
    ])
    const kinds = Object.entries(answers.kinds).map(
      ([kind, { p50, p99 }]) => `${kind} ${milliseconds(p50)} / ${p99.toFixed(1)}`,
    )
    return {
      what: `a list of the Web API, ${pace} requests a second beside ${flow} mails a second, p99`,
      value: answers.p99,
      ...{ unit: 'ms', must: 20, aim: 10, better: 'less' },
      note: `${count.toLocaleString('en-US')} messages, sessions, deliveries; asked ${perSecond(answers.rate)}, mail ${perSecond(mail.rate)} (final dot to 250: p50 ${milliseconds(mail.p50)}, p99 ${milliseconds(mail.p99)}); p50 ${milliseconds(answers.p50)}; p50 / p99 of ${kinds.join(', ')}`,
    }
  } finally {
    await server.stop()
  }
}
