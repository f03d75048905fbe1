/** Work that several wait for at once: done once, ended when nobody waits for it any longer. */

type Work<Result> = { readonly result: Promise<Result>; readonly ended: AbortController; waiting: number }

export type Left = 'stopped' | 'late'

export type Waiting = {
  readonly signal: AbortSignal | undefined
  /** Milliseconds; without, as long as the work takes. */
  readonly timeout: number | undefined
}

export class Shared<Result> {
  readonly #work = new Map<string, Work<Result>>()

  has(key: string): boolean {
    return this.#work.has(key)
  }

  /** What `begin` comes to, which never rejects; or why this one did not wait for it. */
  wait(
    key: string,
    begin: (signal: AbortSignal) => Promise<Result>,
    { signal, timeout }: Waiting,
  ): Promise<{ readonly result: Result } | { readonly left: Left }> {
    const work = this.#work.get(key) ?? this.#begin(key, begin)
    work.waiting++
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', stop)
      }
      const leave = (left: Left): void => {
        end()
        work.waiting--
        if (work.waiting === 0) this.#end(key, work)
        resolve({ left })
      }
      const stop = () => leave('stopped')
      const timer = timeout === undefined ? undefined : setTimeout(() => leave('late'), timeout)
      signal?.addEventListener('abort', stop)
      void work.result.then((result) => {
        end()
        resolve({ result })
      })
    })
  }

  #begin(key: string, begin: (signal: AbortSignal) => Promise<Result>): Work<Result> {
    const ended = new AbortController()
    const work = { result: begin(ended.signal), ended, waiting: 0 }
    this.#work.set(key, work)
    void work.result.then(() => this.#forget(key, work))
    return work
  }

  #end(key: string, work: Work<Result>): void {
    this.#forget(key, work)
    work.ended.abort()
  }

  #forget(key: string, work: Work<Result>): void {
    if (this.#work.get(key) === work) this.#work.delete(key)
  }
}
