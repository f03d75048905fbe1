/**
 * What happens while the page is open: the log's events as they come, given on in batches. However fast mail flows, whoever listens is
 * told a few times a second at most, and nothing is fetched while nobody looks at the page.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { factNames } from '../../../machines/vocabulary/fact-names.ts'
import type { Event } from '../../shapes/event.ts'
import { urlOf } from './client.ts'

export type Batch = {
  /** No more than the newest few hundred. */
  readonly events: readonly Event[]
  /** Of the last event. */
  readonly position: number
}
/** `idle`: nothing that is shown changes, and nobody listens. */
export type Line = 'idle' | 'open' | 'connecting' | 'closed'

/** Milliseconds between two batches, and the most events that one holds on to. */
const every = 400
/** And until the first one, where nothing was told for as long as that: what comes alone is there at once. */
const first = 60
export const mostInBatch = 500
/** Events a second above which the stream is let go for a while: lists are then asked again by the clock. */
const tooFast = 400
const flood = (tooFast * every) / 1000
const rest = 5_000
/** Milliseconds between two looks where nobody may follow the log, and until that is tried again. */
const byTheClock = 5_000
const tryAgain = 60_000

type Listener = (batch: Batch) => void
const listeners = new Set<Listener>()
const lineListeners = new Set<(line: Line) => void>()

let source: EventSource | null = null
let gathered: Event[] = []
let counted = 0
let position = 0
let flushedAt = Number.NEGATIVE_INFINITY
let timer: ReturnType<typeof setTimeout> | null = null
let line: Line = 'idle'
let wasOpen = false

const tell = (now: Line): void => {
  line = now
  for (const listener of lineListeners) listener(now)
}

const flush = (): void => {
  if (timer !== null) clearTimeout(timer)
  timer = null
  if (document.hidden) return
  flushedAt = performance.now()
  const batch = { events: gathered, position }
  const isFlood = counted > flood
  gathered = []
  counted = 0
  for (const listener of listeners) listener(batch)
  if (isFlood) goByTheClock(1_000, rest)
}

const soon = (): void => {
  if (timer === null) timer = setTimeout(flush, Math.max(first, every - (performance.now() - flushedAt)))
}

/** The account whose mailbox is all that may be followed; null: the log. */
let only: string | null = null

/** Who sees their own mail alone follows that, and looks by the clock for what else is theirs. */
export const followOnly = (account: string): void => {
  if (only === account) return
  only = account
  setInterval(tick, byTheClock)
  if (source === null) return
  close()
  open()
}

const pathNow = (): readonly string[] => (only === null ? ['events'] : ['mailboxes', only, 'events'])

/** Something is new in the mailbox: what exactly, is asked. */
const sense = (): void => {
  if (timer === null)
    timer = setTimeout(() => {
      timer = null
      tick()
    }, every)
}

const take = ({ data }: MessageEvent<string>): void => {
  const event = JSON.parse(data) as Event
  counted += 1
  position = event.position
  gathered.push(event)
  if (gathered.length > mostInBatch) gathered.shift()
  // Each further event would cost the server something.
  if (counted > flood) flush()
  else soon()
}

/** That something may have happened. */
const tick = (): void => {
  if (document.hidden) return
  for (const listener of listeners) listener({ events: [], position: 0 })
}

/** For a while only that something may have happened is told. */
const goByTheClock = (pace: number, until: number): void => {
  close()
  const ticks = setInterval(tick, pace)
  setTimeout(() => {
    clearInterval(ticks)
    if (listeners.size > 0) open()
  }, until)
}

const open = (): void => {
  if (source !== null) return
  tell('connecting')
  source = new EventSource(urlOf(pathNow()))
  source.onopen = () => {
    // What came while the line was down is not known: everything is asked again.
    if (line === 'connecting' && wasOpen) tick()
    wasOpen = true
    tell('open')
  }
  source.onerror = () => {
    if (source?.readyState !== EventSource.CLOSED) return tell('connecting')
    tell('closed')
    goByTheClock(byTheClock, tryAgain)
  }
  // Each event comes under its own name.
  for (const name of factNames) source.addEventListener(name, only === null ? take : sense)
}

const close = (): void => {
  source?.close()
  source = null
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden && gathered.length > 0) soon()
})

/** Told of each batch while a piece is shown. */
export const useLive = (listener: Listener): void => {
  const latest = useRef(listener)
  latest.current = listener
  useEffect(() => {
    const own: Listener = (batch) => latest.current(batch)
    listeners.add(own)
    open()
    return () => {
      listeners.delete(own)
    }
  }, [])
}

export const useLine = (): Line => {
  const [now, setNow] = useState(line)
  useEffect(() => {
    lineListeners.add(setNow)
    setNow(line)
    return () => {
      lineListeners.delete(setNow)
    }
  }, [])
  return now
}

/** Whether anything of it has to do with streams of these categories; of a batch without events nobody knows. */
export const concerns = ({ events }: Batch, ...categories: readonly string[]): boolean =>
  events.length === 0 ||
  events.some(({ stream }) => categories.some((category) => stream.startsWith(`${category}-`)))

/** Whether a mail came, or a mailbox changed. What else happens in sessions is nothing to those who look at mail, and keeps them from nothing. */
export const concernsMail = (batch: Batch): boolean =>
  batch.events.some(({ type }) => type === 'MessageAccepted') ||
  concerns(batch, 'notice', 'mailbox_message', 'account')
