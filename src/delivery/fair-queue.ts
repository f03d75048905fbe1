/** Deliveries that wait for their turn at one destination: senders take turns, so that one's flood does not hold up others. */
/** Who has the next turn. */
export type Next = { readonly sender: string; readonly isRetry: boolean }
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

  /** Whose turn it is; undefined where nobody waits. */
  get next(): string | undefined {
    const [turn] = this.#bySender.keys()
    return turn
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

  get next(): Next | null {
    const isRetry = this.#turn % 2 === 0 ? this.#fresh.size === 0 : this.#retries.size > 0
    const sender = (isRetry ? this.#retries : this.#fresh).next
    return sender === undefined ? null : { sender, isRetry }
  }

  /** New mail and old mail by turns: a backlog must not keep new mail waiting, nor new mail the backlog. */
  shift(): string | undefined {
    const [first, second] =
      this.#turn++ % 2 === 0 ? [this.#fresh, this.#retries] : [this.#retries, this.#fresh]
    return first.shift() ?? second.shift()
  }
}
