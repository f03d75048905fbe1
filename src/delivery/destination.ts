/** One next hop as the courier sees it: who waits for it, how many are under way, and connections that can be used again. */
import {
  afterAnswer,
  afterFailure,
  firstPace,
  isResting,
  type Pace,
  roused,
} from '../../machines/delivery/pacing.ts'
import type { AttemptFault, Route } from '../../machines/vocabulary/events.ts'
import { FairQueue } from './fair-queue.ts'
import type { Wire } from './port.ts'

/** Milliseconds a connection is kept for another message. */
const keptFor = 5_000
/** Milliseconds a route is believed: DNS may say otherwise afterwards. */
const believedFor = 60_000
/** Deliveries put off at a time while a destination rests. */
const putOffAtOnce = 20
/** Messages sent over one connection, at most. */
const mostMessages = 100

/** Connections kept to all destinations, where no mail waits for them. */
const mostKept = 100
let keptInAll = 0

type Kept = { readonly wire: Wire; readonly timer: NodeJS.Timeout }

export class Destination {
  readonly nextHop: string
  readonly waiting = new FairQueue()
  readonly #most: number
  readonly #kept: Kept[] = []
  readonly #used = new WeakMap<Wire, number>()
  #pace: Pace
  #route: { readonly route: Route; readonly until: number } | null = null
  active = 0

  constructor(nextHop: string, most: number) {
    this.nextHop = nextHop
    this.#most = most
    this.#pace = firstPace(most)
  }

  get pace(): Pace {
    return this.#pace
  }
  /** Nothing waits, nothing is under way, nothing is remembered that matters. */
  isIdleAt(at: number): boolean {
    const isQuiet = this.active === 0 && this.waiting.size === 0 && this.#kept.length === 0
    return isQuiet && !isResting(this.#pace, at)
  }

  hasRoom(at: number): boolean {
    // Who is due while it rests is put off at once, and its patience counted: nobody waits unheard.
    const limit = isResting(this.#pace, at) ? putOffAtOnce : this.#pace.limit
    return this.active < limit && this.waiting.size > 0
  }

  /** What to say to those who are due while it rests; null while it does not. */
  restingAt(at: number): AttemptFault | null {
    if (!isResting(this.#pace, at)) return null
    const until = new Date(this.#pace.restingUntil).toISOString()
    const text = `${this.nextHop} is not tried before ${until}: ${this.#pace.failures} attempts in a row failed`
    return { kind: 'destination-resting', during: 'route', text, reply: null, temporary: true }
  }

  answered(): void {
    this.#pace = afterAnswer(this.#pace, this.#most)
  }
  failed(at: number): void {
    this.#route = null
    this.#pace = afterFailure(this.#pace, at)
  }

  /** The way that was found lately, or null. */
  routeAt(at: number): Route | null {
    return this.#route !== null && at < this.#route.until ? this.#route.route : null
  }
  found(route: Route, at: number): void {
    this.#route = { route, until: at + believedFor }
  }

  /** Ends a rest. */
  rouse(): void {
    this.#pace = roused(this.#pace)
  }

  /** A connection that was kept, or null. */
  takeWire(): Wire | null {
    for (let kept = this.#kept.pop(); kept !== undefined; kept = this.#kept.pop()) {
      clearTimeout(kept.timer)
      keptInAll--
      if (kept.wire.usable) return kept.wire
      kept.wire.destroy()
    }
    return null
  }

  /** Keeps a connection for the next message, or ends it. */
  keepWire(wire: Wire): void {
    const used = (this.#used.get(wire) ?? 0) + 1
    this.#used.set(wire, used)
    const isNeeded = this.waiting.size > 0 || keptInAll < mostKept
    if (!wire.usable || used >= mostMessages || !isNeeded) {
      void wire.quit()
      return
    }
    const timer = setTimeout(() => this.#letGo(wire), keptFor)
    timer.unref()
    this.#kept.push({ wire, timer })
    keptInAll++
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#kept.splice(0).map(({ wire, timer }) => {
        clearTimeout(timer)
        keptInAll--
        return wire.quit()
      }),
    )
  }

  #letGo(wire: Wire): void {
    const at = this.#kept.findIndex((kept) => kept.wire === wire)
    if (at < 0) return
    this.#kept.splice(at, 1)
    keptInAll--
    void wire.quit()
  }
}
