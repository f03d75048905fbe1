/** Keeps the number of live sessions bounded, ends what lasts too long, and brings everything to an orderly end. */
import type { Door } from '../../machines/session/inputs.ts'
import type { LiveSession } from '../smtp/reception.ts'

export type SupervisorOptions = {
  readonly sessions: number
  readonly sessionsPerAddress: number
  /** What counts as one address: of IPv6, a whole network. */
  readonly networkOf: (address: string) => string
  /** Bytes waiting for the log above which no new session is taken. */
  readonly waitingBytes: number
  readonly waiting: () => number
  /** How often deadlines are looked at, in milliseconds. */
  readonly every: number
}

export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #sessions = new Set<LiveSession>()
  readonly #perAddress = new Map<string, number>()
  readonly #timer: NodeJS.Timeout
  #leaving = false
  #emptied: (() => void) | null = null

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#checkDeadlines(), options.every)
    this.#timer.unref()
  }

  get live(): number {
    return this.#sessions.size
  }

  /** Takes a session in, and says whether there was room for it; one that is refused is still told so, and leaves. */
  enter(session: LiveSession): Door {
    const door = this.#doorFor(session)
    this.#sessions.add(session)
    this.#perAddress.set(this.#networkOf(session), this.#countOf(session) + 1)
    return door
  }

  leave(session: LiveSession): void {
    if (!this.#sessions.delete(session)) return
    const count = this.#countOf(session) - 1
    if (count > 0) this.#perAddress.set(this.#networkOf(session), count)
    else this.#perAddress.delete(this.#networkOf(session))
    if (this.#sessions.size === 0) this.#emptied?.()
  }

  /**
   * Ends every session: those between transactions now, those inside one when it is over, all of them after `grace`
   * milliseconds. Resolves when the last one has left.
   */
  async shutDown(grace: number): Promise<void> {
    this.#leaving = true
    const empty = new Promise<void>((resolve) => {
      this.#emptied = resolve
      if (this.#sessions.size === 0) resolve()
    })
    for (const session of [...this.#sessions]) session.shutDown({ force: false })
    const timer = setTimeout(() => this.hurry(), grace)
    await empty
    clearTimeout(timer)
    clearInterval(this.#timer)
  }

  /** Ends what is still there, in the middle or not. */
  hurry(): void {
    for (const session of [...this.#sessions]) session.shutDown({ force: true })
  }

  #doorFor(session: LiveSession): Door {
    const { sessions, sessionsPerAddress, waitingBytes, waiting } = this.#options
    if (this.#leaving) return 'shutting-down'
    if (this.#sessions.size >= sessions) return 'too-many-sessions'
    if (this.#countOf(session) >= sessionsPerAddress) return 'too-many-from-address'
    return waiting() > waitingBytes ? 'log-not-keeping-up' : 'open'
  }

  #countOf(session: LiveSession): number {
    return this.#perAddress.get(this.#networkOf(session)) ?? 0
  }

  #networkOf({ address }: LiveSession): string {
    return this.#options.networkOf(address)
  }

  #checkDeadlines(): void {
    // The clock people set may jump; this one does not.
    const at = performance.now()
    for (const session of [...this.#sessions]) session.checkDeadline(at)
  }
}
