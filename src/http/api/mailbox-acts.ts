/** What is done to many messages in a mailbox: to those that are named, or to all that filters find. */
import { z } from 'zod'
import { expunge, flag, type Keeper, type Kept, move } from '../../mailboxes/keeping.ts'
import type { MailboxFilter, MailboxMessage } from '../../views/answers/mailboxes.ts'
import { Problem } from '../problem.ts'
import { endpoint } from './endpoint.ts'
import { address, flagList, folder, keeperIn, mailboxFilters, mailboxPage, tag } from './mailbox-words.ts'
import type { Rooms } from './rooms.ts'

/** So many at a time: the log takes them together, and between them the server does other things. */
const batch = 50
/** Messages of one request; who means more asks again. */
const most = 5_000

const body = z
  .strictObject({
    action: z.enum(['delete', 'change'], 'give delete or change'),
    ids: z.array(z.string().max(100)).min(1).max(1_000).describe('Of mailbox messages').optional(),
    filter: z
      .strictObject(mailboxFilters)
      .refine((filter) => Object.values(filter).some((value) => value !== undefined), {
        message: 'names nothing; until with the time of now means everything',
      })
      .refine(({ search }) => search === undefined || search.trim() !== '', {
        message: 'has no word in it',
        path: ['search'],
      })
      .describe('As of the list, instead of ids')
      .optional(),
    add: flagList('To change: flags that stand on them from now on as well'),
    remove: flagList('To change: flags that no longer do'),
    mailbox: z
      .string()
      .max(400)
      .describe('To change: where they go, another folder of the same address')
      .optional(),
    dryRun: z.boolean().optional(),
  })
  .refine(({ ids, filter }) => (ids === undefined) !== (filter === undefined), {
    message: 'give either ids or a filter',
  })
  .meta({ id: 'MailboxAction' })
type Body = z.output<typeof body>

const named = async (
  rooms: Rooms,
  name: string,
  ids: readonly string[],
): Promise<readonly MailboxMessage[]> => {
  const found: MailboxMessage[] = []
  for (let at = 0; at < ids.length; at += batch) {
    const asked = ids.slice(at, at + batch).map((id) => rooms.desk('mailboxMessage', name, id))
    found.push(...(await Promise.all(asked)).filter((one) => one !== null))
  }
  return found
}

/** Page by page. @throws Problem where that is too much */
const fitting = async (
  rooms: Rooms,
  name: string,
  filter: MailboxFilter,
): Promise<readonly MailboxMessage[]> => {
  const found: MailboxMessage[] = []
  for (let before: string | undefined; ; ) {
    const { items: page } = await mailboxPage(rooms, name, {
      ...filter,
      limit: 1_000,
      ...(before !== undefined && { before }),
    })
    const last = page.at(-1)
    if (last === undefined) return found
    found.push(...page)
    if (found.length > most) throw new Problem(400, `more than ${most} messages fit: narrow the filter`)
    before = last.id
  }
}

const actOn = async (
  keeper: Keeper,
  message: MailboxMessage,
  { action, add, remove, mailbox }: Body,
): Promise<Kept> => {
  if (action === 'delete') return expunge(keeper, message)
  const flagged = await flag(keeper, message, { add, remove })
  const stays = mailbox === undefined || mailbox === message.mailbox
  return flagged.kind !== 'kept' || stays ? flagged : move(keeper, flagged.message, mailbox)
}

export const mailboxActs = endpoint({
  ...{ method: 'POST', path: '/mailboxes/{address}/actions', name: 'actOnMailbox', tag, role: 'act' },
  summary: 'Deletes, flags or moves many messages of a mailbox',
  about:
    'Deletes, flags or moves many messages of a mailbox; with `dryRun` it only says how many. Those that somebody else took away meanwhile are left out',
  ...{ params: { address }, body },
  answers: {
    200: {
      about: 'How many',
      shape: z
        .object({
          count: z.int().describe('To how many it was done, or would be'),
          left: z.int().describe('No longer there, or with too many flags'),
          dryRun: z.boolean(),
        })
        .meta({ id: 'MailboxActed' }),
    },
  },
  problems: { 404: 'There is no such mailbox' },
  answer: async (came) => {
    const { params, rooms } = came
    const asked = came.body as Body
    const { ids, filter = {}, mailbox, dryRun = false } = asked
    if (mailbox !== undefined) folder(params.address, mailbox)
    const found =
      ids === undefined
        ? await fitting(rooms, params.address, filter)
        : await named(rooms, params.address, [...new Set(ids)])
    const total = ids === undefined ? found.length : new Set(ids).size
    if (dryRun) return { count: found.length, left: total - found.length, dryRun }
    const kept: Kept[] = []
    for (let at = 0; at < found.length; at += batch) {
      const some = found.slice(at, at + batch)
      kept.push(...(await Promise.all(some.map((one) => actOn(keeperIn(came), one, asked)))))
    }
    const done = kept.filter((one) => one.kind === 'kept')
    const last = Math.max(0, ...done.map(({ position }) => position))
    await rooms.settle(last)
    return { count: done.length, left: total - done.length, dryRun }
  },
})
