/**
 * Whose turn it is. One message is taken apart once at a time; large ones leave a thread to the small, which are not behind them; and of those
 * who wait, whoever had a turn longest ago is the next.
 */

/** The line is full; nothing was begun. */
export class TooManyWaiting extends Error {
  override readonly name = 'TooManyWaiting'
}

export type Waiting = {
  readonly message: string
  readonly isLarge: boolean
  /** Who asked for it. */
  readonly caller: string
}

export type LineOptions = {
  readonly threads: number
  /** Those that wait, and those of one caller. */
  readonly most: number
  readonly each: number
}

/** Callers that are remembered by their turns. */
const mostRemembered = 1_000

export class Line<One extends Waiting> {
  readonly #options: LineOptions
  readonly #waiting = new Set<One>()
  readonly #inside = new Set<One>()
  readonly #turns = new Map<string, number>()
  #turn = 0

  constructor(options: LineOptions) {
    this.#options = options
  }

  /** @throws TooManyWaiting */
  enter(one: One): void {
    const { most, each } = this.#options
    const own = [...this.#waiting].filter(({ caller }) => caller === one.caller).length
    if (!this.#mayBegin(one) && (this.#waiting.size >= most || own >= each))
      throw new TooManyWaiting('too many messages wait to be taken apart')
    this.#waiting.add(one)
  }

  /** Null where nobody can begin now; who is given has begun. */
  next(): One | null {
    const able = [...this.#waiting].filter((one) => this.#mayBegin(one))
    const last = ({ caller }: One): number => this.#turns.get(caller) ?? 0
    const chosen = able.reduce<One | null>(
      (best, one) => (best && last(best) <= last(one) ? best : one),
      null,
    )
    if (chosen === null) return null
    this.#waiting.delete(chosen)
    this.#inside.add(chosen)
    if (this.#turns.size >= mostRemembered) this.#turns.clear()
    this.#turns.set(chosen.caller, ++this.#turn)
    return chosen
  }

  /** Whether it still waited. */
  drop(one: One): boolean {
    return this.#waiting.delete(one)
  }

  /** Its thread is free. */
  leave(one: One): void {
    this.#inside.delete(one)
  }

  #mayBegin({ message, isLarge }: One): boolean {
    const { threads } = this.#options
    const inside = [...this.#inside]
    if (inside.length >= threads || inside.some((one) => one.message === message)) return false
    return !isLarge || inside.filter((one) => one.isLarge).length < Math.max(1, threads - 1)
  }
}
