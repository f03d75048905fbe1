/** Mailboxes and what is in them. */
import { z } from 'zod'
import { count, id, type Shape, time } from './shape.ts'

export const mailbox = z
  .object({
    mailbox: z.string().describe('Its address; with /Junk behind it, what rules of the policy tagged'),
    messages: count,
    size: count.describe('Bytes of the messages’ contents'),
    lastFiledAt: time.nullable(),
  })
  .meta({ id: 'Mailbox' })
export type Mailbox = Shape<typeof mailbox>

export const mailboxMessage = z
  .object({
    id: z.string().describe('The message’s id and a number: the same message in two mailboxes has two'),
    message: id,
    mailbox: z.string(),
    number: count.describe('Its place in the mailbox, never used twice'),
    filedAt: time,
    from: z.string().nullable().describe('Its From; null where it has none'),
    sender: z
      .string()
      .nullable()
      .describe('Of the envelope; empty for the null sender, null where an earlier release moved it here'),
    subject: z.string().nullable(),
    size: count,
    flags: z.array(z.string()).describe('\\Seen, \\Flagged, \\Answered, \\Draft, and keywords'),
  })
  .meta({ id: 'MailboxMessage' })
export type MailboxMessage = Shape<typeof mailboxMessage>
