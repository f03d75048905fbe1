/**
 * Who is tried next: deliveries whose time has come queue at their destination, and start in turns: so many in all, so many for
 * each destination, as hard as it answers. Those that wait hold no memory here, but for those of the next minutes.
 */
import type { Pace } from '../../machines/delivery/pacing.ts'
import { Destination } from './destination.ts'
import { Rota } from './rota.ts'
import { type Due, Timetable } from './timetable.ts'
import type { Wires } from './wires.ts'

/** Deliveries under way at a time, at most. */
export type Concurrency = { readonly total: number; readonly perDestination: number }
export type TurnsOptions = {
  readonly now: () => number
  readonly concurrency: Concurrency
  /** The name of the destination that a next hop leads to. */
  readonly destinationOf: (nextHop: string) => string
  /** What recorded attempts say of a destination. */
  readonly paceOf: (destination: string) => Pace | null
  readonly wires: Wires
  /** Others do not take this server for dead: it may begin something. */
  readonly mayStart: () => boolean
  /** It is this one's turn; `left` is to be called when it is over. */
  readonly start: (due: Due, destination: Destination) => void
}

/** How far ahead due times are held in memory. */
export const horizon = 60_000
/** How many of them, at most; new mail has as much room again. */
const mostHeld = 20_000
/** How many wait for one destination here: one that is slow must not take the room of all others. */
const mostOfOne = 5_000
/** How many are asked for at a time, of those that had no room. */
const refill = 5_000

export class Turns {
  readonly #options: TurnsOptions
  readonly #timetable: Timetable
  readonly #destinations = new Map<string, Destination>()
  /** Where a turn may be had. */
  readonly #ready = new Rota<Destination>()
  /** Waiting for their turn or their time, here. */
  readonly #known = new Map<string, Due>()
  #concurrency: Concurrency
  /** Never answered so far, and without room among those. */
  readonly #aside = new Set<Destination>()
  #active = 0
  #trials = 0
  #isPumping = false
  #isStopped = false
  /** Some had no room: the backlog has them. */
  #isShort = false

  constructor(options: TurnsOptions) {
    this.#options = options
    this.#concurrency = options.concurrency
    this.#timetable = new Timetable({ now: options.now, ring: (due) => this.#ring(due) })
  }

  has(id: string): boolean {
    return this.#known.has(id)
  }

