/** Mailboxes, what is in them, and what is done to it. */
import { z } from 'zod'
import { idsUpTo } from '../../actors/identity.ts'
import { expunge, flag, type Kept, move } from '../../mailboxes/keeping.ts'
import { mailbox, mailboxMessage } from '../../shapes/mailbox.ts'
import type { MailboxFilter, MailboxMessage } from '../../views/answers/mailboxes.ts'
import type { Place } from '../../views/answers/pages.ts'
import { Problem } from '../problem.ts'
import { cursorFor, placeIn } from './cursor.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { idIn, paging, text, until, usualLimit } from './fields.ts'
import { filterOf, listOf, looksFor, near, reach, type Wanted } from './lists.ts'
import { mailboxActs } from './mailbox-acts.ts'
import { mailboxLive } from './mailbox-live.ts'
import { address, flagList, folder, keeperIn, mailboxFilters, mailboxPage, tag } from './mailbox-words.ts'
import { isMailboxOf } from './own.ts'
import type { Rooms } from './rooms.ts'
import { passedOver, type Searched, searched, seekerIn, words } from './searched.ts'

/** A line each: most servers have no more of them than a page has. */
const mostMailboxes = 500

const list = endpoint({
  ...{ method: 'GET', path: '/mailboxes', name: 'listMailboxes', tag, role: 'look' },
  summary: 'Lists mailboxes',
  about: 'All mailboxes, by name',
  query: {
    search: text('Stands in its name').optional(),
    ...paging,
    limit: paging.limit.meta({ default: mostMailboxes }),
  },
  answers: {
    200: {
      about: 'A page of them',
      shape: z
        .object({
          items: z.array(mailbox),
          next: z.string().nullable().describe('The cursor of the next page; null where there is none'),
        })
        .meta({ id: 'Mailboxes' }),
    },
  },
  answer: async ({ query, rooms, request: { caller } }) => {
    const { search = '', limit = mostMailboxes, position } = query
    const [after = ''] = placeIn('mailboxes', query, ['string']) ?? []
    if (position !== undefined) await rooms.until(position)
    const account = caller?.account ?? null
    const found = (await rooms.desk('mailboxes'))
      .filter((one) => account === null || isMailboxOf(one.mailbox, account))
      .filter((one) => one.mailbox.toLowerCase().includes(search.trim().toLowerCase()) && one.mailbox > after)
      .toSorted((one, other) => (one.mailbox < other.mailbox ? -1 : 1))
    const items = found.slice(0, limit)
    return {
      items,
      next: found.length > limit ? cursorFor('mailboxes', query, [items.at(-1)?.mailbox ?? '']) : null,
    }
  },
})

/** Rows of a mailbox lie together: as many times more of them are looked through as soon. */
const together = 4

/** What was filed by a time has an id that was given by then: nobody looks through what came later. */
const topOf = ({ asOf, until: last }: Pick<MailboxFilter, 'asOf' | 'until'>): string =>
  idsUpTo(Math.min(asOf ?? Number.POSITIVE_INFINITY, last ?? Number.POSITIVE_INFINITY))

type Told = Omit<Searched<MailboxMessage>, 'passedOver'> & Partial<Searched<MailboxMessage>>
const placeOf = ({ id, filedAt }: MailboxMessage): Place => ({ id, at: Date.parse(filedAt) })

type Saying = {
  readonly words: string
  readonly limit: number
  readonly before: string
  readonly filter: MailboxFilter
}

/** Those that say some words, of those that filters find. */
const saying = (
  came: Pick<Parameters<Endpoint['answer']>[0], 'rooms' | 'request' | 'reply'>,
  name: string,
  { words, limit, before, filter }: Saying,
): Promise<Searched<MailboxMessage>> =>
  searched(seekerIn(came), {
    ...{ words, limit, before: { id: before, at: 0 }, placeOf },
    mailOf: ({ message, size, from, subject }: MailboxMessage) => ({ message, size, from, subject }),
    page: async ({ id }, most) => {
      const asked = { ...filter, limit: most, reach, before: id }
      const { items, searched: end } = await mailboxPage({ ...came.rooms, desk: came.rooms.far }, name, asked)
      return { rows: items, rest: items.length === most ? placeOf(items.at(-1)!) : end }
    },
  })

