/** A delivery: one message on its way to one next hop; and what is done to one. */
import { z } from 'zod'
import type { NoticeKind } from '../../machines/vocabulary/events.ts'
import type { Told } from '../telling/act-words.ts'
import { history } from './attempt.ts'
import { count, id, type Shape, shapeOf, time } from './shape.ts'
import { deliveryStatuses } from './words.ts'

export const deliveryStatus = z.enum(deliveryStatuses)

export const recipientStatus = z.object({
  address: z.string(),
  status: deliveryStatus.describe('Its own where the host decided about it; otherwise that of its delivery'),
  reply: z.string().nullable().describe('The far side’s last words about it: 550 5.1.1 No such user'),
  enhancedCode: z.string().nullable(),
})

export const delivery = z
  .object({
    id,
    message: id,
    sender: z.string(),
    nextHop: z.string(),
    forwarder: z
      .string()
      .nullable()
      .describe(
        'The alias for which it is forwarded, with a sender of the alias’s domain; null for all other mail',
      ),
    domain: z.string().describe('Of its recipients’ addresses'),
    status: deliveryStatus,
    queuedAt: time,
    acceptedAt: time.describe('When the message was accepted: patience is counted from here'),
    attempts: count,
    nextAttemptAt: time.nullable(),
    finishedAt: time.nullable(),
    recipients: z.array(recipientStatus),
    lastReply: z.string().nullable().describe('The last thing any of its hosts said: 451 4.7.1 Try later'),
    reason: z.string().nullable().describe('Code of why it is not delivered'),
    fault: z
      .string()
      .nullable()
      .describe('What went wrong on the way, in words; null where the host’s reply says it'),
    node: z.string().nullable().describe('The node that tries it now'),
    leaseUntil: time.nullable(),
    noted: z
      .enum(['hold', 'cancel'])
      .nullable()
      .describe('What is to be done when the attempt under way has ended, if the mail waits then'),
    warned: z.boolean().describe('The sender was told that it takes long'),
    uncertain: count.describe(
      'Attempts that were cut between the final dot and its answer: the host may have the mail already',
    ),
  })
  .meta({ id: 'Delivery' })

export type Delivery = Shape<typeof delivery>

const noticeKinds = ['failed', 'delayed', 'delivered'] as const satisfies readonly NoticeKind[]

export const notice = z.object({
  kind: z.enum(noticeKinds),
  attempt: count.describe('0 in logs of before there was one for each attempt'),
  message: id.nullable().describe('The report, where it was composed'),
  reason: z.string().nullable().describe('Why it was not'),
})
export type Notice = Shape<typeof notice>

export const deliveryDetails = delivery
  .extend({
    history: z.array(history).describe('Attempts with what was said, and what people did in between'),
    notices: z.array(notice).describe('Reports to the sender that were composed, or dropped'),
  })
  .meta({ id: 'DeliveryDetails' })

export const told = shapeOf<Told>()(
  z.object({
    id,
    done: z.boolean(),
    state: z
      .string()
      .nullable()
      .describe('Of the delivery machine, afterwards; null where there are several'),
    status: deliveryStatus.nullable(),
    noted: z
      .enum(['hold', 'cancel', 'release'])
      .exactOptional()
      .describe(
        'What will be done when the attempt under way has ended; release: what was to be done will not be',
      ),
    reason: z.string().exactOptional().describe('Why it was not done'),
  }),
).meta({ id: 'Acted' })
