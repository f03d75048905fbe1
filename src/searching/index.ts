/**
 * Mail found by the words it says, without an index: it is read again, a bounded look at a time. One thread reads for all, a look for one and then
 * for another; who leaves has it stop.
 */
import { Line, type Waiting } from '../opening/line.ts'
import type { Seen } from './cells.ts'
import type { Order } from './looking.ts'
import { type Place, Thread } from './thread.ts'

export { TooManyWaiting } from '../opening/line.ts'
export type { Seen } from './cells.ts'
export { folded, mostWords, wordsIn } from './folding.ts'
export type { Mail } from './looking.ts'
export { Unsearchable } from './thread.ts'

export type Look = Order & {
  /** Who asks: nobody holds up the others. */
  readonly caller?: string
  /** Ends when nobody waits for the answer any more. */
  readonly signal?: AbortSignal
}

export type Search = {
  /**
   * What is known of the first mails: of all of them, or of as many as were looked at.
   * @throws Unsearchable, TooManyWaiting, the signal's reason
   */
  look(look: Look): Promise<readonly Seen[]>
  close(): Promise<void>
}

export type SearchOptions = Omit<Place, 'niceness'> & {
  /** Milliseconds for one mail. */
  readonly patience?: number
  /** Megabytes of objects that the thread may hold. */
  readonly memory?: number
  /** Added to the thread's nice value. */
  readonly niceness?: number
}

/** Looks that wait for their turn, and those of one caller. */
const most = 50
const each = 10

type Turn = Waiting & { readonly begin: () => void }

/** One look at a time. */
class Turns {
  readonly #line = new Line<Turn>({ threads: 1, most, each })
  #number = 0

  /** Resolves with what is to be called in the end. @throws TooManyWaiting, the signal's reason */
  async enter(caller: string, signal: AbortSignal): Promise<() => void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const turn: Turn = { message: String(++this.#number), isLarge: false, caller, begin: resolve }
    const leave = (): void => {
      if (this.#line.drop(turn)) reject(signal.reason)
    }
    this.#line.enter(turn)
    signal.addEventListener('abort', leave, { once: true })
    this.#goOn()
    try {
      await promise
    } finally {
      signal.removeEventListener('abort', leave)
    }
    return () => {
      this.#line.leave(turn)
      this.#goOn()
    }
  }

  #goOn(): void {
    for (let next = this.#line.next(); next !== null; next = this.#line.next()) next.begin()
  }
}

/** Nothing is opened before somebody looks for something. */
export const openSearch = ({
  patience = 10_000,
  memory = 256,
  niceness = 19,
  ...place
}: SearchOptions): Search => {
  const turns = new Turns()
  let thread: Thread | null = null
  const living = (): Thread => {
    if (thread === null || thread.isOver) thread = new Thread({ ...place, niceness }, { patience, memory })
    return thread
  }
  return {
    look: async ({ caller = '', signal = new AbortController().signal, ...order }) => {
      signal.throwIfAborted()
      const leave = await turns.enter(caller, signal)
      try {
        return await living().look(order, signal)
      } finally {
        leave()
      }
    },
    close: async () => {
      await thread?.close()
    },
  }
}
