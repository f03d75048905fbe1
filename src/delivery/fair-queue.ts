/** Deliveries that wait for their turn at one destination: senders take turns, so that one's flood does not hold up others. */
export type Waiting = { readonly id: string; readonly sender: string; readonly isRetry: boolean }

/** Senders in the order of their turns. */
class Lane {
  readonly #bySender = new Map<string, string[]>()
  size = 0

  push({ id, sender }: Waiting): void {
    const own = this.#bySender.get(sender)
    if (own === undefined) this.#bySender.set(sender, [id])
    else own.push(id)
    this.size++
  }

  shift(): string | undefined {
    const [turn] = this.#bySender
    if (turn === undefined) return undefined
    const [sender, ids] = turn
    const id = ids.shift()!
    // Whoever had a turn goes to the end.
    this.#bySender.delete(sender)
    if (ids.length > 0) this.#bySender.set(sender, ids)
    this.size--
    return id
  }

  clear(): void {
    this.#bySender.clear()
    this.size = 0
  }
}

export class FairQueue {
  readonly #fresh = new Lane()
  readonly #retries = new Lane()
  #turn = 0

  get size(): number {
    return this.#fresh.size + this.#retries.size
  }

  push(waiting: Waiting): void {
    const lane = waiting.isRetry ? this.#retries : this.#fresh
    lane.push(waiting)
  }

  clear(): void {
    this.#fresh.clear()
    this.#retries.clear()
  }

  /** New mail and old mail by turns: a backlog must not keep new mail waiting, nor new mail the backlog. */
  shift(): string | undefined {
    const [first, second] =
      this.#turn++ % 2 === 0 ? [this.#fresh, this.#retries] : [this.#retries, this.#fresh]
    return first.shift() ?? second.shift()
  }
}
