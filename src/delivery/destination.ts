/** One destination as the courier sees it: who waits for it, how many are under way, how hard it is tried. */
import {
  firstPace,
  judgeAnswer,
  limitOf,
  type Pace,
  paceAfter,
  restingUntil,
  roused,
} from '../../machines/delivery/pacing.ts'
import type { AttemptFault, Route } from '../../machines/vocabulary/events.ts'
import { FairQueue } from './fair-queue.ts'
import type { Wire } from './port.ts'
import { rotated } from './routes/rotated.ts'
import type { Wires } from './wires.ts'

/** Milliseconds a route is believed: DNS may say otherwise afterwards. */
const believedFor = 60_000
/** Milliseconds after its last attempt from which a destination that nobody waits for is forgotten: views know it by then. */
const rememberedFor = 600_000
/** Deliveries put off at a time while a destination rests. */
const putOffAtOnce = 20

export type DestinationOptions = {
  readonly name: string
  /** Deliveries under way at a time, at most. */
  readonly most: number
  /** What recorded attempts say; null where there are none. */
  readonly pace: Pace | null
  readonly wires: Wires
}
type Ended = {
  readonly fault: AttemptFault | null
  readonly startedAt: number
  readonly endedAt: number
}

export class Destination {
  readonly name: string
  readonly waiting = new FairQueue()
  #most: number
  readonly #wires: Wires
  #pace: Pace
  #route: { readonly route: Route; readonly until: number } | null = null
  #endedAt = 0
  #ways = 0
  active = 0
  /** Of those under way, the ones that began while it had not answered. */
  trials = 0

  constructor({ name, most, pace, wires }: DestinationOptions) {
    this.name = name
    this.#most = most
    this.#wires = wires
    this.#pace = pace ?? firstPace
  }

  /** Nothing waits, nothing is under way, and what is remembered of it can be read again. */
  isForgettableAt(at: number): boolean {
    return this.active === 0 && this.waiting.size === 0 && at - this.#endedAt > rememberedFor
  }

  /** It did not answer since it is known, or since it last failed: nobody knows whether it will. */
  get isTrial(): boolean {
    return this.#pace.answers === 0
  }

  /** Everything but its pace, and who is under way, begins anew: `most` at a time. */
  begin(most: number): void {
    this.#most = most
    this.#route = null
    this.waiting.clear()
  }

  hasRoom(at: number): boolean {
    // Who is due while it rests is put off at once, and its turn counted: nobody waits unheard.
    const limit = this.#isResting(at) ? putOffAtOnce : limitOf(this.#pace, this.#most)
    return this.active < limit && this.waiting.size > 0
  }

  /** The end of its rest, milliseconds since 1970; null while it does not rest. */
  restAt(at: number): number | null {
    return this.#isResting(at) ? restingUntil(this.#pace) : null
  }

  /** An attempt has ended: what it says of the destination, see `judgeAnswer`. */
  ended({ fault, startedAt, endedAt }: Ended): boolean | null {
    const answered = judgeAnswer(this.#pace, { fault, startedAt })
    this.#pace = paceAfter(this.#pace, answered, endedAt)
    if (answered === false) this.#route = null
    this.#endedAt = endedAt
    return answered
  }

  /** Ends a rest. */
  rouse(): void {
    this.#pace = roused
  }

  /** The way that was found lately, or null; hosts of equal preference take turns. */
  routeAt(at: number): Route | null {
    if (this.#route === null || at >= this.#route.until) return null
    const { route } = this.#route
    return { ...route, hosts: rotated(route.hosts, ++this.#ways) }
  }
  found(route: Route, at: number): void {
    this.#route = { route, until: at + believedFor }
  }

  /** A connection that was kept, or null. */
  takeWire(): Wire | null {
    return this.#wires.take(this.name)
  }
  /** Keeps a connection for the next message, or ends it. */
  keepWire(wire: Wire): void {
    this.#wires.keep(this.name, wire)
  }

  #isResting(at: number): boolean {
    return at < restingUntil(this.#pace)
  }
}
