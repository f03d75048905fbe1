/**
 * What concerns one account: who logs in without being an administrator, or has a key for one account, sees and does no more than that.
 * A row that is not in this table is not for them at all.
 */
import type { EventOf, MessageAccepted } from '../../../machines/vocabulary/events.ts'
import { keyOf } from '../../authentication/spelling.ts'
import { messageHistory } from '../../telling/message-history.ts'
import type { House } from '../house.ts'
import { Problem } from '../problem.ts'
import type { Endpoint } from './endpoint.ts'
import type { Rooms } from './rooms.ts'

export type Asked = {
  readonly params: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
  readonly rooms: Rooms
  readonly house: House
}

/** What is asked instead, where only some of it is the account's; null where nothing is. */
type Narrowed = { readonly query: Asked['query'] } | null

export type Own = {
  /** What of it an account sees or does, in a few words: the description of the API says it of each call. */
  readonly about: string
  readonly narrow?: (asked: Asked, account: string) => Promise<Narrowed>
  /** Of a list that cannot be narrowed. */
  readonly keep?: (item: object, account: string) => boolean
}

const same = (one: string | null, other: string): boolean => one !== null && keyOf(one) === keyOf(other)
const asIs = ({ query }: Asked, isOwn: boolean): Narrowed => (isOwn ? { query } : null)
const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** `alice@example.org` and `alice@example.org/Junk`. */
export const isMailboxOf = (mailbox: string, account: string): boolean =>
  same(mailbox.replace(/\/[^/]*$/, ''), account) || same(mailbox, account)

const acceptedOf = async ({ rooms, house }: Asked, id: string): Promise<Accepted | null> => {
  const message = await rooms.desk('message', id)
  if (message === null) return null
  const { accepted, events } = await messageHistory(message, {
    log: house.log,
    deliveriesOf: (one) => rooms.desk('deliveriesOf', one),
    notices: (delivery) => rooms.desk('notices', delivery),
  })
  return { ...accepted.data, namedBeside: namedBeside(events, accepted) }
}

/** A message, and whether its session names recipients beside those who got it: refused ones, and those of other messages. */
type Accepted = MessageAccepted & { readonly namedBeside: boolean }

const namedBeside = (events: readonly EventOf[], { data }: { readonly data: MessageAccepted }): boolean => {
  const got = new Set(data.recipients.flatMap(({ address, alias, given }) => [address, alias, given]))
  return events.some((event) => recipientsIn(event).some((recipient) => !got.has(recipient)))
}

const recipientsIn = ({ data }: EventOf): readonly string[] => {
  const { recipient, recipients = [] } = data as {
    readonly recipient?: string
    readonly recipients?: readonly (string | { readonly address: string })[]
  }
  const several = recipients.map((one) => (typeof one === 'string' ? one : one.address))
  return recipient === undefined ? several : [recipient, ...several]
}

const hasSent = ({ user }: MessageAccepted, account: string): boolean => same(user, account)
const isIn = ({ recipients }: MessageAccepted, account: string): boolean =>
  recipients.some(
    ({ destination }) => destination.kind === 'mailbox' && isMailboxOf(destination.mailbox, account),
  )

/** What a mail says is for those who sent or got it. */
const said: Own = {
  about: 'what it submitted or got',
  narrow: async (asked, account) => {
    const found = await acceptedOf(asked, text(asked.params.id))
    return asIs(asked, found !== null && (hasSent(found, account) || isIn(found, account)))
  },
}

const isOnly = (found: MessageAccepted, account: string): boolean =>
  found.recipients.length === 1 && isIn(found, account)

/** Who else got it is for its sender; a recipient must not learn of blind copies. */
const sent: Own = {
  about: 'what it submitted, or got alone',
  narrow: async (asked, account) => {
    const found = await acceptedOf(asked, text(asked.params.id))
    return asIs(asked, found !== null && (hasSent(found, account) || isOnly(found, account)))
  },
}

/** How it came here: not where others are named who were to get it, or something else, in the same session. */
const told: Own = {
  about: 'what it submitted, or got alone and in a session that names nobody else',
  narrow: async (asked, account) => {
    const found = await acceptedOf(asked, text(asked.params.id))
    if (found === null) return null
    return asIs(asked, hasSent(found, account) || (isOnly(found, account) && !found.namedBeside))
  },
}

