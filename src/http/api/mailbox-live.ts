/** A mailbox live: that something came, was flagged or taken away, for whoever may see that mailbox and no more. */
import type { EventOf } from '../../../machines/vocabulary/events.ts'
import { mailboxesOf } from '../../../projections/messages.ts'
import { mailboxName } from '../../authentication/spelling.ts'
import type { StoredEvent } from '../../log/port.ts'
import { Problem } from '../problem.ts'
import { endpoint } from './endpoint.ts'
import { lastSeen } from './events.ts'
import { live } from './live.ts'
import { address, tag } from './mailbox-words.ts'

const types = ['MessageAccepted', 'MessageFlagged', 'MessageMoved', 'MessageExpunged'] as const

/** The mailboxes that an event has to do with. */
const concerned = (event: EventOf): readonly string[] => {
  switch (event.type) {
    case 'MessageAccepted':
      return mailboxesOf(event.data)
    case 'MessageMoved':
      return [event.data.mailbox, event.data.to]
    case 'MessageFlagged':
    case 'MessageExpunged':
      return [event.data.mailbox]
    default:
      return []
  }
}

/** The mailbox itself, and what lies below it. */
const isBelow = (mailbox: string, name: string): boolean => mailbox === name || mailbox.startsWith(`${name}/`)

/** Where, and nothing of who else got it. */
const shownTo =
  (name: string) =>
  (stored: StoredEvent): object => {
    const event = stored as EventOf & StoredEvent
    const { position, type, at, data } = event
    return {
      ...{ position, type, at: new Date(at).toISOString() },
      mailboxes: concerned(event).filter((mailbox) => isBelow(mailbox, name)),
      message: event.type === 'MessageAccepted' ? event.data.message : null,
      id: 'id' in data ? data.id : null,
    }
  }

export const mailboxLive = endpoint({
  ...{ method: 'GET', path: '/mailboxes/{address}/events', name: 'followMailbox', tag, role: 'look' },
  about:
    'A mailbox live, and the folders below it: as server-sent events, each with the position of the log as its id, what happens from now on, or behind `Last-Event-ID`. Each says the mailboxes it has to do with, and the message or the mailbox message',
  params: { address },
  answers: {
    200: { about: 'As it happens', media: { 'text/event-stream': 'Events, named as in the log' } },
  },
  problems: { 406: 'It is asked for without `Accept: text/event-stream`' },
  answer: async ({ params, house, request, reply }) => {
    if (!request.headers.accept?.includes('text/event-stream'))
      throw new Problem(406, 'this goes on and on: ask with Accept: text/event-stream')
    const name = mailboxName(params.address)
    const begin = lastSeen(request.headers['last-event-id']) ?? (await house.log.tail())
    const isWanted = (event: StoredEvent): boolean =>
      event.position > begin && concerned(event as EventOf).some((mailbox) => isBelow(mailbox, name))
    return live({
      ...{ log: house.log, filter: { types }, isWanted, begin, request, reply },
      shown: shownTo(name),
    })
  },
})
