/** The log itself: page by page, or live as it is written. */
import { z } from 'zod'
import { factNames, isFactName } from '../../../machines/vocabulary/fact-names.ts'
import { nearest } from '../../config/words.ts'
import type { ReadFilter } from '../../log/port.ts'
import { event } from '../../shapes/event.ts'
import { time } from '../../shapes/shape.ts'
import type { Listening } from '../../telling/live-events.ts'
import { Problem } from '../problem.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { paging, position, text, usualLimit } from './fields.ts'
import { Json } from './json.ts'
import { live } from './live.ts'
import type { Rooms } from './rooms.ts'

const isWholeName = (stream: string): boolean => stream.includes('-')

export type Wanted = {
  readonly stream?: string | undefined
  readonly type?: string | undefined
}

/** Several types are parted by commas. @throws Problem for one that is not known */
const typesOf = ({ type }: Wanted): readonly string[] | null => {
  if (type === undefined) return null
  const types = type.split(',').map((name) => name.trim())
  for (const name of types) {
    if (isFactName(name)) continue
    const near = nearest(name.slice(0, 60), factNames)
    throw new Problem(
      400,
      `type: there is no event type ${name}${near === null ? '' : `; did you mean ${near}?`}`,
    )
  }
  return types
}

/** Of facts that are few among many: in streams of what they are. These are read without a look at all the others. */
const fewIn: Readonly<Record<string, RegExp>> = {
  account: /^Account/,
  domain: /^Domain/,
  policy: /^PolicyAdopted$/,
  policy_change: /^PolicyChanged$/,
  web_login: /^Login/,
  api_key: /^Key/,
  mailbox_message: /^Message(?:Flagged|Moved|Expunged)$/,
  retention: /Forgotten$/,
}

/** The categories of streams that have facts of these types, all of them; null where that can be any. */
export const categoriesOf = (types: readonly string[]): readonly string[] | null => {
  const found = types.map((type) => Object.keys(fewIn).find((category) => fewIn[category]!.test(type)))
  return found.includes(undefined) ? null : [...new Set(found.filter((one) => one !== undefined))]
}

const filterOf = (wanted: Wanted): ReadFilter => {
  const types = typesOf(wanted)
  const { stream } = wanted
  const category = stream !== undefined && isWholeName(stream) ? stream.slice(0, stream.indexOf('-')) : stream
  const categories = category === undefined ? types && categoriesOf(types) : [category]
  return { ...(categories !== null && { categories }), ...(types !== null && { types }) }
}

const listeningTo = (wanted: Wanted): Listening => {
  const { stream = '' } = wanted
  return { kind: 'log', stream: isWholeName(stream) ? stream : null, filter: filterOf(wanted) }
}

type Asked = Wanted & {
  readonly order: 'oldest' | 'newest'
  readonly after?: number | undefined
  readonly before?: number | undefined
  readonly revision?: number | undefined
  readonly limit?: number | undefined
}

const readPage = async (
  rooms: Rooms,
  { order, after = 0, before = Infinity, limit = usualLimit, revision = 0, ...wanted }: Asked,
): Promise<Json> => {
  const { stream } = wanted
  const { items, next, searched } = await rooms.records('events', {
    ...{ order, after, before, limit, filter: filterOf(wanted) },
    stream: stream !== undefined && isWholeName(stream) ? { name: stream, revision } : null,
  })
  const searchedTo = searched === null ? null : new Date(searched).toISOString()
  return new Json(`{"items":${items},"next":${next},"searchedTo":${JSON.stringify(searchedTo)}}`)
}

const list = endpoint({
  ...{ method: 'GET', path: '/events', name: 'listEvents', tag: 'Log', role: 'look' },
  summary: 'Reads the event log, by pages or live',
  about:
    'The event log, the oldest first or the newest. With `Accept: text/event-stream` it goes on live: each event has its position as id, and `Last-Event-ID` says where to go on; without it, and without `after`, it begins with what comes from now on',
  query: {
    stream: text('One stream by its name, or a category of streams: smtp_session').optional(),
    type: text('Events of this type; several are parted by commas').optional(),
    order: z
      .enum(['oldest', 'newest'], 'give oldest or newest')
      .describe('Which come first; the oldest where nothing is said')
      .optional(),
    after: position('What comes after this position'),
    before: position('What comes before this position'),
    revision: position('Of one stream: from this revision on'),
    limit: paging.limit,
  },
  headers: {
    'Last-Event-ID': z.string().describe('Live: the position of the last event that was seen').optional(),
  },
  answers: {
    200: {
      about: 'A page of events',
      shape: z
        .object({
          items: z.array(event).describe('The oldest first, or the newest'),
          next: z
            .int()
            .nullable()
            .describe('`after` of the next page, or `before` where the newest come first; null at the end'),
          searchedTo: time
            .nullable()
            .describe(
              'Of a page that is shorter since a search was long: how far it has come; `next` goes on',
            ),
        })
        .meta({ id: 'Events' }),
      media: { 'text/event-stream': 'Events as they are appended' },
    },
  },
  answer: async ({ query, house, rooms, request, reply }) => {
    const { order = 'oldest', ...wanted } = query
    if (query.revision !== undefined && !isWholeName(wanted.stream ?? ''))
      throw new Problem(400, 'revision is about one stream: name it with stream')
    if (!request.headers.accept?.includes('text/event-stream')) return readPage(rooms, { ...wanted, order })
    const listening = listeningTo(wanted)
    return live({
      ...{ log: house.log, listening, request, reply },
      begin: lastSeen(request.headers['last-event-id']) ?? query.after ?? (await house.log.tail()),
      missed: (after) => rooms.records('missed', listening, after),
    })
  },
})

/** @throws Problem */
export const lastSeen = (given: string | readonly string[] | undefined): number | null => {
  if (given === undefined || given === '') return null
  if (typeof given === 'string' && /^\d{1,15}$/.test(given)) return Number(given)
  throw new Problem(400, 'Last-Event-ID is no position of the log')
}

export const eventRows: readonly Endpoint[] = [list]
