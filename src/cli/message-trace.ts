/** Everything that happened to one message, from the events of the session it came in. */
import type { EventOf } from '../../machines/vocabulary/events.ts'
import type { LogReader } from '../log/port.ts'
import { CommandFault } from './fault.ts'
import { destinationText, sentence } from './story.ts'

type Accepted = EventOf & { readonly type: 'MessageAccepted' }

/** What happened at one moment. */
export type TraceLine = {
  readonly at: string
  readonly position: number
  /** The fact it comes from. */
  readonly event: string
  readonly text: string
}

const isAccepted = (event: EventOf): event is Accepted => event.type === 'MessageAccepted'

/** The events of a session, in order. */
export const sessionEvents = async (log: LogReader, session: string): Promise<readonly EventOf[]> => {
  const events: EventOf[] = []
  // A stored event's type and data are what the vocabulary says.
  for await (const page of log.readStream(`smtp_session-${session}`))
    events.push(...(page as readonly EventOf[]))
  return events
}

/** @throws CommandFault when the session does not tell of the message: the log lacks what a view knew */
export const acceptedIn = (events: readonly EventOf[], message: string): Accepted => {
  const found = events.find((event): event is Accepted => isAccepted(event) && event.data.message === message)
  if (found === undefined)
    throw new CommandFault(`the log does not tell of message ${message}; try \`fsmtp views rebuild\``)
  return found
}

/** Facts that end a transaction, so that what is said next belongs to another one. */
const endsTransaction: ReadonlySet<string> = new Set([
  'MessageAccepted',
  'MessageRefused',
  'TransactionReset',
  'ClientIdentified',
])
/** Facts of a transaction; those of other messages' transactions are left out. */
const ofTransaction: ReadonlySet<string> = new Set([
  'SenderAccepted',
  'SenderRefused',
  'RecipientAccepted',
  'RecipientRefused',
  'ContentStarted',
  'MessageAccepted',
  'MessageRefused',
])

/** The revisions of the transaction that ended with `accepted`. */
const isWithin = (events: readonly EventOf[], accepted: Accepted): ((event: EventOf) => boolean) => {
  const before = events.filter(
    ({ revision, type }) => revision < accepted.revision && endsTransaction.has(type),
  )
  const begin = before.at(-1)?.revision ?? -1
  return ({ revision }) => revision > begin && revision <= accepted.revision
}

const lineOf = (event: EventOf, text: string): TraceLine => ({
  at: new Date(event.at).toISOString(),
  position: event.position,
  event: event.type,
  text,
})

/** The session's story as far as it concerns this message, then where each recipient's mail went. */
export const traceOf = (events: readonly EventOf[], accepted: Accepted): readonly TraceLine[] => {
  const within = isWithin(events, accepted)
  const told = events.filter((event) => !ofTransaction.has(event.type) || within(event))
  return told.flatMap((event) => {
    const line = lineOf(event, sentence(event))
    if (event !== accepted) return [line]
    return [line, ...accepted.data.recipients.map((recipient) => lineOf(event, destinationText(recipient)))]
  })
}
