/** How many mails a second are durably accepted: as a share of what the ceiling accepts, and against Postfix. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Load, measureAccepts } from './load.ts'
import type { Running } from './process.ts'
import { type Contender, interleave, median, quiet, ratio } from './rounds.ts'
import type { Size } from './size.ts'
import { milliseconds, perSecond, type Row } from './table.ts'

/** `postfix` is null where it cannot run, and `without` says why. */
export type Servers = {
  readonly ceiling: Running
  readonly fsmtp: Running
  readonly postfix: Running | null
  readonly without: string | null
}
type Name = 'ceiling' | 'fsmtp' | 'postfix'
type Figures = ReadonlyMap<string, readonly number[]>

const sending =
  (messages: number, shape: Pick<Load, 'sessions' | 'connections'>) =>
  ({ port }: Running): Promise<number> =>
    measureAccepts({ port, messages, ...shape })

const compare = async (
  servers: Servers,
  names: readonly Name[],
  size: Size,
  shape: Pick<Load, 'sessions' | 'connections'>,
): Promise<Figures> => {
  const share = shape.connections === 'new' ? 0.4 : 1
  const contenders = names.flatMap((name): Contender[] => {
    const server = servers[name]
    const messages = Math.round(size.messages[name] * share)
    return server === null ? [] : [{ name, server, measure: sending(messages, shape) }]
  })
  return interleave(contenders, size)
}

const rates = (figures: Figures): string =>
  [...figures].map(([name, numbers]) => `${name} ${perSecond(median(numbers))}`).join(', ')

const marks = (must: number, aim: number) => ({ must, aim, better: 'more' }) as const

const reused50 = async (servers: Servers, size: Size): Promise<Row[]> => {
  const shape = { sessions: 50, connections: 'reused' } as const
  const figures = await compare(servers, ['ceiling', 'fsmtp', 'postfix'], size, shape)
  const value = ratio(figures, 'fsmtp', 'ceiling')
  const against = ratio(figures, 'fsmtp', 'postfix')
  const note = rates(figures)
  const what = 'accepts, 50 connections reused'
  return [
    { what: `${what}: share of the ceiling`, value, unit: 'share', ...marks(0.4, 0.65), note },
    {
      what: `${what}: against Postfix`,
      value: against,
      unit: 'times',
      ...marks(5, 8),
      note: servers.without ?? 'the same rounds',
    },
  ]
}

const reused200 = async (servers: Servers, size: Size): Promise<Row[]> => {
  const figures = await compare(servers, ['ceiling', 'fsmtp'], size, { sessions: 200, connections: 'reused' })
  const value = ratio(figures, 'fsmtp', 'ceiling')
  const what = 'accepts, 200 connections reused: share of the ceiling'
  return [{ what, value, unit: 'share', ...marks(0.5, 0.75), note: rates(figures) }]
}

const newEach = async (servers: Servers, size: Size): Promise<Row[]> => {
  const shape = { sessions: 50, connections: 'new' } as const
  const figures = await compare(servers, ['ceiling', 'fsmtp', 'postfix'], size, shape)
  const note = [rates(figures), servers.without].filter((part) => part !== null).join('; ')
  const what = 'accepts, a new connection for each, 50 at a time: against Postfix'
  return [{ what, value: ratio(figures, 'fsmtp', 'postfix'), unit: 'times', ...marks(2, 4), note }]
}

type Waits = { readonly p50: number; readonly p99: number }
const run = promisify(execFile)
const latency = fileURLToPath(new URL('./latency.ts', import.meta.url))

const waits = async (port: number, { rest, latencyMessages: messages }: Size): Promise<Waits> => {
  await quiet(rest)
  const { stdout } = await run(process.execPath, [latency, `${port}`, '50', `${messages}`])
  const said: unknown = JSON.parse(stdout)
  if (typeof said !== 'object' || said === null || !('p50' in said) || !('p99' in said))
    throw new Error(`latency.ts said ${stdout}`)
  return { p50: Number(said.p50), p99: Number(said.p99) }
}

const finalDot = async (servers: Servers, size: Size): Promise<Row[]> => {
  const ours = await waits(servers.fsmtp.port, size)
  const bare = await waits(servers.ceiling.port, size)
  return [
    {
      what: 'final dot to 250 at 50 connections, p99',
      value: ours.p99,
      unit: 'ms',
      must: 40,
      aim: 15,
      better: 'less',
      note: `p50 ${milliseconds(ours.p50)}; the ceiling under the same client: p50 ${milliseconds(bare.p50)}, p99 ${milliseconds(bare.p99)}`,
    },
  ]
}

/** Every shape of load after one unmeasured round that warms the servers. */
export const measureAcceptRows = async (servers: Servers, size: Size): Promise<Row[]> => {
  const warm = { ...size, rounds: 1 }
  await compare(servers, ['ceiling', 'fsmtp', 'postfix'], warm, { sessions: 50, connections: 'reused' })
  return [
    ...(await reused50(servers, size)),
    ...(await reused200(servers, size)),
    ...(await newEach(servers, size)),
    ...(await finalDot(servers, size)),
  ]
}
