/**
 * How messages are found in a mailbox. Its rows lie together in the order of their ids, so whatever is asked for, no other mailbox is looked
 * through; and within it from the newest back, until a page is full.
 */
import type { SQLInputValue } from 'node:sqlite'
import { saysWords, wordValues } from './words.ts'

/** Times in milliseconds since 1970; in texts `*` stands for anything, upper and lower case are alike. */
export type MailboxFilter = {
  /** What was in it then, with the flags of then. */
  readonly asOf?: number | undefined
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** Words each of which stands in the From field. */
  readonly from?: string | undefined
  /** Words each of which stands in the subject. */
  readonly subject?: string | undefined
  /** Words each of which stands in From or in the subject. */
  readonly search?: string | undefined
  /** A flag, and whether it stands on them. */
  readonly flag?: { readonly name: string; readonly stands: boolean } | undefined
}

/** What was there at a time, or is there now. */
const there = `message IS NOT NULL AND (:asOf IS NULL OR filedAt <= :asOf)
    AND (expungedAt IS NULL OR expungedAt > :asOf)`
/** Each on its own passes where nothing was asked. */
const chosen = `${there}
    AND (:since IS NULL OR filedAt >= :since)
    AND (:until IS NULL OR filedAt <= :until)
    AND ${saysWords('from', 'from')}
    AND ${saysWords('subject', 'subject')}
    AND ${saysWords('word', 'subject', 'from')}
    AND (:flag IS NULL OR (instr(lower(flags), :flag) > 0) = :stands)`
/** What stood on it at `:asOf`: what was written last by then. */
const flagsThen = `coalesce((
    SELECT flags FROM mailbox_flags AS stood
    WHERE stood.mailbox = filed.mailbox AND stood.id = filed.id AND stood.at <= :asOf
    ORDER BY stood.at DESC LIMIT 1), '[]')`
const columns = (flags: string): string =>
  `id, message, mailbox, number, filedAt, "from", sender, subject, size, ${flags} AS flags, expungedAt`
const questionsOf = (flags: string) => {
  const rows = `SELECT ${columns('flags')} FROM (SELECT ${columns(flags)}, fromFolded, subjectFolded FROM mailbox_messages AS filed
    WHERE mailbox = :mailbox) WHERE`
  return {
    /** By number, those above `:after`. */
    oldest: `${rows} number > :after AND ${chosen} ORDER BY number`,
    /** By number, from the last one back. */
    newest: `${rows} ${chosen} ORDER BY number DESC LIMIT :limit`,
    /** Ids sort by time, and rows of a mailbox lie in the order of their ids. */
    page: `${rows} id < :before AND id >= :floor AND ${chosen} ORDER BY id DESC LIMIT :limit`,
  }
}
/** The row of any kind that comes `:reach` rows behind. */
export const mailboxFloor = `
  SELECT id, filedAt FROM mailbox_messages WHERE mailbox = :mailbox AND id < :before ORDER BY id DESC LIMIT 1 OFFSET :reach
`
const now = questionsOf('flags')
const then = questionsOf(flagsThen)

export const mailboxQuestions = ({ asOf }: MailboxFilter): typeof now => (asOf === undefined ? now : then)

export const mailboxValues = (
  mailbox: string,
  { asOf, since, until, from, subject, search, flag }: MailboxFilter,
): Record<string, SQLInputValue> => {
  return {
    ...{ mailbox, asOf: asOf ?? null, since: since ?? null, until: until ?? null },
    ...wordValues('from', from),
    ...wordValues('subject', subject),
    ...wordValues('word', search),
    // As it is written among the flags of a row.
    flag: flag === undefined ? null : JSON.stringify(flag.name).toLowerCase(),
    stands: flag?.stands === false ? 0 : 1,
  }
}
