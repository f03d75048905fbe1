/** What a session gives: mails that were accepted or refused in it, and its end. */
import type { MessageAccepted, Peer, SessionOpened } from '../../machines/vocabulary/events.ts'
import { Recent } from '../telemetry/recent.ts'
import { addressesIn, type Line, type Told } from './line.ts'

/** Followed at a time. */
const mostSessions = 20_000

type Session = {
  readonly openedAt: number
  readonly service: string
  peer: Peer
  helo: string | null
  user: string | null
  sender: string | null
  tls: boolean
  refusals: number
}

type Refused = {
  readonly code: number
  readonly enhanced: string
  readonly reason: string
  readonly rule?: string
}

const nothing: readonly Line[] = []

const refusal = ({ code, enhanced, reason, rule }: Refused) => ({
  ...{ reason, reply: `${code} ${enhanced}` },
  ...(rule !== undefined && { rule }),
})

/** `from`: the session that brought it. */
export const accepted = (
  { message, sender, user, recipients, size, cause }: MessageAccepted,
  from: Readonly<Record<string, unknown>>,
): Line => ({
  what: cause === undefined ? 'a mail was accepted' : 'a notice was written',
  about: {
    ...from,
    ...{ message, user, sender, ...addressesIn(recipients.map(({ address }) => address)), size },
    ...(cause !== undefined && { cause }),
  },
})

export class Sessions {
  readonly #open = new Recent<Session>(mostSessions)

  tell(id: string, told: Told): readonly Line[] {
    if (told.type === 'SessionOpened') return this.#opened(id, told.at, told.data)
    return this.#within(id, this.#open.get(id) ?? null, told)
  }

  #opened(id: string, at: number, { service, peer, tls, door }: SessionOpened): readonly Line[] {
    if (door !== 'open')
      return [
        {
          what: 'a session was turned away',
          about: { session: id, service, peer: peer.address, reason: door },
        },
      ]
    this.#open.set(id, {
      ...{ openedAt: at, service, peer, helo: null, user: null, sender: null },
      ...{ tls: tls !== null, refusals: 0 },
    })
    return nothing
  }

  #within(id: string, session: Session | null, { type, data, at }: Told): readonly Line[] {
    const from = { session: id, ...(session !== null && { peer: session.peer.address }) }
    const refused = (what: string, about: object, why: Refused): readonly Line[] => {
      if (session !== null) session.refusals++
      return [{ what, about: { ...from, ...about, ...refusal(why) } }]
    }
    switch (type) {
      case 'SenderRefused':
        return refused('a sender was refused', { sender: data.sender }, data)
      case 'RecipientRefused':
        return refused(
          'a recipient was refused',
          { sender: session?.sender ?? null, recipient: data.recipient },
          data,
        )
      case 'MessageRefused':
        return refused(
          'a mail was refused',
          { sender: data.sender, ...addressesIn(data.recipients), size: data.size },
          data,
        )
      case 'CommandRefused':
        if (session !== null) session.refusals++
        return nothing
      case 'AuthenticationFailed':
        if (session !== null) session.refusals++
        // Who mixes up the two fields has typed a password as the name.
        return [{ what: 'a login failed', about: { ...from, reason: data.reason } }]
      case 'MessageAccepted':
        return [accepted(data, from)]
      case 'SessionClosed':
        this.#open.delete(id)
        return [{ what: 'a session ended', about: { ...from, ...endOf(session, at), ...data } }]
      default:
        if (session !== null) learn(session, { type, data, at } as Told)
        return nothing
    }
  }
}

/** Of one that another run of the server began nothing is known but its end. */
const endOf = (session: Session | null, at: number): object => {
  if (session === null) return {}
  const { service, helo, user, tls, refusals, openedAt } = session
  return { service, helo, user, tls, refusals, ms: at - openedAt }
}

const learn = (session: Session, { type, data }: Told): void => {
  if (type === 'ClientIdentified') session.helo = data.helo
  if (type === 'ClientRenamed') {
    session.peer = data.renamed.peer
    session.user = data.renamed.user
  }
  if (type === 'TlsStarted') session.tls = true
  if (type === 'ClientAuthenticated') session.user = data.user
  if (type === 'SenderAccepted') session.sender = data.sender
}
