/** From what goes to the log to the lines that tell of it. */
import { type Append, categoryOf, idOf, type NewEvent } from '../log/port.ts'
import { Deliveries } from './deliveries.ts'
import type { Line, Told } from './line.ts'
import { accepted, Sessions } from './sessions.ts'

const nothing: readonly Line[] = []

export class Lines {
  readonly #since: number
  readonly #sessions = new Sessions()
  readonly #deliveries = new Deliveries()

  /** What happened before `since` (milliseconds since 1970) is not told: a history that is imported is no news. */
  constructor({ since }: { readonly since: number }) {
    this.#since = since
  }

  of(appends: readonly Append[]): readonly Line[] {
    return appends.flatMap(({ stream, events }) => events.flatMap((event) => this.#tell(stream, event)))
  }

  #tell(stream: string, { kind, data, at }: NewEvent): readonly Line[] {
    if (at < this.#since) return nothing
    // What this process appends under a name is what the vocabulary says.
    const told = { type: kind.type, data, at } as Told
    const category = categoryOf(stream)
    if (category === 'smtp_session') return this.#sessions.tell(idOf(stream), told)
    if (category === 'delivery') return this.#deliveries.tell(idOf(stream), told)
    // Notices of our own.
    return told.type === 'MessageAccepted' ? [accepted(told.data, {})] : nothing
  }
}
