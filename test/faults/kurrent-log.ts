/** A log on the stand-in, with time-outs short enough to wait for. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { type KurrentOptions, openKurrentLog } from '../../src/log/kurrent/index.ts'
import { type EventLog, kindOf, type NewEvent, type StoredEvent } from '../../src/log/port.ts'
import { type KurrentStandIn, type StandInOptions, startKurrentStandIn } from '../kurrent/stand-in.ts'

export type Opened = { readonly server: KurrentStandIn; readonly log: EventLog }

export const quick = {
  answerWithin: 8_000,
  silentAfter: 150,
  readWithin: 8_000,
  connectWithin: 3_000,
} as const

export const standInWith = async (
  context: TestContext,
  options: StandInOptions = {},
): Promise<KurrentStandIn> => {
  const server = await startKurrentStandIn(options)
  context.after(() => server.close())
  return server
}

export const openOn = async (
  context: TestContext,
  server: KurrentStandIn,
  options: Partial<KurrentOptions> = {},
): Promise<EventLog> => {
  const log = await openKurrentLog({ url: server.url, ...quick, ...options })
  context.after(() => log.close())
  return log
}

export const opened = async (
  context: TestContext,
  { server: about, ...options }: Partial<KurrentOptions> & { readonly server?: StandInOptions } = {},
): Promise<Opened> => {
  const server = await standInWith(context, about)
  return { server, log: await openOn(context, server, options) }
}

const noted = kindOf('Noted', 1, { machine: 'test' })
export const event = (data: object = {}): NewEvent => ({
  id: randomUUID(),
  kind: noted,
  at: 1_700_000_000_000,
  data,
})

export const put = (log: EventLog, stream: string, expected: number, events: readonly NewEvent[]) =>
  log.append([{ stream, expected, events }])

export const gather = async (pages: AsyncIterable<readonly StoredEvent[]>): Promise<StoredEvent[]> => {
  const all: StoredEvent[] = []
  for await (const page of pages) all.push(...page)
  return all
}

export const ids = (events: readonly { readonly id: string }[]): string[] => events.map(({ id }) => id)

/** What the server has of a stream, seen past the client. */
export const storedIds = ({ log }: KurrentStandIn, stream: string): string[] =>
  ids(log.records.filter((record) => record.stream === stream))

export const allStored = (server: KurrentStandIn, stream: string, events: readonly NewEvent[]): void =>
  assert.deepEqual(storedIds(server, stream), ids(events))
