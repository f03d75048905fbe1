/** Events as the tests here write them. */
import { randomUUID } from 'node:crypto'
import {
  type AppendResult,
  type AppendStreamState,
  type JSONEventData,
  jsonEvent,
  type KurrentDBClient,
  type ResolvedEvent,
} from '@kurrent/kurrentdb-client'

export type Noted = JSONEventData

export const noted = (
  data: Record<string, unknown> = {},
  { id = randomUUID(), type = 'Noted' }: { readonly id?: string; readonly type?: string } = {},
): Noted => jsonEvent({ id, type, data })
export const several = (count: number, type = 'Noted'): Noted[] =>
  Array.from({ length: count }, (_, n) => noted({ n }, { type }))

/** Appends expecting a revision, -1 for no stream. */
export const append = (
  client: KurrentDBClient,
  stream: string,
  expected: number | 'any' | 'stream_exists',
  events: Noted[],
): Promise<AppendResult> => client.appendToStream(stream, events, { streamState: stateOf(expected) })

const stateOf = (expected: number | 'any' | 'stream_exists'): AppendStreamState => {
  if (typeof expected === 'string') return expected
  return expected === -1 ? 'no_stream' : BigInt(expected)
}

export const gather = async (events: AsyncIterable<ResolvedEvent>): Promise<ResolvedEvent[]> => {
  const all: ResolvedEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

export const idsOf = (events: readonly (ResolvedEvent | Noted)[]): (string | undefined)[] =>
  events.map((event) => ('id' in event ? event.id : event.event?.id))