  /** False where there is no room, or it is far off: the backlog knows it, and is asked again. */
  add(due: Due): boolean {
    if (this.#isStopped) return false
    const { now } = this.#options
    if (due.at > now() + 2 * horizon) return false
    if (this.#known.size >= (due.isRetry ? mostHeld : 2 * mostHeld) || this.isCrowded(due.nextHop)) {
      this.#isShort = true
      return false
    }
    this.#known.set(due.id, due)
    if (due.at <= now()) this.#ring([due])
    else this.#timetable.add(due)
    return true
  }

  forget(id: string): void {
    this.#known.delete(id)
  }

  /** It is no longer under way. */
  left(destination: Destination): void {
    this.#active--
    destination.active--
    this.#ready.add(destination)
    if (destination.trials > 0) {
      destination.trials--
      this.#trials--
      this.#bringBack()
    }
    this.pump()
  }

  /** Somebody wants it tried now. */
  rouse(nextHop: string): void {
    this.#destinations.get(this.#options.destinationOf(nextHop))?.rouse()
  }

  /** Looks at destinations that rested, and forgets those nobody waits for. */
  look(): void {
    for (const destination of this.#destinations.values())
      if (destination.isForgettableAt(this.#options.now())) this.#destinations.delete(destination.name)
      else this.#ready.add(destination)
    this.#aside.clear()
    this.pump()
  }

  /** How many of the backlog there is room for now, of those that had none before; 0 while nobody is missing. */
  get room(): number {
    return this.#isShort && this.#known.size < mostHeld / 2 ? this.#known.size + refill : 0
  }

  /** Whether so many wait for the destination of a next hop that there is no use in knowing more. */
  isCrowded(nextHop: string): boolean {
    const destination = this.#destinations.get(this.#options.destinationOf(nextHop))
    return destination !== undefined && destination.waiting.size >= mostOfOne
  }

  /** Next hops with more waiting than there is use in knowing. */
  crowded(): readonly string[] {
    const hops = new Set<string>()
    for (const { nextHop } of this.#known.values())
      if (!hops.has(nextHop) && this.isCrowded(nextHop)) hops.add(nextHop)
    return [...hops]
  }

  /** The backlog was asked, and gave all it has, or not all. */
  asked({ isAll }: { readonly isAll: boolean }): void {
    this.#isShort = !isAll
  }

  /** Ways lead elsewhere now, and there is other room: everybody queues anew. */
  reroute(concurrency: Concurrency): void {
    this.#concurrency = concurrency
    const waiting = [...this.#known.values()].filter(({ at }) => at <= this.#options.now())
    for (const destination of this.#destinations.values()) destination.begin(concurrency.perDestination)
    this.#ready.clear()
    this.#aside.clear()
    this.#ring(waiting)
  }

  /** Under way, due and waiting for a turn, and destinations left alone for a while. */
  get now(): { readonly active: number; readonly waiting: number; readonly resting: number } {
    const at = this.#options.now()
    const destinations = [...this.#destinations.values()]
    return {
      active: this.#active,
      waiting: destinations.reduce((sum, { waiting }) => sum + waiting.size, 0),
      resting: destinations.filter((destination) => destination.restAt(at) !== null).length,
    }
  }

  /** Nobody has a turn any more. */
  stop(): void {
    this.#isStopped = true
    this.#timetable.stop()
  }

  /** Starts what may be started, in turns. */
  pump(): void {
    // Who leaves at once, without having been under way, is met again here, not in a call within a call.
    if (this.#isPumping) return
    this.#isPumping = true
    try {
      while (this.#mayGoOn()) {
        const destination = this.#ready.take()
        if (destination === undefined) return
        this.#startOne(destination)
      }
    } finally {
      this.#isPumping = false
    }
  }

  #mayGoOn(): boolean {
    return !this.#isStopped && this.#active < this.#concurrency.total && this.#options.mayStart()
  }

  #startOne(destination: Destination): void {
    // One without room comes back when somebody leaves it, or its rest is over.
    if (!destination.hasRoom(this.#options.now())) return
    if (!this.#hasRoomForTrial(destination)) {
      this.#aside.add(destination)
      return
    }
    const id = destination.waiting.shift()!
    this.#ready.add(destination)
    const due = this.#known.get(id)
    if (due === undefined) return
    this.#known.delete(id)
    this.#active++
    destination.active++
    if (destination.isTrial) {
      destination.trials++
      this.#trials++
    }
    this.#options.start(due, destination)
  }

  /** Destinations that never answered have half of the room, all together: what hangs there must not hold up what works. */
  #hasRoomForTrial(destination: Destination): boolean {
    return !destination.isTrial || this.#trials < Math.ceil(this.#concurrency.total / 2)
  }

  /** One of those that were set aside may have room now. */
  #bringBack(): void {
    const [destination] = this.#aside
    if (destination === undefined) return
    this.#aside.delete(destination)
    this.#ready.add(destination)
  }

  #ring(due: readonly Due[]): void {
    for (const one of due) {
      // Put off or acted upon since.
      if (this.#known.get(one.id) !== one) continue
      const destination = this.#destination(one.nextHop)
      destination.waiting.push(one)
      this.#ready.add(destination)
    }
    this.pump()
  }

  #destination(nextHop: string): Destination {
    const { destinationOf, paceOf, wires } = this.#options
    const name = destinationOf(nextHop)
    const known = this.#destinations.get(name)
    if (known) return known
    const made = new Destination({ name, most: this.#concurrency.perDestination, pace: paceOf(name), wires })
    this.#destinations.set(name, made)
    return made
  }
}
