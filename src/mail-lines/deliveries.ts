/** What a delivery gives: each attempt that ended, and what became of it without one. */
import type { AttemptEnded, AttemptStarted, RemoteHost } from '../../machines/vocabulary/events.ts'
import { messageOf } from '../delivery/ids.ts'
import { Recent } from '../telemetry/recent.ts'
import { weightiest } from '../telling/weightiest.ts'
import { addressesIn, type Line, type Told } from './line.ts'

/** Followed at a time. */
const mostAttempts = 20_000

type Attempt = Pick<AttemptStarted, 'attempt' | 'startedAt'> & { host: RemoteHost | null }
type End = AttemptEnded & { readonly reason?: string; readonly nextAttemptAt?: number | null }

const nothing: readonly Line[] = []
const iso = (at: number | null | undefined): string | null | undefined =>
  typeof at === 'number' ? new Date(at).toISOString() : at

export class Deliveries {
  readonly #attempts = new Recent<Attempt>(mostAttempts)

  tell(id: string, told: Told): readonly Line[] {
    const of = { delivery: id, message: messageOf(id) }
    switch (told.type) {
      case 'AttemptStarted':
        this.#attempts.set(id, { ...told.data, host: null })
        return nothing
      case 'Connected':
      case 'HostPassedOver': {
        const attempt = this.#attempts.get(id)
        if (attempt !== undefined) attempt.host = told.data.host
        return nothing
      }
      case 'Delivered':
        return this.#ended('a mail was delivered', of, told.data)
      case 'Deferred':
        return this.#ended(
          told.data.noted?.act === 'cancel' ? 'a delivery was cancelled' : 'a delivery was put off',
          of,
          told.data,
        )
      case 'Failed':
        return this.#ended('a delivery failed', of, told.data)
      case 'Expired':
        return this.#ended('a delivery was given up', of, told.data)
      case 'AttemptLost': {
        const { foundAt: _, nextAttemptAt, noted, ...rest } = told.data
        this.#attempts.delete(id)
        return [{ what: 'an attempt was lost', about: { ...of, ...rest, nextAttemptAt: iso(nextAttemptAt) } }]
      }
      case 'Held':
        return [{ what: 'a delivery was held', about: { ...of, by: told.data.by } }]
      case 'Cancelled':
        return [{ what: 'a delivery was cancelled', about: { ...of, by: told.data.by } }]
      default:
        return nothing
    }
  }

  #ended(
    what: string,
    of: { readonly delivery: string; readonly message: string },
    end: End,
  ): readonly Line[] {
    const attempt = this.#attempts.get(of.delivery)
    this.#attempts.delete(of.delivery)
    const reply = weightiest(end)
    return [
      {
        what,
        about: {
          ...{ ...of, destination: end.destination, ...hostOf(attempt) },
          ...addressesIn(end.outcomes.map(({ address }) => address)),
          ...(end.reason !== undefined && { reason: end.reason }),
          ...(end.fault !== null && { fault: end.fault.kind }),
          ...(reply !== null && {
            reply: [reply.code, reply.enhanced, reply.text].filter(Boolean).join(' '),
          }),
          ...(end.nextAttemptAt !== undefined && { nextAttemptAt: iso(end.nextAttemptAt) }),
          ...(attempt !== undefined && { ms: end.endedAt - attempt.startedAt }),
        },
      },
    ]
  }
}

const hostOf = (attempt: Attempt | undefined): object => {
  if (attempt === undefined) return {}
  const { host, attempt: nth } = attempt
  return { attempt: nth, ...(host !== null && { host: host.name, hostAddress: host.address }) }
}
