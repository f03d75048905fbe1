/** A mailbox live: that something came, was flagged or taken away, for whoever may see that mailbox and no more. */
import { mailboxName } from '../../authentication/spelling.ts'
import { Problem } from '../problem.ts'
import { endpoint } from './endpoint.ts'
import { lastSeen } from './events.ts'
import { live } from './live.ts'
import { address, tag } from './mailbox-words.ts'

export const mailboxLive = endpoint({
  ...{ method: 'GET', path: '/mailboxes/{address}/events', name: 'followMailbox', tag, role: 'look' },
  summary: 'Follows a mailbox live, as server-sent events',
  about:
    'A mailbox live, and the folders below it: as server-sent events, each with the position of the log as its id, what happens from now on, or after `Last-Event-ID`. Each says the mailboxes it has to do with, and the message or the mailbox message',
  params: { address },
  answers: {
    200: { about: 'As it happens', media: { 'text/event-stream': 'Events, named as in the log' } },
  },
  problems: { 406: 'It is asked for without `Accept: text/event-stream`' },
  answer: async ({ params, house, rooms, request, reply }) => {
    if (!request.headers.accept?.includes('text/event-stream'))
      throw new Problem(406, 'this goes on and on: ask with Accept: text/event-stream')
    const name = mailboxName(params.address)
    const begin = lastSeen(request.headers['last-event-id']) ?? (await house.log.tail())
    const listening = { kind: 'mailbox', name } as const
    return live({
      ...{ log: house.log, listening, begin, request, reply },
      missed: (after) => rooms.records('missed', listening, after),
    })
  },
})
