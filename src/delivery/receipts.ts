/**
 * Sees to it that senders who asked for it hear that their mail arrived here, or was passed on by an alias of several: at once
 * where this process accepted it, and by looking for what is owed where a process ended in between. With or without deliveries.
 */
import { owesReceipt } from '../../machines/vocabulary/notices.ts'
import { now } from '../actors/identity.ts'
import type { ReceiptDue } from '../views/answers/messages.ts'
import { type Noticed, Noticer, type NoticerOptions } from './noticer.ts'
import type { Accepted } from './router.ts'
import { acceptedAt } from './sweep.ts'

export type ReceiptsOptions = Omit<NoticerOptions, 'original'> & {
  readonly backlog: {
    /** Resolves when the views hold what the log holds now. */
    caughtUp(): Promise<void>
    /** The oldest first. */
    receiptsDue(limit: number): readonly ReceiptDue[]
  }
}

/** Milliseconds. */
const sweepEvery = 30_000
/** Receipts asked for at once. */
const atOnce = 1000

export class Receipts {
  readonly #options: ReceiptsOptions
  readonly #noticer: Noticer
  readonly #sweeping: NodeJS.Timeout
  #isSweeping = false
  #isStopping = false

  /** Looks for what an earlier run left, at once and beside everything else. */
  constructor(options: ReceiptsOptions) {
    this.#options = options
    // The fact of acceptance says what the views would.
    this.#noticer = new Noticer({ ...options, original: async () => null })
    this.#sweeping = setInterval(() => this.#sweep(now() - sweepEvery), sweepEvery).unref()
    this.#sweep(now())
  }

  /** A message was accepted: its receipt is made beside everything else, if it owes one. */
  accepted(accepted: Accepted): void {
    if (owesReceipt(accepted.message)) void this.#tell(accepted)
  }

  /** A server on the same log lives no more: what it owes is seen to. */
  takeOver(): void {
    this.#sweep(now())
  }

  /** Those under way are finished, the others are owed after the next start. */
  async stop(): Promise<void> {
    this.#isStopping = true
    clearInterval(this.#sweeping)
    await this.#noticer.stop()
  }

  #tell({ message, at }: Accepted): Promise<Noticed> {
    return this.#noticer.notify({
      ...{ message: message.message, kind: 'delivered' },
      accepted: { message, at },
    })
  }

  /** Of mail accepted before this time: the other is being told of. */
  #sweep(olderThan: number): void {
    if (this.#isSweeping) return
    this.#isSweeping = true
    this.#sweepAll(olderThan)
      .catch((error: Error) => {
        if (!this.#isStopping)
          this.#options.warn('receipts that are owed could not be seen to; it is tried again', error)
      })
      .finally(() => {
        this.#isSweeping = false
      })
  }

  async #sweepAll(olderThan: number): Promise<void> {
    const { log, backlog } = this.#options
    for (let isMore = true; isMore; ) {
      // Views that lag behind take for owed what has been done since.
      await backlog.caughtUp()
      if (this.#isStopping) return
      const due = backlog.receiptsDue(atOnce)
      let settled = 0
      for (const each of due) {
        const accepted = each.at > olderThan ? null : await acceptedAt(log, each)
        if (accepted !== null && (await this.#tell(accepted)) !== 'owed') settled++
        if (this.#isStopping) return
      }
      isMore = due.length === atOnce && settled > 0
    }
  }
}
