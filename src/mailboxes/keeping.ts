/** Does something to one message in a mailbox: what was done is a fact, and stands behind what was done before. */
import type {
  EventOf,
  MessageExpunged,
  MessageFlagged,
  MessageMoved,
} from '../../machines/vocabulary/events.ts'
import { newEventId, now } from '../actors/identity.ts'
import { type EventLog, kindOf, WrongRevision } from '../log/port.ts'
import type { MailboxMessage } from '../shapes/mailbox.ts'
import { changed, type FlagChange } from './flags.ts'

export type Keeper = {
  readonly log: Pick<EventLog, 'append' | 'readStream'>
  readonly node: string
  readonly by: string
}

/** Where it is then, with what stands on it; `gone` where it is no longer there, `too-many` flags. `position` of the fact, 0 where nothing changed. */
export type Kept =
  | { readonly kind: 'kept'; readonly message: MailboxMessage; readonly position: number }
  | { readonly kind: 'gone' }
  | { readonly kind: 'too-many' }

type Facts = {
  MessageFlagged: MessageFlagged
  MessageMoved: MessageMoved
  MessageExpunged: MessageExpunged
}
type Fact = { [Name in keyof Facts]: { readonly type: Name; readonly data: Facts[Name] } }[keyof Facts]
/** What to do about it as it stands; null where there is nothing to be done. */
type Decide = (flags: readonly string[], revision: number) => Fact | 'too-many' | null

const streamOf = (id: string): string => `mailbox_message-${id}`

/** How often others may be faster. */
const mostTries = 3

type Standing = { readonly flags: readonly string[]; readonly isGone: boolean; readonly revision: number }

/** The view may be a moment behind: its stream says what stands. */
const standingOf = async ({ log }: Keeper, { id, flags }: MailboxMessage): Promise<Standing> => {
  let standing: Standing = { flags, isGone: false, revision: -1 }
  for await (const page of log.readStream(streamOf(id)))
    for (const event of page as readonly EventOf[]) {
      const isGone = event.type === 'MessageMoved' || event.type === 'MessageExpunged'
      const now = event.type === 'MessageFlagged' ? event.data.flags : standing.flags
      standing = { flags: now, isGone, revision: event.revision }
    }
  return standing
}

type Done = { readonly position: number; readonly fact: Fact | null; readonly flags: readonly string[] }

const decided = async (
  keeper: Keeper,
  message: MailboxMessage,
  decide: Decide,
): Promise<Done | 'gone' | 'too-many'> => {
  for (let tries = 1; ; tries++) {
    const { flags, isGone, revision } = await standingOf(keeper, message)
    if (isGone) return 'gone'
    const fact = decide(flags, revision)
    if (fact === 'too-many') return fact
    if (fact === null) return { position: 0, fact, flags }
    const at = now()
    const event = {
      id: newEventId(at),
      kind: kindOf(fact.type, 1, { node: keeper.node }),
      at,
      data: fact.data,
    }
    try {
      const append = { stream: streamOf(message.id), expected: revision, events: [event] }
      const { position } = await keeper.log.append([append])
      return { position, fact, flags }
    } catch (error) {
      if (!(error instanceof WrongRevision) || tries >= mostTries) throw error
    }
  }
}

const same = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((flag) => other.includes(flag))

/** @throws what the log throws */
export const flag = async (keeper: Keeper, message: MailboxMessage, change: FlagChange): Promise<Kept> => {
  const { id, mailbox } = message
  const done = await decided(keeper, message, (before) => {
    const flags = changed(before, change)
    if (flags === null) return 'too-many'
    return same(before, flags)
      ? null
      : { type: 'MessageFlagged', data: { id, mailbox, flags, by: keeper.by } }
  })
  if (typeof done === 'string') return { kind: done }
  const { fact, position } = done
  const flags = fact?.type === 'MessageFlagged' ? fact.data.flags : done.flags
  return { kind: 'kept', message: { ...message, flags }, position }
}

/** @throws what the log throws */
export const move = async (keeper: Keeper, message: MailboxMessage, to: string): Promise<Kept> => {
  const { mailbox, id, message: mail, from, sender, subject, size } = message
  const done = await decided(keeper, message, (flags, revision) => ({
    type: 'MessageMoved',
    data: {
      // As with IMAP it is another one there: ids and numbers are never used twice.
      ...{ id, mailbox, to, as: `${id}.${revision + 1}` },
      ...{ message: mail, from, ...(sender !== null && { sender }), subject, size, flags, by: keeper.by },
    },
  }))
  if (typeof done === 'string') return { kind: done }
  const { fact, position, flags } = done
  const as = fact?.type === 'MessageMoved' ? fact.data.as : id
  return { kind: 'kept', message: { ...message, id: as, mailbox: to, flags }, position }
}

/** @throws what the log throws */
export const expunge = async (keeper: Keeper, message: MailboxMessage): Promise<Kept> => {
  const { id, mailbox, size } = message
  const done = await decided(keeper, message, () => ({
    type: 'MessageExpunged',
    data: { id, mailbox, size, by: keeper.by },
  }))
  return typeof done === 'string' ? { kind: done } : { kind: 'kept', message, position: done.position }
}
