/** What this server has recorded since it started, counted as it goes to the log. */
import type {
  AuthenticationFailed,
  MessageAccepted,
  SessionClosed,
  SessionOpened,
} from '../../machines/vocabulary/events.ts'
import type { EventKind, NewEvent } from '../log/port.ts'
import { Tally } from './tally.ts'

type Count = (data: object) => void
/** What this process appends under a name is what the vocabulary says. */
type Refused = { readonly reason: string }

export class Facts {
  readonly opened = new Tally()
  readonly turnedAway = new Tally()
  readonly closed = new Tally()
  readonly accepted = new Tally()
  readonly recipients = new Tally()
  readonly bytes = new Tally()
  readonly refused = new Tally()
  readonly queued = new Tally()
  readonly attempts = new Tally()
  /** Kinds are few, and one object each. */
  readonly #counts = new Map<EventKind, Count | null>()

  /** Never throws: what is stored is stored, whatever can be counted of it. */
  count(events: readonly NewEvent[]): void {
    for (const { kind, data } of events) {
      const known = this.#counts.get(kind)
      const count = known === undefined ? this.#learn(kind) : known
      try {
        count?.(data)
      } catch {
        // Somebody else's event, of a shape that is not ours.
      }
    }
  }

  #learn(kind: EventKind): Count | null {
    const count = this.#countFor(kind.type)
    this.#counts.set(kind, count)
    return count
  }

  #countFor(type: string): Count | null {
    const refusal =
      (what: string): Count =>
      (data) =>
        this.refused.add(`${what} ${(data as Refused).reason}`)
    const attempt =
      (result: string): Count =>
      () =>
        this.attempts.add(result)
    const counts: Readonly<Record<string, Count>> = {
      SessionOpened: (data) => this.#open(data as SessionOpened),
      SessionClosed: (data) => this.closed.add((data as SessionClosed).reason),
      MessageAccepted: (data) => this.#accept(data as MessageAccepted),
      CommandRefused: refusal('command'),
      SenderRefused: refusal('sender'),
      RecipientRefused: refusal('recipient'),
      MessageRefused: refusal('message'),
      AuthenticationFailed: (data) => this.refused.add(`login ${(data as AuthenticationFailed).reason}`),
      DeliveryQueued: () => this.queued.add(''),
      Delivered: attempt('delivered'),
      Deferred: attempt('deferred'),
      Failed: attempt('failed'),
      Expired: attempt('expired'),
      AttemptLost: attempt('lost'),
    }
    return counts[type] ?? null
  }

  #open({ service, door }: SessionOpened): void {
    if (door === 'open') this.opened.add(service)
    else this.turnedAway.add(door)
  }

  #accept({ cause, size, recipients }: MessageAccepted): void {
    const origin = cause === undefined ? 'client' : 'notice'
    this.accepted.add(origin)
    this.recipients.add(origin, recipients.length)
    this.bytes.add(origin, size)
  }
}
