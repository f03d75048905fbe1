/** `fsmtp events`: the log itself. */
import { type Command, InvalidArgumentError } from 'commander'
import { machines } from '../../machines/index.ts'
import type { LogReader, ReadFilter, StoredEvent } from '../log/port.ts'
import { eventShape } from '../shapes/event-shape.ts'
import { checkTypes } from './event-types.ts'
import { CommandFault } from './fault.ts'
import { count } from './moment.ts'
import { type Reading, reading } from './open.ts'
import { shortly } from './replay-text.ts'
import { ndjson, print, remark, toned, visible } from './terminal.ts'

type Options = {
  readonly follow?: boolean
  readonly stream?: string
  readonly type?: readonly string[]
  readonly after?: number
  readonly limit?: number
  readonly newest?: boolean
}

const example = `
--follow shows what comes from now on; with --after also what came after that position, with --after 0 everything.
Examples:
  fsmtp events --follow
  fsmtp events --follow --after 0 --json
  fsmtp events --type MessageAccepted --limit 10 --json
  fsmtp events --newest --type Failed --limit 10
  fsmtp events --stream smtp_session-01kdy4z8m20000abcdef`

export const register = (program: Command): void => {
  program
    .command('events')
    .description('the event log itself, in its order')
    .option('--follow', 'what is appended from now on (or --after), until interrupted')
    .option('--stream <stream>', 'one stream by its name, or a category of streams (smtp_session)')
    .option('--type <type...>', 'events of these types only')
    .option('--after <position>', 'what comes after this position', position)
    .option('--limit <n>', 'no more than so many', count)
    .option('--newest', 'the newest first')
    .addHelpText('after', example)
    .action((options: Options, command: Command) => reading(command, (opened) => events(opened, options)))
}

const position = (text: string): number => {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('give a position: a whole number from 0')
  return Number(text)
}

const line = ({ position: at, stream, revision, type, at: time, data }: StoredEvent): string =>
  [
    toned('weak', String(at).padStart(7)),
    new Date(time).toISOString(),
    toned('weak', visible(`${stream} ${revision}`)),
    toned('strong', visible(type)),
    clipped(shortly(withoutSecrets(data))),
  ].join('  ')

/** Nothing for the eyes of those who look over a shoulder; `--json` has it. */
const withoutSecrets = (data: StoredEvent['data']): StoredEvent['data'] =>
  'password' in data ? { ...data, password: '(hash)' } : data

const longest = 160
const clipped = (text: string): string => (text.length <= longest ? text : `${text.slice(0, longest - 1)}…`)

type Pages = AsyncIterable<readonly StoredEvent[]>

const isWholeName = (stream: string): boolean => stream.includes('-')

const filterOf = ({ stream, type }: Options): ReadFilter => ({
  ...(stream !== undefined && {
    categories: [isWholeName(stream) ? stream.slice(0, stream.indexOf('-')) : stream],
  }),
  ...(type !== undefined && { types: type }),
})

/** What is there now, without --follow; one whole stream is read as such, however long the log is. */
const pagesOf = (log: LogReader, options: Options, signal: AbortSignal): Pages => {
  const { follow, newest, stream, after = 0 } = options
  const filter = filterOf(options)
  if (follow) return following(log, options, { filter, signal })
  if (newest) return newestFirst(log, options, filter)
  return stream !== undefined && isWholeName(stream) ? log.readStream(stream) : log.readAll(after, { filter })
}

/** Back to where somebody wants to see no more. */
async function* newestFirst(log: LogReader, { stream, after = 0 }: Options, filter: ReadFilter): Pages {
  if (stream !== undefined && isWholeName(stream)) {
    const pages: (readonly StoredEvent[])[] = []
    for await (const page of log.readStream(stream)) pages.push(page)
    for (const page of pages.reverse()) yield page.toReversed()
    return
  }
  for await (const { events, to } of log.pieces({ order: 'newest', from: Infinity, filter })) {
    yield events
    if (to <= after) return
  }
}

type Subscription = NonNullable<Parameters<LogReader['subscribe']>[1]>

/** From now on, unless somebody says from where. */
async function* following(log: LogReader, { after }: Options, subscription: Subscription): Pages {
  const begin = after ?? (await log.tail())
  if (after === undefined)
    remark(`following what comes after position ${begin}; --after 0 shows everything before it, too`)
  yield* log.subscribe(begin, subscription)
}

/** What filters of the log leave open: one stream of a category, types and position within a stream. */
const wanted =
  ({ stream, type, after = 0 }: Options) =>
  (event: StoredEvent): boolean =>
    (stream === undefined || !isWholeName(stream) || event.stream === stream) &&
    (type === undefined || type.includes(event.type)) &&
    event.position > after

const events = async ({ log, json }: Reading, options: Options): Promise<void> => {
  const { type = [], follow, newest, limit = Number.POSITIVE_INFINITY } = options
  if (follow && newest)
    throw new CommandFault('what is to come has no newest: leave out --newest, or --follow', 2)
  const ending = new AbortController()
  process.once('SIGINT', () => ending.abort()).once('SIGTERM', () => ending.abort())
  await checkTypes(type, log)
  const isWanted = wanted(options)
  let shown = 0
  for await (const page of pagesOf(log, options, ending.signal))
    for (const event of page.filter(isWanted)) {
      if (shown >= limit) return ending.abort()
      if (json) ndjson(eventShape(event))
      else print(line(event))
      shown += 1
      if (shown >= limit) return ending.abort()
    }
  if (shown === 0 && !follow) remark(await whyNothing(log, options))
}

/** @throws CommandFault for a stream that cannot be */
const whyNothing = async (log: LogReader, { stream }: Options): Promise<string> => {
  if (stream === undefined || (await isThere(log, stream))) return 'no event fits'
  if (isWholeName(stream)) throw new CommandFault(`there is no stream ${stream}`)
  if (categories.includes(stream)) return `there is no stream of ${stream} yet`
  throw new CommandFault(`there are no streams of ${stream}; there may be some of ${categories.join(', ')}`)
}

const categories = [
  ...machines.map(({ category }) => category),
  'account',
  'domain',
  'policy',
  'policy_change',
]

const isThere = async (log: LogReader, stream: string): Promise<boolean> => {
  if (!isWholeName(stream)) return (await log.streams(`${stream}-`, { limit: 1 })).length > 0
  return (await log.streams(stream, { limit: 1 })).includes(stream)
}
