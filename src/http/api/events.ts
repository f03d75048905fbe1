/** The log itself: page by page, or live as it is written. */
import { z } from 'zod'
import { factNames, isFactName } from '../../../machines/vocabulary/fact-names.ts'
import { nearest } from '../../config/words.ts'
import type { LogReader, ReadFilter, StoredEvent } from '../../log/port.ts'
import type { Event } from '../../shapes/event.ts'
import { event } from '../../shapes/event.ts'
import { eventShape, withoutSecrets } from '../../shapes/event-shape.ts'
import { Problem } from '../problem.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { paging, position, text, usualLimit } from './fields.ts'
import { live } from './live.ts'

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

/** What filters of the log leave open: one stream of a category. */
const isWanted =
  ({ stream, type }: Wanted, after: number) =>
  (one: StoredEvent): boolean =>
    one.position > after &&
    (stream === undefined || !isWholeName(stream) || one.stream === stream) &&
    (type === undefined || type.split(',').some((name) => name.trim() === one.type))

export const shown = (stored: StoredEvent): Event =>
  eventShape({ ...stored, data: withoutSecrets(stored.data) })

type Asked = Wanted & { readonly after: number; readonly limit: number; readonly revision: number }

const readPage = async (
  log: LogReader,
  { after, limit, revision, ...wanted }: Asked,
): Promise<readonly StoredEvent[]> => {
  const { stream } = wanted
  const whole = stream !== undefined && isWholeName(stream)
  const filter = filterOf(wanted)
  const pages = whole ? log.readStream(stream, { from: revision }) : log.readAll(after, { filter, limit })
  const found: StoredEvent[] = []
  for await (const page of pages) {
    found.push(...page.filter(isWanted(wanted, after)))
    if (found.length >= limit) break
  }
  return found.slice(0, limit)
}

const list = endpoint({
  ...{ method: 'GET', path: '/events', name: 'listEvents', tag: 'Log', role: 'look' },
  about:
    'The event log, the oldest first. With `Accept: text/event-stream` it goes on live: each event has its position as id, and `Last-Event-ID` says where to go on; without it, and without `after`, it begins with what comes from now on',
  query: {
    stream: text('One stream by its name, or a category of streams: smtp_session').optional(),
    type: text('Events of this type; several are parted by commas').optional(),
    after: position('What comes after this position'),
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
          items: z.array(event).describe('The oldest first'),
          next: z.int().nullable().describe('`after` of the page behind; null at the end of the log'),
        })
        .meta({ id: 'Events' }),
      media: { 'text/event-stream': 'Events as they are appended' },
    },
  },
  answer: async ({ query, house, request, reply }) => {
    const { after, limit = usualLimit, revision = 0, ...wanted } = query
    if (query.revision !== undefined && !isWholeName(wanted.stream ?? ''))
      throw new Problem(400, 'revision is about one stream: name it with stream')
    const filter = filterOf(wanted)
    if (request.headers.accept?.includes('text/event-stream')) {
      const begin = lastSeen(request.headers['last-event-id']) ?? after ?? (await house.log.tail())
      return live({ log: house.log, filter, isWanted: isWanted(wanted, begin), begin, request, reply, shown })
    }
    const found = await readPage(house.log, { ...wanted, after: after ?? 0, limit, revision })
    const last = found.length < limit ? null : found.at(-1)!.position
    return { items: found.map(shown), next: last }
  },
})

/** @throws Problem */
export const lastSeen = (given: string | readonly string[] | undefined): number | null => {
  if (given === undefined || given === '') return null
  if (typeof given === 'string' && /^\d{1,15}$/.test(given)) return Number(given)
  throw new Problem(400, 'Last-Event-ID is no position of the log')
}

export const eventRows: readonly Endpoint[] = [list]
