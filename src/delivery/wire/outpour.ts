/** Content from our store to the host, no faster than the host takes it, holding about one write of it. */

import { HostFailed } from '../port.ts'
import { Stuffing } from './content.ts'
import type { Dialogue } from './dialogue.ts'
import type { Patience } from './patience.ts'
import { legible } from './replies.ts'

/** Octets that are gathered before they are written. */
const gathered = 64 * 1024

const during = 'content'

type Source = AsyncIterator<Uint8Array>

const explained = (error: unknown): string => {
  const why = error instanceof Error ? error.message : String(error)
  return `the content cannot be read: ${legible(why).slice(0, 300)}`
}

export class Outpour {
  readonly #dialogue: Dialogue
  readonly #patience: Patience
  readonly #stuffing = new Stuffing()
  #waiting: Buffer[] = []
  #octets = 0
  /** Of the content, before dots were doubled. */
  #read = 0
  /** The final dot was written: from here on the host may have the mail. */
  dotted = false

  constructor(dialogue: Dialogue, patience: Patience) {
    this.#dialogue = dialogue
    this.#patience = patience
  }

  /** Everything but the final dot. The dialogue is over when it throws. @throws HostFailed */
  async pour(content: AsyncIterable<Uint8Array>): Promise<void> {
    this.#dialogue.begin(during)
    const source = content[Symbol.asyncIterator]()
    let isDone = false
    try {
      for (;;) {
        const next = await this.#next(source)
        if (next.done === true) break
        await this.#take(next.value)
      }
      isDone = true
    } finally {
      if (!isDone) abandon(source)
      this.#dialogue.transcript.client(`[${this.#read} bytes of content]`)
    }
  }

  /** The final dot, with what is left. Nothing is written on a dialogue that has ended. */
  finish(): void {
    if (this.#dialogue.fault !== null) return
    this.dotted = true
    this.#dialogue.transcript.client('.')
    this.#dialogue.write([...this.#waiting, ...this.#stuffing.end()])
    this.#waiting = []
  }

  async #next(source: Source): Promise<IteratorResult<Uint8Array>> {
    const late = {
      kind: 'content-unreadable',
      during,
      text: 'the content comes too slowly from our store',
    } as const
    try {
      return await this.#dialogue.settled(source.next(), { within: this.#patience.block, late })
    } catch (error) {
      if (error instanceof HostFailed) throw error
      throw this.#dialogue.fail({ kind: 'content-unreadable', during, text: explained(error) })
    }
  }

  async #take(chunk: Uint8Array): Promise<void> {
    this.#read += chunk.length
    this.#waiting.push(...this.#stuffing.push(chunk))
    this.#octets += chunk.length
    if (this.#octets < gathered) return
    const isFlowing = this.#dialogue.write(this.#waiting)
    this.#waiting = []
    this.#octets = 0
    if (!isFlowing) await this.#dialogue.drained(this.#patience.block)
  }
}

/** It may hold a file open; whether it closes well is nobody's concern here. */
const abandon = (source: Source): void => {
  source.return?.().catch(() => {})
}
