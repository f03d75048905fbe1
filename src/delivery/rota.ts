/**
 * Destinations where a turn may be had, by who would have it: new mail and old mail by turns, senders by turns. So a flood of one
 * sender to many destinations does not hold up another, nor a backlog to many of them what is new.
 */
import type { Next } from './fair-queue.ts'

/** What the rota knows of a destination: who is next there. */
export type Queued = { readonly waiting: { readonly next: Next | null } }

type Places<Destination> = Map<string, Set<Destination>>

export class Rota<Destination extends Queued> {
  readonly #fresh: Places<Destination> = new Map()
  readonly #retries: Places<Destination> = new Map()
  readonly #places = new Map<Destination, Next>()
  #turn = 0

  /** Puts it where it belongs now; a destination nobody waits for is left out. */
  add(destination: Destination): void {
    this.delete(destination)
    const { next } = destination.waiting
    if (next === null) return
    this.#places.set(destination, next)
    const lane = this.#laneOf(next)
    const others = lane.get(next.sender)
    if (others) others.add(destination)
    else lane.set(next.sender, new Set([destination]))
  }

  delete(destination: Destination): void {
    const place = this.#places.get(destination)
    if (place === undefined) return
    this.#places.delete(destination)
    const lane = this.#laneOf(place)
    const others = lane.get(place.sender)!
    others.delete(destination)
    if (others.size === 0) lane.delete(place.sender)
  }

  /** Whose turn it is; it is taken out. */
  take(): Destination | undefined {
    const [first, second] =
      this.#turn++ % 2 === 0 ? [this.#fresh, this.#retries] : [this.#retries, this.#fresh]
    const lane = first.size > 0 ? first : second
    const [turn] = lane
    if (turn === undefined) return undefined
    const [sender, destinations] = turn
    const [destination] = destinations as ReadonlySet<Destination>
    // Whoever had a turn goes to the end.
    lane.delete(sender)
    lane.set(sender, destinations)
    this.delete(destination!)
    return destination
  }

  clear(): void {
    for (const places of [this.#fresh, this.#retries, this.#places]) places.clear()
  }

  #laneOf({ isRetry }: Next): Places<Destination> {
    return isRetry ? this.#retries : this.#fresh
  }
}
