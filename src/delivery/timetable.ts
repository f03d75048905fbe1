/** Who is to be tried when: a heap of due times with one timer for the earliest. */
export type Due = {
  readonly id: string
  readonly nextHop: string
  readonly sender: string
  readonly at: number
  readonly isRetry: boolean
}

/** Node's timers end at 2^31 - 1 ms. */
const longestTimer = 2_000_000_000

export class Timetable {
  readonly #now: () => number
  readonly #ring: (due: readonly Due[]) => void
  readonly #heap: Due[] = []
  #timer: NodeJS.Timeout | null = null

  constructor({ now, ring }: { now: () => number; ring: (due: readonly Due[]) => void }) {
    this.#now = now
    this.#ring = ring
  }

  get size(): number {
    return this.#heap.length
  }

  add(due: Due): void {
    const heap = this.#heap
    heap.push(due)
    let at = heap.length - 1
    for (let above = (at - 1) >> 1; at > 0 && heap[above]!.at > heap[at]!.at; above = (at - 1) >> 1) {
      this.#swap(at, above)
      at = above
    }
    if (at === 0) this.#set()
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#heap.length = 0
  }

  #set(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const [first] = this.#heap
    if (first === undefined) return
    const wait = Math.min(Math.max(0, first.at - this.#now()), longestTimer)
    this.#timer = setTimeout(() => this.#rung(), wait)
    this.#timer.unref()
  }

  #rung(): void {
    const due: Due[] = []
    while (this.#heap.length > 0 && this.#heap[0]!.at <= this.#now()) due.push(this.#take())
    this.#set()
    if (due.length > 0) this.#ring(due)
  }

  #take(): Due {
    const heap = this.#heap
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length > 0) {
      heap[0] = last
      this.#sink()
    }
    return first
  }

  #sink(): void {
    const heap = this.#heap
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      let least = at
      if (left < heap.length && heap[left]!.at < heap[least]!.at) least = left
      if (right < heap.length && heap[right]!.at < heap[least]!.at) least = right
      if (least === at) return
      this.#swap(at, least)
      at = least
    }
  }

  #swap(one: number, other: number): void {
    const heap = this.#heap
    const kept = heap[one]!
    heap[one] = heap[other]!
    heap[other] = kept
  }
}
