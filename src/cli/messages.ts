/** `fsmtp messages`: what we accepted. */
import type { Command } from 'commander'
import { fatesText } from '../telling/fates.ts'
import type { Standing } from '../views/answers/deliveries.ts'
import type { Message, MessageFilter } from '../views/answers/messages.ts'
import { completeSession, several } from './completing.ts'
import { isEmpty, listed } from './listing.ts'
import { count, since, until } from './moment.ts'
import { freshViews, type Reading, reading } from './open.ts'
import { saying, sayingForms, textSought } from './saying.ts'
import { type Column, humanSize, ndjson, remark, type Tone, table } from './terminal.ts'

const example = `
Addresses and rules may hold * for anything.
Examples:
  fsmtp messages --since 2h
  fsmtp messages --recipient bob@example.org --subject invoice --json
  fsmtp messages --text "reset password" --limit 5
  fsmtp messages --tag 'dmarc.*' --since 7d`

type Options = MessageFilter & { readonly text?: string }

export const register = (program: Command): void => {
  program
    .command('messages')
    .description('list accepted messages; the newest last')
    .option('--since <time>', 'accepted at or after', since)
    .option('--until <time>', 'accepted at or before', until)
    .option('--sender <address>', 'the envelope’s sender; <> for the null sender')
    .option('--recipient <address>', 'one of the envelope’s recipients')
    .option('--session <id>', 'the session it came in')
    .option('--subject <words>', 'words each of which stands in its subject; one in quotes may have blanks')
    .option('--text <words>', sayingForms, textSought)
    .option('--tag <rule>', 'Junk by this rule of the policy: spf.fail, dmarc.*; * for any')
    .option('--limit <n>', 'the newest so many', count)
    .addHelpText('after', example)
    .action((options: Options, command: Command) => messages(options, command))
}

/** A message, with what its recipients at other hosts have come to. */
type Row = Message & { readonly standings: readonly Standing[] }

/** `filed`, `Junk`, `delivered`, `filed, 2 deferred, 1 failed`: where its recipients' mail is. */
const delivery = ({ mailboxes, tags, waiting, standings }: Row): string => {
  const filed = mailboxes === 0 ? [] : [tags.length > 0 ? 'Junk' : 'filed']
  const away = standings.length > 0 ? [fatesText(standings)] : []
  // Accepted a moment ago, it has no delivery yet.
  const owed = waiting > 0 && standings.length === 0 ? ['queued'] : []
  return [...filed, ...away, ...owed].join(', ')
}

const isBad = ({ standings }: Row): boolean =>
  standings.some(({ status }) => status === 'failed' || status === 'expired')

const toneOf = (row: Row): Tone | null => {
  if (isBad(row)) return 'bad'
  if (row.waiting > 0) return 'strong'
  return row.tags.length > 0 ? 'weak' : null
}

const columns: readonly Column<Row>[] = [
  { title: 'MESSAGE', value: ({ id }) => id },
  { title: 'ACCEPTED', value: ({ acceptedAt }) => acceptedAt },
  { title: 'SENDER', value: ({ sender }) => sender || '<>', shrinks: true },
  { title: 'RECIPIENTS', value: ({ recipients }) => several(recipients), shrinks: true },
  { title: 'SIZE', value: ({ size }) => humanSize(size), align: 'right' },
  { title: 'DELIVERY', value: delivery, tone: toneOf },
  { title: 'SUBJECT', value: ({ subject }) => subject, shrinks: true },
]

/** Those that say some words are looked for among all that filters find; the newest last. */
const findSaying = async (
  opened: Reading,
  {
    all,
    text,
    limit,
  }: { readonly all: Iterable<Message>; readonly text: string; readonly limit?: number | undefined },
): Promise<readonly Message[]> => {
  const messages = [...all].map((whole) => ({ ...whole, message: whole.id, whole }))
  return (await saying(opened, { messages, text, limit })).map(({ whole }) => whole)
}

const messages = ({ text, ...options }: Options, command: Command): Promise<void> =>
  reading(command, async (opened) => {
    const views = await freshViews(opened, ['messages', 'deliveries'])
    const { session } = options
    const filter = session === undefined ? options : { ...options, session: completeSession(views, session) }
    const { limit, ...wanted } = filter
    const all = text === undefined ? [] : views.messages(wanted)
    const saidIn = text === undefined ? null : await findSaying(opened, { all, text, limit })
    if (opened.json) {
      for (const message of saidIn ?? views.messages(filter)) ndjson(message)
      return
    }
    const found = saidIn ?? listed((most) => views.messages({ ...filter, limit: most }), limit)
    if (found.length === 0)
      return remark(
        isEmpty(views.messages({ limit: 1 }))
          ? 'nothing was received yet; `fsmtp sessions` shows who tried'
          : 'no message fits; `fsmtp messages` without filters lists all of them',
      )
    const standings = views.standingsOf(found.map(({ id }) => id))
    table(
      found.map((message) => ({ ...message, standings: standings.get(message.id) ?? [] })),
      columns,
    )
  })
