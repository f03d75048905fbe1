/**
 * Forgets a portion: first the fact, so that nothing is ever missing without a word, then what it names. What was said and not done,
 * because the server ended between, is done at the next start: a note in the data directory says what it was.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ContentForgotten, HistoryForgotten } from '../../machines/vocabulary/events.ts'
import { newEventId, newId, now } from '../actors/identity.ts'
import type { ContentStore } from '../content/port.ts'
import { type EventLog, kindOf } from '../log/port.ts'
import type { Portion } from './due.ts'

export type ForgettingParts = {
  /** The data directory. */
  readonly directory: string
  readonly node: string
  readonly log: Pick<EventLog, 'append' | 'forget' | 'readStream'>
  readonly content: Pick<ContentStore, 'remove'>
}

type Fact =
  | { readonly type: 'HistoryForgotten'; readonly data: HistoryForgotten }
  | { readonly type: 'ContentForgotten'; readonly data: ContentForgotten }

export const category = 'retention'

const factOf = ({ rule, before, ids }: Portion): Fact =>
  rule === 'content'
    ? { type: 'ContentForgotten', data: { before, messages: ids } }
    : {
        type: 'HistoryForgotten',
        data: { rule, before, streams: ids.map((id) => `smtp_session-${id}`) },
      }

/** @throws what the log and the store throw; `finish` then ends what was begun */
export const forgetPortion = async (parts: ForgettingParts, portion: Portion): Promise<void> => {
  const fact = factOf(portion)
  const stream = `${category}-${newId()}`
  const at = now()
  await note(parts, stream)
  await parts.log.append([
    {
      ...{ stream, expected: -1 },
      events: [{ id: newEventId(at), kind: kindOf(fact.type, 1, { node: parts.node }), at, data: fact.data }],
    },
  ])
  await carryOut(parts, fact)
  await done(parts)
}

/** What was begun and not ended, by this server or an earlier run of it. */
export const finish = async (parts: ForgettingParts): Promise<void> => {
  const stream = await noted(parts)
  if (stream === null) return
  // What was written here is what the vocabulary says.
  for await (const page of parts.log.readStream(stream))
    for (const { type, data } of page) await carryOut(parts, { type, data } as object as Fact)
  await done(parts)
}

const carryOut = async ({ log, content }: ForgettingParts, { type, data }: Fact): Promise<void> => {
  if (type === 'HistoryForgotten') return log.forget({ streams: data.streams })
  // Small ones lie beside their events, large ones do not.
  await log.forget({ contents: data.messages })
  for (const message of data.messages) await content.remove(message)
}

const fileOf = ({ directory }: ForgettingParts): string => join(directory, 'retention.json')

const note = async (parts: ForgettingParts, stream: string): Promise<void> => {
  const file = fileOf(parts)
  await writeFile(`${file}.new`, JSON.stringify({ stream }), { mode: 0o600, flush: true })
  await rename(`${file}.new`, file)
}

const noted = async (parts: ForgettingParts): Promise<string | null> => {
  try {
    const { stream } = JSON.parse(await readFile(fileOf(parts), 'utf8')) as { stream?: unknown }
    return typeof stream === 'string' && stream.startsWith(`${category}-`) ? stream : null
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

const done = (parts: ForgettingParts): Promise<void> => rm(fileOf(parts), { force: true })
