/** What this server has recorded since it started, counted as it goes to the log. */
import type {
  AuthenticationFailed,
  MessageAccepted,
  Noted,
  RouteResolved,
  SessionClosed,
  SessionOpened,
} from '../../machines/vocabulary/events.ts'
import type { EventKind, NewEvent } from '../log/port.ts'
import { Tally } from './tally.ts'

type Count = (data: object, stream: string) => void
/** What this process appends under a name is what the vocabulary says. */
type Refused = { readonly reason: string }

/** Attempts, and deliveries, whose way is remembered. */
const mostWays = 10_000
type Way = RouteResolved['route']['kind']

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
  /** Deliveries that are over, by what became of them and the way they went last. */
  readonly finished = new Tally()
  /** Over SMTP and HTTP, by what came of them. */
  readonly logins = new Tally()
  /** How attempts that are under way go, by the streams of their deliveries. */
  readonly #ways = new Map<string, Way>()
  /** How deliveries that are not over were tried last. */
  readonly #tried = new Map<string, Way>()
  /** Kinds are few, and one object each. */
  readonly #counts = new Map<EventKind, Count | null>()

  /** Never throws: what is stored is stored, whatever can be counted of it. */
  count(stream: string, events: readonly NewEvent[]): void {
    for (const { kind, data } of events) {
      const known = this.#counts.get(kind)
      const count = known === undefined ? this.#learn(kind) : known
      try {
        count?.(data, stream)
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
      (data, stream) => {
        this.attempts.add(`${result} ${this.#ways.get(stream) ?? 'none'}`)
        this.#ways.delete(stream)
        if (result === 'deferred' || result === 'lost') this.#putOff(stream, data as Noted)
        else this.#over(stream, result)
      }
    const counts: Readonly<Record<string, Count>> = {
      SessionOpened: (data) => this.#open(data as SessionOpened),
      SessionClosed: (data) => this.closed.add((data as SessionClosed).reason),
      MessageAccepted: (data) => this.#accept(data as MessageAccepted),
      CommandRefused: refusal('command'),
      SenderRefused: refusal('sender'),
      RecipientRefused: refusal('recipient'),
      MessageRefused: refusal('message'),
      AuthenticationFailed: (data) => this.#failedLogin(data as AuthenticationFailed),
      ClientAuthenticated: () => this.logins.add('smtp accepted'),
      DeliveryQueued: () => this.queued.add(''),
      RouteResolved: (data, stream) => this.#found(stream, data as RouteResolved),
      Delivered: attempt('delivered'),
      Deferred: attempt('deferred'),
      Failed: attempt('failed'),
      Expired: attempt('expired'),
      AttemptLost: attempt('lost'),
      Cancelled: (_, stream) => this.#over(stream, 'cancelled'),
    }
    return counts[type] ?? null
  }

  #open({ service, door }: SessionOpened): void {
    if (door === 'open') this.opened.add(service)
    else this.turnedAway.add(door)
  }

  #failedLogin({ reason }: AuthenticationFailed): void {
    this.refused.add(`login ${reason}`)
    this.logins.add(`smtp ${reason}`)
  }

  /** An attempt whose server ends is counted by another one: what is left of it here must not grow. */
  #found(stream: string, { route }: RouteResolved): void {
    for (const ways of [this.#ways, this.#tried]) {
      ways.set(stream, route.kind)
      if (ways.size > mostWays) ways.delete(ways.keys().next().value ?? '')
    }
  }

  #putOff(stream: string, { noted }: Noted): void {
    if (noted?.act === 'cancel') this.#over(stream, 'cancelled')
  }

  #over(stream: string, status: string): void {
    this.finished.add(`${status} ${this.#tried.get(stream) ?? 'none'}`)
    this.#tried.delete(stream)
  }

  #accept({ cause, size, recipients }: MessageAccepted): void {
    const origin = cause === undefined ? 'client' : 'notice'
    this.accepted.add(origin)
    for (const { destination } of recipients)
      this.recipients.add(`${origin} ${destination.kind === 'mailbox' ? 'mailbox' : 'elsewhere'}`)
    this.bytes.add(origin, size)
  }
}
