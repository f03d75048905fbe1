/** Counts by a word or two, for the hot path; turned into labels when somebody asks. */
export class Tally {
  readonly #counts = new Map<string, number>()

  /** `key`: label values joined by a space; of stable codes only, so that there are few. */
  add(key: string, count = 1): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count)
  }

  *entries(): IterableIterator<readonly [values: readonly string[], count: number]> {
    for (const [key, count] of this.#counts) yield [key.split(' '), count]
  }
}