const messages = endpoint({
  ...{ method: 'GET', path: '/mailboxes/{address}/messages', name: 'listMailboxMessages', tag, role: 'look' },
  summary: 'Lists what is, or was, in a mailbox',
  about: 'What is in a mailbox, or was in it at a time, with the flags of then',
  params: { address },
  query: { asOf: until('What was in it then'), ...mailboxFilters, text: words, ...paging },
  answers: {
    200: {
      about: 'A page of it',
      shape: z
        .object({ ...listOf(mailboxMessage, 'MailboxMessagePage').shape, ...passedOver })
        .meta({ id: 'MailboxMessages' }),
    },
  },
  problems: { 404: 'There is no such mailbox' },
  answer: async (came) => {
    const { params, query, rooms } = came
    const { limit = usualLimit, position } = query
    const asked = { ...query, address: params.address }
    const [before] = placeIn('mailbox', asked, ['string']) ?? []
    if (position !== undefined) await rooms.until(position)
    const filter = filterOf(query)
    const top = typeof before === 'string' ? before : topOf(query)
    const told = ({ items, end, searched: at, passedOver: passed }: Told) => ({
      items,
      next: end === null ? null : cursorFor('mailbox', asked, [end.id]),
      searchedTo: at === null ? null : new Date(at.at).toISOString(),
      passedOver: passed ?? null,
    })
    if (query.text !== undefined)
      return told(await saying(came, params.address, { words: query.text, limit, before: top, filter }))
    const look = async (wanted: Wanted<Pick<Place, 'id'>>, isFirst: boolean) => {
      const [desk, rows] = isFirst ? [rooms.desk, together * near] : [rooms.far, reach]
      const place = { limit: wanted.limit, reach: rows, before: wanted.before.id }
      const found = await mailboxPage({ ...rooms, desk }, params.address, { ...filter, ...place })
      return { ...found, count: found.items.length }
    }
    // One more than was asked for tells whether another page comes.
    const { looks, last } = await looksFor(look, { limit: limit + 1, before: { id: top } })
    const found = looks.flatMap(({ items }) => items)
    const items = found.slice(0, limit)
    const { searched } = last
    return told({ items, searched, end: found.length > limit ? placeOf(items.at(-1)!) : searched })
  },
})

const params = { address, id: idIn('The mailbox message’s id') }
const found = (
  rooms: Rooms,
  { address: name, id }: { address: string; id: string },
): Promise<MailboxMessage> =>
  rooms.found(`message ${id} in mailbox ${name}`, () => rooms.desk('mailboxMessage', name, id))

/** @throws Problem where it is not there, or not possible */
const done = async (kept: Kept, rooms: Rooms): Promise<MailboxMessage> => {
  if (kept.kind === 'gone') throw new Problem(404, 'it is no longer there')
  if (kept.kind === 'too-many') throw new Problem(400, 'no message has as many flags')
  await rooms.settle(kept.position)
  return kept.message
}

const one = endpoint({
  ...{
    method: 'GET',
    path: '/mailboxes/{address}/messages/{id}',
    name: 'getMailboxMessage',
    tag,
    role: 'look',
  },
  summary: 'Shows one message in a mailbox',
  ...{ about: 'One message in a mailbox', params, problems: { 404: 'It is not there' } },
  answers: { 200: { about: 'The message', shape: mailboxMessage } },
  answer: ({ params: asked, rooms }) => found(rooms, asked),
})

const change = endpoint({
  ...{ method: 'PATCH', path: '/mailboxes/{address}/messages/{id}', name: 'changeMailboxMessage', tag },
  summary: 'Changes a mailbox message’s flags, or moves it',
  ...{ role: 'act', about: 'Changes its flags, or moves it', params },
  body: z
    .strictObject({
      flags: flagList('All of its flags, instead of those that stand on it'),
      add: flagList('Flags that stand on it from now on as well'),
      remove: flagList('Flags that no longer do'),
      mailbox: z.string().max(400).describe('Where it goes: another folder of the same address').optional(),
    })
    .meta({ id: 'MailboxChange' }),
  answers: { 200: { about: 'The message as it is now; moved, it has another id', shape: mailboxMessage } },
  problems: { 404: 'It is not there', 409: 'Somebody else did something to it at the same moment' },
  answer: async (came) => {
    const { params: asked, body, rooms } = came
    const keeper = keeperIn(came)
    const target = body.mailbox === undefined ? null : folder(asked.address, body.mailbox)
    const before = await found(rooms, asked)
    const flagged = await done(await flag(keeper, before, body), rooms)
    if (target === null || target === asked.address) return flagged
    const moved = await done(await move(keeper, flagged, target), rooms)
    return (await rooms.desk('mailboxMessage', moved.mailbox, moved.id)) ?? moved
  },
})

const remove = endpoint({
  ...{ method: 'DELETE', path: '/mailboxes/{address}/messages/{id}', name: 'deleteMailboxMessage', tag },
  summary: 'Takes a message out of its mailbox',
  ...{ role: 'act', about: 'Takes it out of the mailbox; what else is known of the message stays', params },
  answers: { 204: { about: 'It is gone' } },
  problems: { 404: 'It is not there' },
  answer: async (came) => {
    await done(await expunge(keeperIn(came), await found(came.rooms, came.params)), came.rooms)
    return came.reply.code(204).send()
  },
})

export const mailboxRows: readonly Endpoint[] = [
  list,
  messages,
  one,
  change,
  remove,
  mailboxActs,
  mailboxLive,
]
