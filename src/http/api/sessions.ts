/** Sessions: who talked to us, refused and dropped ones too. */
import { z } from 'zod'
import { session } from '../../shapes/session.ts'
import { outcomes } from '../../shapes/words.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { idIn, paging, since, text, until } from './fields.ts'
import { historyRows } from './histories.ts'
import { filterOf, listOf, pageOf } from './lists.ts'

const tag = 'Sessions'

const list = endpoint({
  ...{ method: 'GET', path: '/sessions', name: 'listSessions', tag, role: 'look' },
  summary: 'Lists sessions, refused and dropped ones too',
  about: 'Sessions, refused and dropped ones too. In addresses, names and rules * stands for anything',
  query: {
    since: since('Opened at or after'),
    until: until('Opened at or before'),
    peer: text('The client’s address or name').optional(),
    helo: text('What the client called itself').optional(),
    user: text('The account it logged in to, or a name with which that was tried').optional(),
    sender: text('A sender it named, accepted or refused').optional(),
    recipient: text('A recipient it named, accepted or refused').optional(),
    outcome: z
      .enum(outcomes, `give one of ${outcomes.join(', ')}`)
      .describe('How it ended')
      .optional(),
    reason: text('Why it ended, or anything in it was refused, by its code: spf-fail').optional(),
    rule: text('Something in it was refused by this rule of the policy: spf.fail, dnsbl*').optional(),
    tag: text('A message of it is Junk by this rule of the policy: spf.fail, dmarc.*; * for any').optional(),
    ...paging,
  },
  answers: { 200: { about: 'A page of sessions', shape: listOf(session, 'Sessions') } },
  answer: ({ query, rooms }) =>
    pageOf('sessions', query, {
      rooms,
      ask: (desk, page) => desk('sessions', filterOf(query), page),
    }),
})

const one = endpoint({
  ...{ method: 'GET', path: '/sessions/{id}', name: 'getSession', tag, role: 'look' },
  summary: 'Shows one session',
  about: 'One session',
  params: { id: idIn('The session’s id') },
  answers: { 200: { about: 'The session', shape: session } },
  problems: { 404: 'There is no such session' },
  answer: ({ params: { id }, rooms }) => rooms.found(`session ${id}`, () => rooms.desk('session', id)),
})

export const sessionRows: readonly Endpoint[] = [
  list,
  one,
  ...historyRows({
    ...{ plural: 'sessions', name: 'Session', what: 'session', category: 'smtp_session', tag },
  }),
]