/** All of its session, word by word: whatever else was said there. */
const submitted: Own = {
  about: 'what it submitted',
  narrow: async (asked, account) => {
    const found = await acceptedOf(asked, text(asked.params.id))
    return asIs(asked, found !== null && hasSent(found, account))
  },
}

const session: Own = {
  about: 'sessions in which it logged in',
  narrow: async (asked, account) => {
    const found = await asked.rooms.desk('session', text(asked.params.id))
    return asIs(asked, found !== null && same(found.user, account))
  },
}

const delivery: Own = {
  about: 'of mail it submitted',
  narrow: async (asked, account) => {
    const found = await asked.rooms.desk('delivery', text(asked.params.id))
    const message = found === null ? null : await acceptedOf(asked, found.message)
    return asIs(asked, message !== null && hasSent(message, account))
  },
}

/** A list of what is the account's, found by an index of the views. */
const listed = (about: string): Own => ({
  about,
  narrow: async ({ query }, account) => ({ query: { ...query, account } }),
})

/** How much of everything there is, is for those who see everything. */
const uncounted: Own = {
  about: 'without counts',
  narrow: async ({ query }, account) => {
    if (query.counts === true)
      throw new Problem(403, `counts are of all mail; ${account} may ask for the machine without them`)
    return { query }
  },
}

const mailbox: Own = {
  about: 'its own mailbox, and folders below it',
  narrow: async (asked, account) =>
    asIs(asked, isMailboxOf(text(asked.params.address ?? asked.params.mailbox), account)),
}

const mailboxes: Own = {
  about: 'its own mailbox, and folders below it',
  keep: (item, account) => 'mailbox' in item && isMailboxOf(text(item.mailbox), account),
}

/** The first that fits counts. */
const table: readonly (readonly [method: RegExp, path: RegExp, own: Own])[] = [
  [/^POST$/, /^\/messages$/, { about: 'as itself' }],
  [/^GET$/, /^\/messages$/, listed('what it submitted')],
  [/^GET$/, /^\/senders$/, { about: 'its own' }],
  [/^GET$/, /^\/messages\/\{id\}\/(?:raw|parts|html)(?:\/|$)/, said],
  [/^GET$/, /^\/messages\/\{id\}$/, sent],
  [/^GET$/, /^\/messages\/\{id\}\/trace$/, told],
  [/^GET$/, /^\/messages\/\{id\}\/evidence$/, submitted],
  [/^GET$/, /^\/sessions$/, listed('sessions in which it logged in')],
  [/^GET$/, /^\/sessions\/\{id\}(?:\/|$)/, session],
  [/^GET$/, /^\/deliveries$/, listed('of mail it submitted')],
  [/^GET$/, /^\/deliveries\/\{id\}(?:\/|$)/, delivery],
  // No `hold`, for there is no `release`: who has stolen a password must not let go what was held for being too much.
  [/^POST$/, /^\/deliveries\/\{id\}\/(?:retry|cancel)$/, delivery],
  [/^GET$/, /^\/mailboxes$/, mailboxes],
  [/./, /^\/mailboxes\/\{\w+\}(?:\/|$)/, mailbox],
  [/^GET$/, /^\/machines(?:\/\{name\})?$/, uncounted],
  // It looks at each on its own.
  [/^GET$/, /^\/ids\//, { about: 'ids of what concerns it' }],
  // These know whose they are.
  [/./, /^\/logins?(?:\/|$)/, { about: 'its own' }],
]

/** Null for a row that shows what is everybody's. */
export const ownOf = ({ method, path }: Pick<Endpoint, 'method' | 'path'>): Own | null =>
  table.find(([methods, paths]) => methods.test(method) && paths.test(path))?.[2] ?? null

type Listed = { readonly items: readonly object[] }
/** What is kept of an answer. */
export const kept = (answer: unknown, { keep }: Own, account: string): unknown =>
  keep === undefined
    ? answer
    : { ...(answer as Listed), items: (answer as Listed).items.filter((item) => keep(item, account)) }
