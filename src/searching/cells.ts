/** Shared with the thread, so that what it has found is known whatever becomes of it. */

/**
 * `fits`, or does `not`; `gone`: its words cannot be read, for its content is not there; `cut`: they do not stand in as much of it as is read;
 * `unread`: it cannot be taken apart in the time and memory there is for it.
 */
export const seen = ['none', 'fits', 'not', 'gone', 'cut', 'unread'] as const
export type Seen = Exclude<(typeof seen)[number], 'none'>

const stop = 0
const at = 1
const first = 2

export class Cells {
  readonly shared: SharedArrayBuffer
  readonly #cells: Int32Array

  constructor(from: number | SharedArrayBuffer) {
    this.shared =
      typeof from === 'number' ? new SharedArrayBuffer((first + from) * Int32Array.BYTES_PER_ELEMENT) : from
    this.#cells = new Int32Array(this.shared)
  }

  /** Nobody waits for it: the thread stops before the next mail. */
  stop(): void {
    Atomics.store(this.#cells, stop, 1)
  }

  get isStopped(): boolean {
    return Atomics.load(this.#cells, stop) === 1
  }

  /** The mail that the thread is at; null before the first. */
  get place(): number | null {
    const place = Atomics.load(this.#cells, at)
    return place === 0 ? null : place - 1
  }

  begin(place: number): void {
    Atomics.store(this.#cells, at, place + 1)
  }

  tell(place: number, one: Seen): void {
    Atomics.store(this.#cells, first + place, seen.indexOf(one))
  }

  /** Up to the first that was not looked at. */
  found(): readonly Seen[] {
    const found: Seen[] = []
    for (let place = first; place < this.#cells.length; place++) {
      const one = seen[Atomics.load(this.#cells, place)]
      if (one === undefined || one === 'none') break
      found.push(one)
    }
    return found
  }
}
