/** Connections that can take another message, kept for a little while: so many in all, the oldest make room. */
import type { Wire } from './port.ts'

/** Milliseconds a connection is kept for another message. */
const keptFor = 5_000
/** Messages sent over one connection, at most. */
const mostMessages = 100
/** Connections kept, in all. */
const mostKept = 100

type Kept = { readonly destination: string; readonly wire: Wire; readonly timer: NodeJS.Timeout }

export class Wires {
  /** By destination, the latest last. */
  readonly #kept = new Map<string, Kept[]>()
  /** The oldest first. */
  readonly #byAge = new Set<Kept>()
  readonly #used = new WeakMap<Wire, number>()
  readonly #leaving = new Set<Promise<void>>()

  /** One that was kept for the destination and can still be used, or null. */
  take(destination: string): Wire | null {
    for (let kept = this.#latest(destination); kept !== undefined; kept = this.#latest(destination)) {
      this.#forget(kept)
      if (kept.wire.usable) return kept.wire
      kept.wire.destroy()
    }
    return null
  }

  /** Keeps a connection for the next message, or ends it. */
  keep(destination: string, wire: Wire): void {
    const used = (this.#used.get(wire) ?? 0) + 1
    this.#used.set(wire, used)
    if (!wire.usable || used >= mostMessages) {
      this.#quit(wire)
      return
    }
    const [oldest] = this.#byAge
    if (oldest !== undefined && this.#byAge.size >= mostKept) this.#letGo(oldest)
    const timer = setTimeout(() => this.#letGo(kept), keptFor).unref()
    const kept: Kept = { destination, wire, timer }
    this.#byAge.add(kept)
    const others = this.#kept.get(destination)
    if (others) others.push(kept)
    else this.#kept.set(destination, [kept])
  }

  /** Ends all of them; resolves when each was said goodbye to. */
  async close(): Promise<void> {
    for (const kept of [...this.#byAge]) this.#letGo(kept)
    await Promise.all(this.#leaving)
  }

  #latest(destination: string): Kept | undefined {
    return this.#kept.get(destination)?.at(-1)
  }

  #letGo(kept: Kept): void {
    this.#forget(kept)
    this.#quit(kept.wire)
  }

  #forget(kept: Kept): void {
    clearTimeout(kept.timer)
    this.#byAge.delete(kept)
    const others = this.#kept.get(kept.destination)!.filter((other) => other !== kept)
    if (others.length > 0) this.#kept.set(kept.destination, others)
    else this.#kept.delete(kept.destination)
  }

  #quit(wire: Wire): void {
    const leaving = wire.quit().finally(() => this.#leaving.delete(leaving))
    this.#leaving.add(leaving)
  }
}
