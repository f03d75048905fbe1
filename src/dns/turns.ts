/** Servers in turn: one that is silent is not given up while the next is asked, one that fails leaves the turn to the next. */
import type { DnsCode } from './port.ts'
import type { NameServer, NameServers } from './servers.ts'

export type Said<Answer> =
  | { readonly kind: 'said'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly code: DnsCode }

export type Turns<Answer> = {
  readonly servers: NameServers
  /** Never rejects; ends when `signal` does. */
  readonly ask: (server: NameServer, signal: AbortSignal) => Promise<Said<Answer>>
  /** Milliseconds for all of it. */
  readonly timeout: number
  readonly signal: AbortSignal
}

/** Each server is asked at least twice in the time there is: a datagram may be lost. */
const mostTries = 3

/** Worth more than another: it says something about the question, not only about the way to a server. */
const telling = (one: DnsCode | null, other: DnsCode): DnsCode =>
  one === null || one === 'ETIMEOUT' || one === 'ECONNREFUSED' ? other : one

class Round<Answer> {
  readonly #turns: Turns<Answer>
  readonly #settle: (said: Said<Answer>) => void
  readonly #waiting: NameServer[]
  readonly #tries = new Map<NameServer, number>()
  readonly #share: number
  #open = 0
  #fault: DnsCode | null = null
  /** Runs while the server asked last has its turn. */
  #timer: NodeJS.Timeout | undefined
  #asked = 0

  constructor(turns: Turns<Answer>, settle: (said: Said<Answer>) => void) {
    this.#turns = turns
    this.#settle = settle
    this.#waiting = [...turns.servers.inOrder()]
    this.#share = turns.timeout / Math.max(mostTries, this.#waiting.length * 2)
  }

  get fault(): DnsCode | null {
    return this.#fault
  }

  next(): void {
    clearTimeout(this.#timer)
    const server = this.#waiting.shift()
    if (server !== undefined) this.#ask(server)
    else if (this.#open === 0) this.#settle({ kind: 'failed', code: this.#fault ?? 'ECONNREFUSED' })
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  #ask(server: NameServer): void {
    const tries = (this.#tries.get(server) ?? 0) + 1
    this.#tries.set(server, tries)
    this.#open++
    const turn = ++this.#asked
    this.#timer = setTimeout(() => this.#isSilent(server, tries), this.#share)
    void this.#turns.ask(server, this.#turns.signal).then((said) => {
      this.#open--
      if (said.kind === 'said') this.#answered(server, said)
      else if (!this.#turns.signal.aborted) this.#failed(server, said.code, turn)
    })
  }

  #answered(server: NameServer, said: Said<Answer>): void {
    this.#turns.servers.answered(server)
    this.#settle(said)
  }

  #failed(server: NameServer, code: DnsCode, turn: number): void {
    if (code === 'ECONNREFUSED') this.#turns.servers.wasSilent(server)
    this.#fault = telling(this.#fault, code)
    // Said something: not asked again, even where it was slow to say so.
    const again = this.#waiting.indexOf(server)
    if (again !== -1) this.#waiting.splice(again, 1)
    if (turn === this.#asked || this.#open === 0) this.next()
  }

  #isSilent(server: NameServer, tries: number): void {
    this.#turns.servers.wasSilent(server)
    if (tries < mostTries) this.#waiting.push(server)
    if (this.#waiting.length > 0) this.next()
  }
}

/**
 * The first thing that a server says; what a slow one says while the next is being asked counts too. Failed: all of them did, or the time
 * is over, which is told by ETIMEOUT unless one failed in a way that says more.
 */
export const inTurn = <Answer>(turns: Turns<Answer>): Promise<Said<Answer>> =>
  new Promise((resolve) => {
    const ended = new AbortController()
    const signal = AbortSignal.any([turns.signal, ended.signal])
    const leave = (said: Said<Answer>): void => {
      turns.signal.removeEventListener('abort', stop)
      clearTimeout(deadline)
      round.end()
      ended.abort()
      resolve(said)
    }
    const stop = () => leave({ kind: 'failed', code: 'ECANCELLED' })
    const round = new Round({ ...turns, signal }, leave)
    const deadline = setTimeout(
      () => leave({ kind: 'failed', code: round.fault ?? 'ETIMEOUT' }),
      turns.timeout,
    )
    if (turns.signal.aborted) return stop()
    turns.signal.addEventListener('abort', stop)
    round.next()
  })
