/** Replies that are awaited, in order, each within its own time. */
import type { RemoteReply } from '../../../machines/vocabulary/events.ts'
import type { HostFailed } from '../port.ts'

/** A reply, with its words line by line as they came: to be acted upon, not to be kept, since secrets may be in them. */
export type Heard = RemoteReply & { readonly lines: readonly string[] }

/** What a history keeps of it. */
export const remembered = ({ code, enhanced, text, command, own }: RemoteReply): RemoteReply => ({
  ...{ code, enhanced, text, command },
  ...(own && { own }),
})

type Awaited = {
  /** As in `RemoteReply.command`. */
  readonly command: string
  /** Milliseconds. */
  readonly within: number
  readonly heard: (reply: Heard) => void
  readonly failed: (error: HostFailed) => void
}

export class AwaitedReplies {
  readonly #queue: Awaited[] = []
  readonly #onLate: (command: string) => void
  #clock: NodeJS.Timeout | null = null

  /** `onLate` is told the command whose reply did not come in time. */
  constructor({ onLate }: { readonly onLate: (command: string) => void }) {
    this.#onLate = onLate
  }

  /** Whose reply is next; undefined when none is awaited. */
  get command(): string | undefined {
    return this.#queue[0]?.command
  }

  promise({ command, within }: Pick<Awaited, 'command' | 'within'>): Promise<Heard> {
    return new Promise((heard, failed) => {
      this.#queue.push({ command, within, heard, failed })
      if (this.#queue.length === 1) this.#windClock()
    })
  }

  /** The first of them has come. */
  fulfil(reply: Heard): void {
    const awaited = this.#queue.shift()
    this.#windClock()
    awaited?.heard(reply)
  }

  /** None of them will come. */
  end(error: HostFailed): void {
    const queue = this.#queue.splice(0)
    this.#windClock()
    for (const { failed } of queue) failed(error)
  }

  /** RFC 5321 §4.5.3.2: the time of a reply is counted from when it is its turn. */
  #windClock(): void {
    if (this.#clock !== null) clearTimeout(this.#clock)
    this.#clock = null
    const next = this.#queue[0]
    if (next !== undefined) this.#clock = setTimeout(this.#onLate, next.within, next.command)
  }
}
