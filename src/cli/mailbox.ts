/** `fsmtp mailbox`: what is in one mailbox, now or at a time. */
import { type Command, InvalidArgumentError } from 'commander'
import { junkOf } from '../../machines/vocabulary/recipients.ts'
import { mailboxName } from '../authentication/spelling.ts'
import { type FlagAsked, flagAsked, flagAskedForms } from '../mailboxes/flags.ts'
import type { MailboxAsked, MailboxMessage } from '../views/answers/mailboxes.ts'
import type { ViewReader } from '../views/index.ts'
import { CommandFault } from './fault.ts'
import { count, since, until } from './moment.ts'
import { freshViews, type Reading, reading } from './open.ts'
import { saying, sayingForms, textSought } from './saying.ts'
import { type Column, counted, humanSize, ndjson, remark, table } from './terminal.ts'

type Options = Omit<MailboxAsked, 'after'> & { readonly text?: string }

export const register = (program: Command): void => {
  program
    .command('mailbox')
    .argument('<address>', 'the mailbox')
    .description('list what is in a mailbox; the newest last')
    .option('--as-of <time>', 'what was in it then, with the flags of then', until)
    .option('--since <time>', 'filed at or after', since)
    .option('--until <time>', 'filed at or before', until)
    .option('--from <words>', 'words each of which stands in its From')
    .option('--subject <words>', 'words each of which stands in its subject; one in quotes may have blanks')
    .option('--search <words>', 'words each of which stands in its From or in its subject')
    .option('--text <words>', sayingForms, textSought)
    .option('--flag <flag>', flagAskedForms, flag)
    .option('--limit <n>', 'the newest so many', count)
    .addHelpText(
      'after',
      '\nWhat rules of the policy tagged is in ADDRESS/Junk.\nExamples:\n  fsmtp mailbox bob@example.org --as-of 2026-01-31\n  fsmtp mailbox bob@example.org --flag unseen --search invoice\n  fsmtp mailbox bob@example.org --text "reset password" --limit 5\n  fsmtp mailbox bob@example.org/Junk',
    )
    .action((address: string, options: Options, command: Command) => mailbox(address, options, command))
}

/** @throws InvalidArgumentError */
const flag = (typed: string): FlagAsked => {
  const found = flagAsked(typed)
  if (found === null) throw new InvalidArgumentError(`give ${flagAskedForms}`)
  return found
}

const flagColumns = (found: readonly MailboxMessage[]): readonly Column<MailboxMessage>[] =>
  found.some(({ flags }) => flags.length > 0)
    ? [{ title: 'FLAGS', value: ({ flags }) => flags.join(' ') }]
    : []

const columnsFor = (found: readonly MailboxMessage[]): readonly Column<MailboxMessage>[] => [
  { title: 'NO', value: ({ number }) => number, align: 'right' },
  { title: 'MESSAGE', value: ({ message }) => message },
  { title: 'FILED', value: ({ filedAt }) => filedAt },
  // Of a mail that does not say it, the envelope does.
  {
    title: 'FROM',
    value: ({ from, sender }) => from || (sender === null ? null : `<${sender}>`),
    shrinks: true,
  },
  { title: 'SIZE', value: ({ size }) => humanSize(size), align: 'right' },
  ...flagColumns(found),
  { title: 'SUBJECT', value: ({ subject }) => subject, shrinks: true },
]

/** The spellings under which it may be known: as typed, as we write it, and without the tag after `+`. */
const spellings = (address: string): readonly string[] => {
  const name = mailboxName(address)
  return [...new Set([address, name, name.replace(/\+[^@]*(?=@)/, '')])]
}

type Spoken = MailboxAsked & { readonly address: string; readonly text: string }
type Found = { readonly mailbox: string; readonly messages: readonly MailboxMessage[] }

const find = (views: ViewReader, address: string, options: MailboxAsked): Found => {
  for (const mailbox of spellings(address)) {
    const messages = views.mailbox(mailbox, options)
    if (messages !== null) return { mailbox, messages }
  }
  throw new CommandFault(
    `there is no mailbox ${address}: none of its mail was accepted here, and no account has that name; see \`fsmtp mailboxes\``,
  )
}

const emptyText = (address: string, { asOf, ...filter }: Options): string =>
  Object.keys(filter).length > 0
    ? `no message in the mailbox ${address} fits; without filters all of them are listed`
    : asOf === undefined
      ? `the mailbox ${address} is empty: no mail has come for it yet`
      : `the mailbox ${address} was empty at ${new Date(asOf).toISOString()}`

/** Those that say some words are looked for among all that filters find. */
const findSaying = async (opened: Reading, views: ViewReader, asked: Spoken): Promise<Found> => {
  const { address, text, limit, ...filter } = asked
  const { mailbox, messages } = find(views, address, filter)
  return { mailbox, messages: await saying(opened, { messages, text, limit }) }
}

const mailbox = (address: string, options: Options, command: Command): Promise<void> =>
  reading(command, async (opened) => {
    const views = await freshViews(opened, ['mailboxes'])
    const { text, ...filter } = options
    const { mailbox: name, messages } =
      text === undefined
        ? find(views, address, filter)
        : await findSaying(opened, views, { ...filter, address, text })
    if (opened.json) return messages.forEach(ndjson)
    if (messages.length === 0) remark(emptyText(address, options))
    else table(messages, columnsFor(messages))
    // What is aside there was not read.
    if (text !== undefined) return
    const aside = views.mailbox(junkOf(name), filter)?.length ?? 0
    if (aside > 0) remark(`${counted(aside, 'message')} more in ${junkOf(name)}`)
  })
