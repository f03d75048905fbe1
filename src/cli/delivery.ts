/** `fsmtp delivery`: one delivery, each attempt with what was said, and what comes next. */
import type { Command } from 'commander'
import type { EventOf } from '../../machines/vocabulary/events.ts'
import { attemptsOf } from '../history/attempts.ts'
import type { LogReader } from '../log/port.ts'
import { notedBefore } from '../telling/act-words.ts'
import { attemptLines, soon } from '../telling/attempt-text.ts'
import { deliveryReasonText, noticeWords } from '../telling/delivery-reasons.ts'
import { deliveryWhy } from '../telling/fates.ts'
import type { Delivery, Notice, RecipientStatus } from '../views/answers/deliveries.ts'
import { completeDelivery } from './completing.ts'
import { statusTones } from './deliveries.ts'
import { CommandFault } from './fault.ts'
import { freshViews, reading } from './open.ts'
import { isServed, unserved } from './serving.ts'
import { ndjson, print, toned, visible } from './terminal.ts'

export const register = (program: Command): void => {
  program
    .command('delivery')
    .argument('<id>', 'the delivery’s id, enough of its beginning, or its last six characters')
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
    if (opened.json) return ndjson({ ...found, history: attemptsOf(events), notices })
    const served = await isServed(opened.config)
    for (const line of [...headOf(found), ...storyOf(events), ...footOf(found, { notices, served })])
      print(line)
  })

const row = (title: string, value: string): string =>
  `${toned('weak', `${title}:`.padEnd(12))} ${visible(value)}`

const whyLine = (found: Delivery): string => {
  const why = deliveryWhy(found)
  return why === '' ? '' : `  ${visible(why)}`
}

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
  `${toned('weak', 'Status:'.padEnd(12))} ${toned(statusTones[found.status], found.status)}${whyLine(found)}`,
  ...found.recipients.map(recipientLine),
  '',
]

const storyOf = (events: readonly EventOf[]): readonly string[] =>
  attemptsOf(events).flatMap((one) => [...attemptLines(one), ''])

/** Of the next attempt. */
const turnText = ({ nextAttemptAt, attempts }: Delivery, served: boolean): string => {
  const next = `attempt ${attempts + 1}`
  const start = 'when the server is started'
  if (nextAttemptAt === null) return served ? 'it waits for its turn' : `${unserved}; ${next} ${start}`
  const wait = Date.parse(nextAttemptAt) - Date.now()
  if (wait > 0) return `${next} at ${nextAttemptAt} (${soon(wait)})${served ? '' : `, but ${unserved}`}`
  return served
    ? `${next}, due since ${nextAttemptAt}: it waits for its turn`
    : `${next}, due since ${nextAttemptAt} (${soon(wait)}): ${unserved}; it is made ${start}`
}

/** What comes next, and when. */
const nextText = (found: Delivery, served: boolean): string => {
  const { status, attempts, finishedAt } = found
  switch (status) {
    case 'queued':
    case 'deferred':
      return turnText(found, served)
    case 'active':
      return served
        ? `attempt ${attempts} is under way on ${found.node ?? 'this server'}${found.noted === null ? '' : `; ${notedBefore[found.noted]}`}`
        : `${unserved}: attempt ${attempts} was cut off; it is taken up when the server is started`
    case 'held':
      return `nothing, until \`fsmtp release ${found.id}\` or \`fsmtp cancel ${found.id}\``
    default:
      return `nothing: it ended at ${finishedAt ?? 'an unknown time'}`
  }
}

type Standing = { readonly notices: readonly Notice[]; readonly served: boolean }

const footOf = (found: Delivery, { notices, served }: Standing): readonly string[] => [
  ...notices.map((notice) => row('Told', toldText(notice))),
  row('Next', nextText(found, served)),
  '',
  toned('weak', `fsmtp message ${found.message} --trace   fsmtp replay ${found.id}`),
]

const toldText = ({ kind, attempt, message, reason }: Notice): string => {
  const news = `of ${noticeWords[kind]}${attempt > 0 ? ` after attempt ${attempt}` : ''}`
  return message === null
    ? `nobody ${news}: ${deliveryReasonText(reason ?? '')}`
    : `the sender ${news}: message ${message}`
}
