/** What somebody hears who follows the log, or a mailbox: what of it, in which words. Asked for by names and plain values. */
import type { EventOf } from '../../machines/vocabulary/events.ts'
import { mailboxesOf } from '../../projections/messages.ts'
import type { ReadFilter, StoredEvent } from '../log/port.ts'
import type { Event } from '../shapes/event.ts'
import { eventShape, withoutSecrets } from '../shapes/event-shape.ts'

export type Listening =
  | {
      readonly kind: 'log'
      /** One stream by its whole name. */
      readonly stream: string | null
      readonly filter: ReadFilter
    }
  | { readonly kind: 'mailbox'; readonly name: string }

/** An event as it is shown to whoever may see the log. */
export const shown = (stored: StoredEvent): Event =>
  eventShape({ ...stored, data: withoutSecrets(stored.data) })

const ofMailboxes = ['MessageAccepted', 'MessageFlagged', 'MessageMoved', 'MessageExpunged'] as const

/** The mailboxes that an event has to do with. */
const concerned = (event: EventOf): readonly string[] => {
  switch (event.type) {
    case 'MessageAccepted':
      return mailboxesOf(event.data)
    case 'MessageMoved':
      return [event.data.mailbox, event.data.to]
    case 'MessageFlagged':
    case 'MessageExpunged':
      return [event.data.mailbox]
    default:
      return []
  }
}

/** The mailbox itself, and what lies below it. */
const isBelow = (mailbox: string, name: string): boolean => mailbox === name || mailbox.startsWith(`${name}/`)

/** Where, and nothing of who else got it. */
const shownTo = (name: string, stored: StoredEvent): object => {
  const event = stored as EventOf & StoredEvent
  const { position, type, at, data } = event
  return {
    ...{ position, type, at: new Date(at).toISOString() },
    mailboxes: concerned(event).filter((mailbox) => isBelow(mailbox, name)),
    message: event.type === 'MessageAccepted' ? event.data.message : null,
    id: 'id' in data ? data.id : null,
  }
}

/** What to ask the log for; the rest is `isHeard`. */
export const filterFor = (listening: Listening): ReadFilter =>
  listening.kind === 'mailbox' ? { types: ofMailboxes } : listening.filter

export const isHeard = (listening: Listening, event: StoredEvent): boolean => {
  if (listening.kind === 'mailbox')
    return concerned(event as EventOf).some((mailbox) => isBelow(mailbox, listening.name))
  const { stream, filter } = listening
  const { categories, types } = filter
  return (
    (stream === null || event.stream === stream) &&
    (types === undefined || types.includes(event.type)) &&
    (categories === undefined || categories.some((category) => event.stream.startsWith(`${category}-`)))
  )
}

const framed = ({ position, type }: StoredEvent, data: object): string =>
  `id: ${position}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`

/** Told once, however many follow the log. */
const frames = new WeakMap<StoredEvent, string>()

/** As a server-sent event, which goes on behind its position. */
export const frameOf = (listening: Listening, event: StoredEvent): string => {
  if (listening.kind === 'mailbox') return framed(event, shownTo(listening.name, event))
  const frame = frames.get(event) ?? framed(event, shown(event))
  frames.set(event, frame)
  return frame
}
