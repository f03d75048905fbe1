/**
 * Sees to it that senders hear what became of their mail: a few notices at a time, each once, however often it is asked for.
 * What is not made now is still owed, and found again by those who look for what is owed.
 */
import { isOfDelivery, noticeStream } from '../../machines/vocabulary/notices.ts'
import { now } from '../actors/identity.ts'
import type { About } from '../notices.ts'
import { messageOf } from './ids.ts'
import { type Noticed, type NoticerOptions, type Owed, settleNotice } from './settle-notice.ts'

export type { Noticed, NoticerOptions, Owed } from './settle-notice.ts'

/** Notices composed at a time. */
const atOnce = 4
/** Notices that wait for their turn; whatever comes beyond them is found again by those who look for what is owed. */
const mostWaiting = 5000
/** Milliseconds for which a notice that could not be made is left alone. */
const restAfterFault = 5 * 60_000

type Waiting = { readonly owed: Owed; readonly done: (noticed: Noticed) => void }

const whatOf = (owed: Owed): string =>
  isOfDelivery(owed)
    ? `after attempt ${owed.attempt} of delivery ${owed.delivery}`
    : `of the arrival of message ${owed.message}`

const aboutOf = (owed: Owed): About =>
  isOfDelivery(owed)
    ? { message: messageOf(owed.delivery), delivery: owed.delivery }
    : { message: owed.message }

export class Noticer {
  readonly #options: NoticerOptions
  /** By stream: those that wait and those that are under way. */
  readonly #known = new Map<string, Promise<Noticed>>()
  readonly #waiting: Waiting[] = []
  /** By stream: not tried again before this time. */
  readonly #resting = new Map<string, number>()
  #active = 0
  #isStopped = false

  constructor(options: NoticerOptions) {
    this.#options = options
  }

  /** Makes the notice when its turn comes. Asked for twice, it is made once. Never rejects: `warn` hears of what is wrong. */
  notify(owed: Owed): Promise<Noticed> {
    const stream = noticeStream(owed)
    const known = this.#known.get(stream)
    if (known !== undefined) return known
    const isToRest = (this.#resting.get(stream) ?? 0) > now()
    if (this.#isStopped || isToRest || this.#waiting.length >= mostWaiting) return Promise.resolve('owed')
    const noticed = new Promise<Noticed>((done) => this.#waiting.push({ owed, done }))
    this.#known.set(stream, noticed)
    this.#next()
    return noticed
  }

  /** Begins no more; resolves when those under way are done. What still waits is owed after the next start. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const { owed, done } of this.#waiting.splice(0)) {
      this.#known.delete(noticeStream(owed))
      done('owed')
    }
    await this.settled()
  }

  /** Resolves when nothing waits and nothing is under way. */
  async settled(): Promise<void> {
    while (this.#known.size > 0) await Promise.all(this.#known.values())
  }

  #next(): void {
    while (this.#active < atOnce && this.#waiting.length > 0) {
      this.#active++
      void this.#take(this.#waiting.shift()!)
    }
  }

  async #take({ owed, done }: Waiting): Promise<void> {
    const stream = noticeStream(owed)
    const noticed = await settleNotice(this.#options, owed).catch((error: Error) => {
      this.#options.warn(
        `the notice that the sender is owed ${whatOf(owed)} could not be made; it is tried again`,
        error,
        aboutOf(owed),
      )
      return 'owed' as const
    })
    if (noticed === 'owed') this.#resting.set(stream, now() + restAfterFault)
    else this.#resting.delete(stream)
    this.#known.delete(stream)
    this.#active--
    this.#next()
    done(noticed)
  }
}
