/** From what goes to the log to the spans that have ended with it. */
import type { MessageAccepted } from '../../machines/vocabulary/events.ts'
import { isOfDelivery } from '../../machines/vocabulary/notices.ts'
import { type Append, categoryOf, idOf, type NewEvent } from '../log/port.ts'
import { Deliveries, goesOn, messageSpan } from './deliveries.ts'
import { Sessions, type Told } from './sessions.ts'
import { deliveryPlace, type Place, type Span, sessionPlace } from './span.ts'

/** Sessions and deliveries that are followed at a time. */
const mostSessions = 20_000
const mostDeliveries = 20_000

const nothing: readonly Span[] = []

export class Telling {
  readonly #since: number
  readonly #sessions = new Sessions(mostSessions)
  readonly #deliveries = new Deliveries(mostDeliveries)

  /** What happened before `since` (milliseconds since 1970) is not told: a history that is imported is no news. */
  constructor({ since }: { readonly since: number }) {
    this.#since = since
  }

  spansOf(appends: readonly Append[]): readonly Span[] {
    return appends.flatMap(({ stream, events }) => events.flatMap((event) => this.#tell(stream, event)))
  }

  #tell(stream: string, { kind, data, at }: NewEvent): readonly Span[] {
    if (at < this.#since) return nothing
    // What this process appends under a name is what the vocabulary says.
    const told = { type: kind.type, data, at } as Told
    const category = categoryOf(stream)
    const id = idOf(stream)
    if (category === 'delivery') return this.#deliveries.tell(id, told)
    const ofSession = category === 'smtp_session' ? this.#sessions.tell(id, told) : nothing
    if (told.type !== 'MessageAccepted' || !goesOn(told.data)) return ofSession
    const session = category === 'smtp_session' ? id : null
    const from = session === null ? causeOf(told.data) : [ofSession[0]?.place ?? sessionPlace(session)]
    return [...ofSession, messageSpan(told.data, { at, session, from })]
  }
}

/** A notice is about a delivery, or about a message that never left. */
const causeOf = ({ cause }: MessageAccepted): readonly Place[] =>
  cause !== undefined && isOfDelivery(cause) ? [deliveryPlace(cause.delivery)] : []
