/** `fsmtp delivery`: one delivery, each attempt with what was said, and what comes next. */
import type { Command } from 'commander'
import type { EventOf } from '../../machines/vocabulary/events.ts'
import { attemptsOf } from '../history/attempts.ts'
import type { LogReader } from '../log/port.ts'
import type { Delivery, Notice, RecipientStatus } from '../views/answers/deliveries.ts'
import { attemptLines, soon } from './attempt-text.ts'
import { completeDelivery } from './completing.ts'
import { statusTones } from './deliveries.ts'
import { deliveryReasonText, noticeWords } from './delivery-reasons.ts'
import { CommandFault } from './fault.ts'
import { freshViews, reading } from './open.ts'
import { ndjson, print, toned, visible } from './terminal.ts'

export const register = (program: Command): void => {
  program
    .command('delivery')
    .argument('<id>', 'the delivery’s id, or enough of its beginning or end')
    .description('one delivery: its recipients, each attempt with its transcript, and what comes next')
    .addHelpText('after', '\nExamples:\n  fsmtp delivery 01kdy4\n  fsmtp replay 01kdy4 --diagram')
    .action((id: string, _: unknown, command: Command) => delivery(id, command))
}

/** All events of a delivery. @throws CommandFault where the log has none: a view knew more than it */
export const deliveryEvents = async (log: LogReader, id: string): Promise<readonly EventOf[]> => {
  const events: EventOf[] = []
  // A stored event's type and data are what the vocabulary says.
  for await (const page of log.readStream(`delivery-${id}`)) events.push(...(page as readonly EventOf[]))
  if (events.length === 0)
    throw new CommandFault(`the log does not tell of delivery ${id}; try \`fsmtp views rebuild\``)
  return events
}

const delivery = (typed: string, command: Command): Promise<void> =>
  reading(command, async (opened) => {
    const views = await freshViews(opened, ['deliveries'])
    const id = completeDelivery(views, typed)
    const found = views.delivery(id)
    if (found === null) throw new CommandFault(`there is no delivery ${id}; see \`fsmtp deliveries\``)
    const events = await deliveryEvents(opened.log, id)
    const notices = views.notices(id)
    if (opened.json) ndjson({ ...found, history: attemptsOf(events), notices })
    else for (const line of [...headOf(found), ...storyOf(events), ...footOf(found, notices)]) print(line)
  })

const row = (title: string, value: string): string =>
  `${toned('weak', `${title}:`.padEnd(12))} ${visible(value)}`

const statusText = ({ status, reason }: Delivery): string =>
  reason === null || status === 'delivered' ? '' : `  ${visible(deliveryReasonText(reason))}`

const recipientLine = ({ address, status, reply }: RecipientStatus): string => {
  const words = reply === null ? '' : `  ${visible(reply)}`
  return `${toned('weak', 'Recipient:'.padEnd(12))} ${visible(`<${address}>`)}  ${toned(statusTones[status], status)}${words}`
}

const headOf = (found: Delivery): readonly string[] => [
  row('Delivery', found.id),
  row('Message', found.message),
  row('Sender', `<${found.sender}>`),
  row('Next hop', found.nextHop),
  ...(found.forwarder === null ? [] : [row('Forwarded', `for <${found.forwarder}>`)]),
  row('Queued', found.queuedAt),
  `${toned('weak', 'Status:'.padEnd(12))} ${toned(statusTones[found.status], found.status)}${statusText(found)}`,
  ...found.recipients.map(recipientLine),
  '',
]

const storyOf = (events: readonly EventOf[]): readonly string[] =>
  attemptsOf(events).flatMap((one) => [...attemptLines(one), ''])

/** What comes next, and when. */
const nextText = (found: Delivery): string => {
  const { status, nextAttemptAt, attempts, finishedAt } = found
  switch (status) {
    case 'queued':
    case 'deferred':
      return nextAttemptAt === null
        ? 'it waits for its turn'
        : `attempt ${attempts + 1} at ${nextAttemptAt} (${soon(Date.parse(nextAttemptAt) - Date.now())})`
    case 'active':
      return `attempt ${attempts} is under way on ${found.node ?? 'this server'}`
    case 'held':
      return `nothing, until \`fsmtp release ${found.id}\` or \`fsmtp cancel ${found.id}\``
    default:
      return `nothing: it ended at ${finishedAt ?? 'an unknown time'}`
  }
}

const footOf = (found: Delivery, notices: readonly Notice[]): readonly string[] => [
  ...notices.map((notice) => row('Told', toldText(notice))),
  row('Next', nextText(found)),
  '',
  toned('weak', `fsmtp message ${found.message} --trace   fsmtp replay ${found.id}`),
]

const toldText = ({ kind, attempt, message, reason }: Notice): string => {
  const news = `of ${noticeWords[kind]}${attempt > 0 ? ` after attempt ${attempt}` : ''}`
  return message === null
    ? `nobody ${news}: ${deliveryReasonText(reason ?? '')}`
    : `the sender ${news}: message ${message}`
}
