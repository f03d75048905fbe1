/** All facts about one message: of the session it came in, of its deliveries, of reports to its sender. */
import type { AcceptedRecipient, MessageAccepted, NoticeCause } from '../../machines/vocabulary/events.ts'
import { noticeStream, owesReceipt } from '../../machines/vocabulary/notices.ts'
import type { LogReader } from '../log/port.ts'
import type { MessageDetails } from '../shapes/message.ts'
import type { Delivery, Notice } from '../views/answers/deliveries.ts'
import type { Message } from '../views/answers/messages.ts'
import { acceptedIn, type History, isSettled, streamEvents } from './message-trace.ts'

export type MessageHistory = History & { readonly message: Message; readonly standings: readonly Delivery[] }

/** Where it is looked up. */
export type Sources = {
  readonly log: LogReader
  readonly deliveriesOf: (message: string) => readonly Delivery[] | Promise<readonly Delivery[]>
  readonly notices: (delivery: string) => readonly Notice[] | Promise<readonly Notice[]>
}

/** @throws CommandFault where the log does not tell of it */
export const messageHistory = async (
  message: Message,
  { log, deliveriesOf, notices: noticesOf }: Sources,
): Promise<MessageHistory> => {
  const events = await streamEvents(log, message.stream)
  const accepted = acceptedIn(events, message.id)
  const standings = await deliveriesOf(message.id)
  const deliveries = new Map<string, History['events']>()
  const notices: History['notices'][number][] = []
  const addNotice = async (cause: NoticeCause): Promise<void> => {
    notices.push(...(await streamEvents(log, noticeStream(cause))).filter(isSettled))
  }
  if (owesReceipt(accepted.data)) await addNotice({ message: message.id, kind: 'delivered' })
  for (const { id: delivery } of standings) {
    deliveries.set(delivery, await streamEvents(log, `delivery-${delivery}`))
    for (const { kind, attempt } of await noticesOf(delivery))
      await addNotice({ delivery, kind, ...(attempt > 0 && { attempt }) })
  }
  return { message, events, accepted, standings, deliveries, notices }
}

/** The message as it is answered and printed. */
export const messageDetails = ({ message, accepted, standings }: MessageHistory): MessageDetails => ({
  ...message,
  ...verdictOf(accepted.data),
  destinations: accepted.data.recipients satisfies readonly AcceptedRecipient[],
  deliveries: standings.map(({ id, nextHop, status }) => ({ id, nextHop, status })),
})

/** What was found of a stranger's mail; nothing where nobody looked. */
const verdictOf = ({ examined, authentication }: MessageAccepted) => ({
  ...(examined && { examined }),
  ...(authentication && { authentication }),
})
