/** What is asked of mailboxes and said of them, one message at a time or many. */
import { z } from 'zod'
import { mailboxName } from '../../authentication/spelling.ts'
import { flagAsked, flagAskedForms, flagForms, flagOf } from '../../mailboxes/flags.ts'
import type { Keeper } from '../../mailboxes/keeping.ts'
import type { MailboxFound, MailboxPage } from '../../views/answers/mailboxes.ts'
import { Problem } from '../problem.ts'
import type { Endpoint } from './endpoint.ts'
import { idIn, since, text, until } from './fields.ts'
import type { Rooms } from './rooms.ts'

export const tag = 'Mailboxes'
export const address = idIn('The mailbox’s address; with /Junk behind it, what rules of the policy tagged')

const askedFlag = text(`One of its flags: ${flagAskedForms}`)
  .transform((typed, context) => {
    const known = flagAsked(typed)
    if (known !== null) return known
    context.addIssue({ code: 'custom', message: `give ${flagAskedForms}` })
    return z.NEVER
  })
  .optional()

/** What narrows what is in a mailbox. */
export const mailboxFilters = {
  since: since('Filed at or after'),
  until: until('Filed at or before'),
  from: text('Words each of which stands in its From; one in quotes may have blanks').optional(),
  subject: text('Words each of which stands in its subject; one in quotes may have blanks').optional(),
  search: text(
    'Words each of which stands in its From or in its subject; upper and lower case are alike',
  ).optional(),
  flag: askedFlag,
}

/** @throws Problem where there is no such mailbox */
export const mailboxPage = (
  { found, desk }: Pick<Rooms, 'found' | 'desk'>,
  name: string,
  page: MailboxPage,
): Promise<MailboxFound> =>
  found(`mailbox ${name}`, async () => {
    const exact = await desk('mailbox', name, page)
    return exact ?? desk('mailbox', mailboxName(name), page)
  })

export const keeperIn = ({
  house,
  request,
}: Pick<Parameters<Endpoint['answer']>[0], 'house' | 'request'>): Keeper => ({
  ...{ log: house.log, node: house.members.node },
  by: request.caller?.name ?? 'operator',
})

const aFlag = z.string().transform((typed, context) => {
  const known = flagOf(typed)
  if (known !== null) return known
  context.addIssue({ code: 'custom', message: `give ${flagForms}` })
  return z.NEVER
})
export const flagList = (about: string) => z.array(aFlag).max(64).describe(about).optional()

/** Only into mailboxes of the same address: `alice@example.org/Junk`, `alice@example.org`. */
export const folder = (from: string, to: string): string => {
  const base = from.split('/')[0]!
  const [named, below, ...deeper] = to.split('/')
  if (named !== base || deeper.length > 0 || (below !== undefined && !/^[\w -]{1,60}$/.test(below)))
    throw new Problem(400, `mailbox: give ${base}, or ${base}/ and a name of letters, digits and spaces`)
  return to
}
