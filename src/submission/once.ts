/**
 * A mail that is sent under a key is sent once, however often it is asked for. Before its content is given away the log knows in which session
 * that happens; whoever asks again finds there what has become of it, whatever happened to the server in between.
 */
import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { EventOf, SubmissionAccepted, SubmissionBegun } from '../../machines/vocabulary/events.ts'
import { newEventId, now } from '../actors/identity.ts'
import { type EventLog, kindOf, WrongRevision } from '../log/port.ts'
import type { Refused, Submitted } from './talk.ts'

export type OnceOptions = {
  readonly log: Pick<EventLog, 'append' | 'readStream'>
  readonly node: string
  readonly account: string
  readonly key: string
  /** SHA-256 of what is asked for, in hex. */
  readonly request: string
}

export type Before =
  | { readonly kind: 'new'; readonly revision: number }
  | { readonly kind: 'accepted'; readonly message: string; readonly refused: readonly Refused[] }
  /** Somebody is at it, or has been a moment ago. */
  | { readonly kind: 'under way' }
  /** The key was used for something else. */
  | { readonly kind: 'other' }

/** Milliseconds after which a session that says nothing of its end has ended with its server. */
const longestOpen = 15 * 60_000

const streamOf = ({ account, key }: OnceOptions): string =>
  `submission-${createHash('sha256').update(`${account}\n${key}`).digest('hex').slice(0, 40)}`

const eventsIn = async ({ log }: OnceOptions, stream: string): Promise<readonly EventOf[]> => {
  const events: EventOf[] = []
  for await (const page of log.readStream(stream)) events.push(...(page as readonly EventOf[]))
  return events
}

/** As the client was told. */
const refusedIn = (events: readonly EventOf[]): readonly Refused[] =>
  events.flatMap(({ type, data, meta: { dialogue = '' } }) => {
    if (type !== 'RecipientRefused') return []
    const said = dialogue.split('\n').filter((line) => line.startsWith('S: '))
    return [{ address: data.recipient, reply: said.at(-1)?.slice(3) ?? `${data.code} ${data.enhanced}` }]
  })

/** Of a session that was begun: what its own history says. */
const fateOf = async (
  options: OnceOptions,
  { at, revision, data }: EventOf & { type: 'SubmissionBegun' },
): Promise<Before> => {
  const events = await eventsIn(options, `smtp_session-${data.session}`)
  const accepted = events.find((event) => event.type === 'MessageAccepted')
  if (accepted !== undefined)
    return { kind: 'accepted', message: accepted.data.message, refused: refusedIn(events) }
  const isOver = events.some(({ type }) => type === 'SessionClosed' || type === 'MessageRefused')
  // What is not in the log after a while will not come: its server ended before.
  if (isOver || now() - at > longestOpen) return { kind: 'new', revision }
  return { kind: 'under way' }
}

/** Milliseconds between two looks at what becomes of the same request. */
const lookEvery = 50

/** What is known of the key once nobody is at it any more; whoever is at it for longer than `patience` (milliseconds) still is. */
export const beforeSoon = async (options: OnceOptions, patience: number): Promise<Before> => {
  const end = performance.now() + patience
  for (;;) {
    const found = await before(options)
    if (found.kind !== 'under way' || performance.now() > end) return found
    await pause(lookEvery)
  }
}

/** What is known of the key. */
export const before = async (options: OnceOptions): Promise<Before> => {
  const events = await eventsIn(options, streamOf(options))
  const last = events.at(-1)
  if (last === undefined) return { kind: 'new', revision: -1 }
  const begun = events.findLast((event) => event.type === 'SubmissionBegun')
  if (begun === undefined || begun.data.request !== options.request) return { kind: 'other' }
  if (last.type === 'SubmissionAccepted') {
    const { message, refused } = last.data
    return { kind: 'accepted', message, refused }
  }
  return fateOf(options, begun)
}

const append = async (
  options: OnceOptions,
  expected: number,
  fact: { readonly type: string; readonly data: object },
): Promise<void> => {
  const { log, node } = options
  const at = now()
  const event = { id: newEventId(at), kind: kindOf(fact.type, 1, { node }), at, data: fact.data }
  await log.append([{ stream: streamOf(options), expected, events: [event] }])
}

/** On stable storage when it resolves. @throws WrongRevision where somebody else began meanwhile */
export const begin = (options: OnceOptions, revision: number, session: string): Promise<void> => {
  const { account, request } = options
  const data: SubmissionBegun = { account, request, session }
  return append(options, revision, { type: 'SubmissionBegun', data })
}

/** Best effort: where it does not come to that, the session's history says the same. */
export const settle = async (options: OnceOptions, revision: number, submitted: Submitted): Promise<void> => {
  if (submitted.kind !== 'accepted') return
  const { message, refused } = submitted
  const data: SubmissionAccepted = { account: options.account, message, refused }
  await append(options, revision, { type: 'SubmissionAccepted', data }).catch((error: unknown) => {
    if (!(error instanceof WrongRevision)) throw error
  })
}
