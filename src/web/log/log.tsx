/** The log itself: what was recorded last, and what comes. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { factNames } from '../../../machines/vocabulary/fact-names.ts'
import type { Event } from '../../shapes/event.ts'
import { type Pages, usePages } from '../api/ask.ts'
import { mostInBatch, useLive } from '../api/live.ts'
import type { PlaceProps } from '../frame/app.tsx'
import { askedBy, type Field, Filters } from '../pieces/filters.tsx'
import { Empty, Line, More, Problem, Time, Waiting } from '../pieces/pieces.tsx'

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
const pageSize = 200

/** Where a stream is looked at. */
const wayTo = (stream: string, revision: number): string | null => {
  const [, category, id] = /^(\w+)-(.+)$/.exec(stream) ?? []
  if (category === 'smtp_session') return `/sessions/${id}?step=${revision}`
  return category === 'delivery' ? `/deliveries/${id}?step=${revision}` : null
}

const isWanted = ({ type, stream, position }: Event, asked: Readonly<Record<string, string>>): boolean => {
  const types = asked.type?.split(',').map((name) => name.trim())
  if (types !== undefined && !types.includes(type)) return false
  if (Number(asked.after ?? 0) >= position) return false
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

/** The newest events that fit, and what comes: as far back as somebody wants to see. */
const useEvents = (asked: Readonly<Record<string, string>>, isPaused: boolean): Pages<Event> => {
  const pages = usePages<Event>({
    ...{ path: ['events'], asked: { ...asked, order: 'newest', limit: pageSize }, behind: 'before' },
    key: ({ position }) => String(position),
  })
  const wasPaused = useRef(isPaused)
  useEffect(() => {
    if (wasPaused.current && !isPaused) pages.again()
    wasPaused.current = isPaused
  }, [isPaused])
  useLive(({ events }) => {
    if (isPaused) return
    // More came than is told one by one.
    if (events.length === 0 || events.length >= mostInBatch) return pages.again()
    const fresh = events.filter((event) => isWanted(event, asked))
    if (fresh.length > 0) pages.add(fresh.toReversed())
  })
  return pages
}

export const Log = ({ query }: PlaceProps) => {
  const asked = askedBy(fields, query)
  const [isPaused, setPaused] = useState(false)
  const { items, error, isAsking, more, searchedTo, again } = useEvents(asked, isPaused)
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
      {error !== null && <Problem error={error} again={again} />}
      {items === null ? (
        error === null && <Waiting />
      ) : items.length === 0 ? (
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
      <More {...{ more, isAsking, searchedTo }} />
    </>
  )
}
