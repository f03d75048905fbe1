/**
 * Memory for bodies on their way to a bucket. A part must be whole before it is sent, so it waits in memory for its client; what
 * waits is bounded over all of them. When it is used up, whoever has been silent longest gives up, and hears 452.
 */
import { ContentFull } from '../port.ts'

export interface Guest {
  /** Gives its memory back. */
  evict(error: Error): void
}

export class Room {
  readonly #limit: number
  /** What each has; who took something last stands last. */
  readonly #guests = new Map<Guest, number>()
  #taken = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get taken(): number {
    return this.#taken
  }

  /** Says that this one is alive. */
  touch(guest: Guest): void {
    const has = this.#guests.get(guest)
    if (has === undefined) return
    this.#guests.delete(guest)
    this.#guests.set(guest, has)
  }

  /** @throws ContentFull where there is not even room for this one alone */
  take(guest: Guest, bytes: number): void {
    this.touch(guest)
    while (this.#taken + bytes > this.#limit) {
      const [longest] = this.#guests.keys()
      if (longest === undefined || longest === guest)
        throw new ContentFull('too much message content is waiting to be stored')
      this.leave(longest)
      longest.evict(new ContentFull('this content waited too long for its rest, and gave way to others'))
    }
    this.#guests.set(guest, (this.#guests.get(guest) ?? 0) + bytes)
    this.#taken += bytes
  }

  /** Gives back what it has. */
  leave(guest: Guest): void {
    this.#taken -= this.#guests.get(guest) ?? 0
    this.#guests.delete(guest)
  }
}
