/** The log itself: what was recorded last, and what comes. */
import { useEffect, useState } from 'preact/hooks'
import { factNames } from '../../../machines/vocabulary/fact-names.ts'
import type { Event } from '../../shapes/event.ts'
import { type ApiProblem, type Asked, getJson, urlOf } from '../api/client.ts'
import { mostInBatch, useLive } from '../api/live.ts'
import type { PlaceProps } from '../frame/app.tsx'
import { askedBy, type Field, Filters } from '../pieces/filters.tsx'
import { Empty, Line, Problem, Time } from '../pieces/pieces.tsx'

const fields: readonly Field[] = [
  {
    ...{ name: 'type', title: 'Type', hint: 'MessageAccepted, Delivered' },
    ...{ first: true, suggested: factNames.toSorted() },
  },
  {
    ...{ name: 'stream', title: 'Stream', hint: 'delivery, or smtp_session-01k…' },
    ...{ first: true, suggested: ['smtp_session', 'delivery', 'policy', 'account'] },
  },
  { name: 'after', title: 'After position', hint: '0' },
]
/** Events kept on the page. */
const most = 1_000
const pageSize = 200

/** Where a stream is looked at. */
const wayTo = (stream: string, revision: number): string | null => {
  const [, category, id] = /^(\w+)-(.+)$/.exec(stream) ?? []
  if (category === 'smtp_session') return `/sessions/${id}?step=${revision}`
  return category === 'delivery' ? `/deliveries/${id}?step=${revision}` : null
}

const isWanted = ({ type, stream }: Event, asked: Readonly<Record<string, string>>): boolean => {
  const types = asked.type?.split(',').map((name) => name.trim())
  if (types !== undefined && !types.includes(type)) return false
  const { stream: wanted } = asked
  return (
    wanted === undefined || stream === wanted || (!wanted.includes('-') && stream.startsWith(`${wanted}-`))
  )
}

const summary = ({ data }: Event): string => {
  const text = JSON.stringify(data)
  return text.length > 220 ? `${text.slice(0, 220)}…` : text
}

const Row = ({ event }: { readonly event: Event }) => {
  const [isOpen, setOpen] = useState(false)
  const way = wayTo(event.stream, event.revision)
  return (
    <li>
      <button type="button" class="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {event.position}
      </button>
      <Time at={event.at} exact />
      <strong>{event.type}</strong>
      <span class="stream">{way === null ? event.stream : <a href={way}>{event.stream}</a>}</span>
      {isOpen ? <pre class="text">{JSON.stringify(event, null, 2)}</pre> : <code>{summary(event)}</code>}
    </li>
  )
}

type Known = { readonly items: readonly Event[]; readonly error: ApiProblem | null }

type Page = { readonly items: readonly Event[]; readonly next: number | null }
const pageOf = (asked: Asked, signal: AbortSignal): Promise<Page> => getJson(urlOf(['events'], asked), signal)

/** Pages looked through for the newest of those behind one position. */
const mostPages = 100
const perPage = 500

/** Everything that fits behind a position, or the last of it where that is very much. */
const behind = async (filter: Asked, begin: number, signal: AbortSignal): Promise<readonly Event[]> => {
  let found: readonly Event[] = []
  let after: number | null = begin
  for (let page = 0; after !== null && page < mostPages; page += 1) {
    const answer: Page = await pageOf({ ...filter, after, limit: perPage }, signal)
    found = [...found, ...answer.items].slice(-pageSize)
    after = answer.next
  }
  return found
}

/** The log is read forwards: from a place so far before its end that enough fits behind it. */
const newestOf = async (filter: Asked, signal: AbortSignal): Promise<readonly Event[]> => {
  const views = await getJson<{ items: { position: number; lag: number }[] }>(urlOf(['views']), signal)
  const tail = Math.max(0, ...views.items.map(({ position, lag }) => position + lag))
  for (let back = pageSize; ; back *= 4) {
    const found = await behind(filter, Math.max(0, tail - back), signal)
    if (found.length >= pageSize || back >= tail) return found
  }
}

/** The newest events that fit: where nobody says from where, the last few hundred of the log. */
const useEvents = (asked: Readonly<Record<string, string>>, isPaused: boolean): Known => {
  const [known, setKnown] = useState<Known>({ items: [], error: null })
  const [turn, setTurn] = useState(0)
  const key = JSON.stringify(asked)
  useEffect(() => {
    if (isPaused) return
    const ending = new AbortController()
    const look = async (): Promise<void> => {
      const { after, ...filter } = asked
      const items = await (after === undefined
        ? newestOf(filter, ending.signal)
        : pageOf({ ...filter, after, limit: pageSize }, ending.signal).then((page) => page.items))
      setKnown({ items: items.toReversed(), error: null })
    }
    look().catch((error: ApiProblem) => {
      if (!ending.signal.aborted) setKnown({ items: [], error })
    })
    return () => ending.abort()
  }, [key, turn, isPaused])
  useLive(({ events }) => {
    if (isPaused) return
    // More came than is told one by one.
    if (events.length === 0 || events.length >= mostInBatch) return setTurn((before) => before + 1)
    const fresh = events.filter((event) => isWanted(event, asked))
    if (fresh.length === 0) return
    setKnown(({ items, error }) => {
      const newest = items[0]?.position ?? 0
      const come = fresh.filter(({ position }) => position > newest).toReversed()
      return { items: [...come, ...items].slice(0, most), error }
    })
  })
  return known
}

export const Log = ({ query }: PlaceProps) => {
  const asked = askedBy(fields, query)
  const [isPaused, setPaused] = useState(false)
  const { items, error } = useEvents(asked, isPaused)
  return (
    <>
      <header class="head">
        <div>
          <h1>Log</h1>
          <p class="weak">
            Every fact, in the order it was written down; everything else here is made from it.
          </p>
        </div>
        <button type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
          {isPaused ? 'Go on' : 'Pause'}
        </button>
      </header>
      <Filters fields={fields} query={query} />
      {error !== null && <Problem error={error} />}
      {items.length === 0 && error === null ? (
        <Empty title="No such fact yet">
          <p>What happens appears here the moment it is on stable storage. To follow it in a terminal:</p>
          <Line text="npx fsmtp events --follow" />
          <Line text={`curl -N -H 'Accept: text/event-stream' ${location.origin}/api/v1/events`} />
        </Empty>
      ) : (
        <ol class="tail">
          {items.map((event) => (
            <Row key={event.position} event={event} />
          ))}
        </ol>
      )}
    </>
  )
}
