/** An accepted message, what is known of it, and what happened to it. */
import { z } from 'zod'
import type { AcceptedRecipient, NoticeCause } from '../../machines/vocabulary/events.ts'
import type { TraceLine } from '../telling/message-trace.ts'
import { count, id, type Shape, shapeOf, time } from './shape.ts'

const noticeKinds = ['failed', 'delayed', 'delivered'] as const

export const noticeCause = shapeOf<NoticeCause>()(
  z.union([
    z.object({ delivery: id, kind: z.enum(noticeKinds), attempt: count.exactOptional() }),
    z.object({ message: id, kind: z.literal('delivered') }),
  ]),
)

export const message = z
  .object({
    id,
    acceptedAt: time,
    session: id.nullable().describe('The session it came in; null for mail we composed ourselves'),
    sender: z.string().describe('Of the envelope; empty for the null sender'),
    user: z.string().nullable().describe('The account that submitted it'),
    recipients: z.array(z.string()),
    size: count.describe('Bytes of the content as stored'),
    sha256: z.string().describe('Of the content as stored, in hex'),
    subject: z.string().nullable(),
    messageId: z.string().nullable(),
    from: z.string().nullable(),
    waiting: z
      .int()
      .describe(
        'Recipients whose mail waits for delivery to another host; 0 once every delivery of it has ended',
      ),
    mailboxes: count.describe('Mailboxes it was filed in'),
    tags: z.array(z.string()).describe('Rules of the policy by which it is Junk; empty where none tagged it'),
    stream: z.string().describe('The stream of its MessageAccepted'),
    cause: noticeCause
      .nullable()
      .describe('Of mail we composed ourselves: the delivery or the message it reports on, and what of it'),
    contentForgottenAt: time.nullable().describe('When retention took its body away; null while it is there'),
  })
  .meta({ id: 'Message' })

export type Message = Shape<typeof message>

const destination = z.union([
  z.object({ kind: z.literal('mailbox'), mailbox: z.string() }),
  z.object({ kind: z.literal('nextHop'), nextHop: z.string() }),
])

/** What was found of a stranger: its words are those of the vocabulary. */
const findings = z.record(z.string(), z.unknown())

export const messageDetails = message
  .extend({
    examined: findings.exactOptional().describe('What was found out about a client that nobody knew'),
    authentication: findings
      .exactOptional()
      .describe('Who answers for the message: SPF, DKIM, DMARC, ARC, as far as it was looked at'),
    destinations: z
      .array(z.looseObject({ address: z.string(), destination }))
      .describe('Where the mail of each recipient goes'),
    deliveries: z.array(z.object({ id, nextHop: z.string(), status: z.string() })),
  })
  .meta({ id: 'MessageDetails' })

export type MessageDetails = Omit<
  Shape<typeof messageDetails>,
  'examined' | 'authentication' | 'destinations'
> & {
  readonly examined?: object
  readonly authentication?: object
  readonly destinations: readonly AcceptedRecipient[]
}

export const traceLine = shapeOf<TraceLine>()(
  z.object({
    at: time,
    position: z.int().describe('Of the fact it comes from, in the log'),
    event: z.string().describe('The type of that fact'),
    text: z.string().describe('What happened, in a sentence'),
    delivery: id.exactOptional(),
  }),
).meta({ id: 'TraceLine' })

export const part = z
  .object({
    part: z
      .string()
      .describe('Its place: "1" is the first part of the message, "2.1" the first one of the second'),
    type: z.string().describe('Its content type, in lower case, without parameters'),
    name: z.string().nullable(),
    disposition: z.enum(['inline', 'attachment']).nullable(),
    contentId: z.string().nullable(),
    size: count.describe('Bytes, decoded'),
  })
  .meta({ id: 'Part' })

/** As mail programs read them: names decoded, groups taken apart. */
const authors = z.array(
  z.object({ name: z.string().describe('Decoded; empty where there is none'), address: z.string() }),
)

export const parts = z
  .object({
    id,
    headers: z
      .array(
        z.object({
          name: z.string(),
          value: z.string().describe('As it stands in the message'),
          text: z.string().describe('As it is read: encoded words decoded'),
        }),
      )
      .describe('In their order'),
    from: authors.describe('Who wrote it, as it says itself'),
    replyTo: authors.describe('Whom it asks to be answered to; empty where it does not'),
    to: authors.describe('To whom it says it is; who gets it, the envelope says'),
    cc: authors,
    text: z.string().nullable().describe('What it says, as plain text; null where it has none'),
    html: z
      .string()
      .nullable()
      .describe('What it says, as HTML, exactly as it came: to be shown in a frame without scripts'),
    attachments: z.array(part),
    truncated: z.boolean().describe('It has more, or longer, parts than are told here'),
  })
  .meta({ id: 'Parts' })
