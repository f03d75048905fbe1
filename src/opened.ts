/** What a start has opened so far. Where it fails all of that is closed again: a process that cannot serve must end, not stay and hold the data. */

type Close = () => unknown

export class Opened {
  readonly #closes: Close[] = []

  /** Something is open from now on, and closed by this. */
  also(close: Close): void {
    this.#closes.push(close)
  }

  /** Closes everything, the last first; what cannot be closed keeps nothing else open. */
  async close(): Promise<void> {
    for (const close of this.#closes.splice(0).reverse())
      await Promise.resolve()
        .then(close)
        .catch(() => {})
  }
}
