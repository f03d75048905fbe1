/** Messages: what was accepted, what it says, and everything that happened to it. */
import { Readable } from 'node:stream'
import { z } from 'zod'
import { omitting } from '../../content/omitting.ts'
import { exportStreams } from '../../history/export.ts'
import { remembered } from '../../retention/remembered.ts'
import { message, messageDetails, traceLine } from '../../shapes/message.ts'
import { traceLines } from '../../smtp/trace.ts'
import {
  messageDetails as detailsOf,
  type MessageHistory,
  messageHistory,
} from '../../telling/message-history.ts'
import { traceOf } from '../../telling/message-trace.ts'
import type { Message } from '../../views/answers/messages.ts'
import type { House } from '../house.ts'
import { Problem } from '../problem.ts'
import { cursorFor } from './cursor.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { idIn, paging, since, text, until, usualLimit } from './fields.ts'
import { filterOf, listOf, type Paged, pageOf, placeOf, reach, wholeOf } from './lists.ts'
import type { Rooms } from './rooms.ts'
import { passedOver, searched, seekerIn, words } from './searched.ts'
import { inTurns } from './turns.ts'

const tag = 'Messages'
const params = { id: idIn('The message’s id') }
const absent = { 404: 'There is no such message' }

export const findMessage = (rooms: Rooms, id: string): Promise<Message> =>
  rooms.found(`message ${id}`, () => rooms.desk('message', id))

const historyOf = async (rooms: Rooms, house: House, id: string): Promise<MessageHistory> =>
  messageHistory(await findMessage(rooms, id), {
    log: house.log,
    deliveriesOf: (one) => rooms.desk('deliveriesOf', one),
    notices: (delivery) => rooms.desk('notices', delivery),
  })

/** @throws Problem 410 where it was forgotten */
export const bodyOf = async ({ content }: House, { id, contentForgottenAt }: Message): Promise<Readable> => {
  const body = await content.stream(id)
  if (body !== null) return body
  if (contentForgottenAt !== null)
    throw new Problem(
      410,
      `the content of message ${id} was removed at ${contentForgottenAt}, as retention asks`,
    )
  throw new Problem(500, `the content of message ${id} is not where it should be`)
}

/** Under our own trace lines, without lines that others wrote in our name. */
const rawOf = async function* (
  { message: { id: _ }, accepted }: MessageHistory,
  body: Readable,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(traceLines(accepted.data, accepted.at))
  yield* omitting(body, accepted.data.authentication?.forged)
}

/** Those that say some words, of those that filters find. */
const saying = async (
  came: Pick<Parameters<Endpoint['answer']>[0], 'rooms' | 'request' | 'reply'>,
  asked: Paged & { readonly text: string },
) => {
  const { limit = usualLimit, position, text: words } = asked
  const { text: _, ...filter } = filterOf(asked)
  const before = placeOf('messages', asked)
  if (position !== undefined) await came.rooms.until(position)
  const { items, end, ...found } = await searched(seekerIn(came), {
    ...{ words, limit, before },
    placeOf: ({ id, acceptedAt }: Message) => ({ id, at: Date.parse(acceptedAt) }),
    mailOf: ({ id, size, from, subject }) => ({ message: id, size, from, subject }),
    page: async (place, most) => {
      const page = await came.rooms.far('messages', filter, { limit: most, before: place, reach })
      // The desk tells it as JSON.
      return { rows: JSON.parse(page.items) as Message[], rest: page.end }
    },
  })
  return {
    items,
    next: end === null ? null : cursorFor('messages', asked, [end.at, end.id]),
    searchedTo: found.searched === null ? null : new Date(found.searched.at).toISOString(),
    passedOver: found.passedOver,
  }
}

