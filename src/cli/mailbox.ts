/** `fsmtp mailbox`: what is in one mailbox, now or at a time. */
import type { Command } from 'commander'
import { mailboxName } from '../authentication/spelling.ts'
import type { MailboxMessage } from '../views/answers/mailboxes.ts'
import type { ViewReader } from '../views/index.ts'
import { CommandFault } from './fault.ts'
import { until } from './moment.ts'
import { freshViews, reading } from './open.ts'
import { type Column, humanSize, ndjson, remark, table } from './terminal.ts'

type Options = { readonly asOf?: number }

export const register = (program: Command): void => {
  program
    .command('mailbox')
    .argument('<address>', 'the mailbox')
    .description('list what is in a mailbox; the newest last')
    .option('--as-of <time>', 'what was in it then', until)
    .addHelpText('after', '\nExample: fsmtp mailbox bob@example.org --as-of 2026-01-31')
    .action((address: string, options: Options, command: Command) => mailbox(address, options, command))
}

const columns: readonly Column<MailboxMessage>[] = [
  { title: 'NO', value: ({ number }) => number, align: 'right' },
  { title: 'MESSAGE', value: ({ message }) => message },
  { title: 'FILED', value: ({ filedAt }) => filedAt },
  { title: 'FROM', value: ({ from }) => from, shrinks: true },
  { title: 'SIZE', value: ({ size }) => humanSize(size), align: 'right' },
  { title: 'SUBJECT', value: ({ subject }) => subject, shrinks: true },
]

/** The spellings under which it may be known: as typed, as we write it, and without the tag after `+`. */
const spellings = (address: string): readonly string[] => {
  const name = mailboxName(address)
  return [...new Set([address, name, name.replace(/\+[^@]*(?=@)/, '')])]
}

const find = (views: ViewReader, address: string, asOf: number | undefined): readonly MailboxMessage[] => {
  for (const name of spellings(address)) {
    const found = views.mailbox(name, { asOf })
    if (found !== null) return found
  }
  throw new CommandFault(
    `there is no mailbox ${address}: none of its mail was accepted here, and no account has that name; see \`fsmtp mailboxes\``,
  )
}

const emptyText = (address: string, asOf: number | undefined): string =>
  asOf === undefined
    ? `the mailbox ${address} is empty: no mail has come for it yet`
    : `the mailbox ${address} was empty at ${new Date(asOf).toISOString()}`

const mailbox = (address: string, { asOf }: Options, command: Command): Promise<void> =>
  reading(command, async (opened) => {
    const found = find(await freshViews(opened, ['mailboxes']), address, asOf)
    if (opened.json) return found.forEach(ndjson)
    if (found.length === 0) return remark(emptyText(address, asOf))
    table(found, columns)
  })