const list = endpoint({
  ...{ method: 'GET', path: '/messages', name: 'listMessages', tag, role: 'look' },
  summary: 'Lists accepted messages',
  about: 'Accepted messages',
  query: {
    since: since('Accepted at or after'),
    until: until('Accepted at or before'),
    sender: text('The envelope’s sender; * stands for anything, <> for the null sender').optional(),
    recipient: text('One of the envelope’s recipients; * stands for anything').optional(),
    session: text('The id of the session it came in').optional(),
    subject: text('Words each of which stands in its subject; one in quotes may have blanks').optional(),
    tag: text('A rule of the policy by which it is Junk: spf.fail, dmarc.*; * for any').optional(),
    text: words,
    ...paging,
  },
  answers: {
    200: {
      about: 'A page of messages',
      shape: z.object({ ...listOf(message, 'MessagePage').shape, ...passedOver }).meta({ id: 'Messages' }),
    },
  },
  answer: async (came) => {
    const { query, rooms } = came
    if (query.text !== undefined) return saying(came, { ...query, text: query.text })
    return pageOf('messages', query, {
      rooms,
      ask: (desk, page) => desk('messages', filterOf(query), page),
    })
  },
})

const one = endpoint({
  ...{ method: 'GET', path: '/messages/{id}', name: 'getMessage', tag, role: 'look' },
  summary: 'Shows one message and where it went',
  ...{ about: 'One message, where it went, and what was found of it', params, problems: absent },
  answers: { 200: { about: 'The message', shape: messageDetails } },
  answer: async ({ params: { id }, rooms, house }) => detailsOf(await historyOf(rooms, house, id)),
})

const raw = endpoint({
  ...{ method: 'GET', path: '/messages/{id}/raw', name: 'getRawMessage', tag, role: 'look', params },
  summary: 'Gives a message’s bytes as they came in',
  about: 'Its bytes as they came in, under our Return-Path and Received lines',
  answers: { 200: { about: 'The message', media: { 'text/plain': 'Shown as text, whatever it contains' } } },
  problems: { ...absent, 410: 'Its content was removed, as retention asks' },
  answer: async ({ params: { id }, rooms, house, reply }) => {
    const found = await historyOf(rooms, house, id)
    const body = await bodyOf(house, found.message)
    return reply
      .type('text/plain; charset=utf-8')
      .header('content-disposition', `inline; filename="${id}.eml.txt"`)
      .send(Readable.from(rawOf(found, body)))
  },
})

const trace = endpoint({
  ...{ method: 'GET', path: '/messages/{id}/trace', name: 'getMessageTrace', tag, role: 'look', params },
  summary: 'Tells everything that happened to a message',
  about: 'Everything that happened to it, in order',
  answers: {
    200: { about: 'One line for each thing', shape: wholeOf(traceLine, 'Trace') },
  },
  problems: absent,
  answer: async ({ params: { id }, rooms, house }) => ({
    items: traceOf(await historyOf(rooms, house, id)),
    next: null,
  }),
})

/** The streams in which it is spoken of. */
const streamsOf = ({ message: { stream }, standings, notices }: MessageHistory): readonly string[] => [
  ...new Set([
    stream,
    ...standings.map(({ id }) => `delivery-${id}`),
    ...notices.map((notice) => notice.stream),
  ]),
]

const evidence = endpoint({
  ...{ method: 'GET', path: '/messages/{id}/evidence', name: 'getMessageEvidence', tag, role: 'look' },
  ...{ params, problems: absent },
  summary: 'Gives all that the log knows of a message, as a history file',
  about:
    'All that the log knows of it: the histories of its session, its deliveries and its reports, with every finding and verdict, as a history file that `fsmtp replay` and `fsmtp verify` read. Other messages of its session are told of, without their content',
  answers: { 200: { about: 'A history file', media: { 'application/x-ndjson': 'One object a line' } } },
  answer: async ({ params: { id }, rooms, house, reply }) => {
    const streams = streamsOf(await historyOf(rooms, house, id))
    const lines = exportStreams(streams, {
      log: remembered(house.log),
      content: (asked) => house.content.stream(asked),
      contentOf: [id],
    })
    return reply
      .type('application/x-ndjson')
      .header('content-disposition', `attachment; filename="${id}.ndjson"`)
      .send(Readable.from(inTurns(lines)))
  },
})

export const messageRows: readonly Endpoint[] = [list, one, raw, trace, evidence]
