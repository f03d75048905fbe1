/** `fsmtp mailboxes`: which there are, and how full they are. */
import type { Command } from 'commander'
import type { Mailbox } from '../views/answers/mailboxes.ts'
import { freshViews, reading } from './open.ts'
import { type Column, humanSize, ndjson, remark, table } from './terminal.ts'

export const register = (program: Command): void => {
  program
    .command('mailboxes')
    .description('list mailboxes')
    .addHelpText('after', '\nExample: fsmtp mailboxes --json')
    .action((_: unknown, command: Command) => mailboxes(command))
}

const columns: readonly Column<Mailbox>[] = [
  { title: 'MAILBOX', value: ({ mailbox }) => mailbox, shrinks: true },
  { title: 'MESSAGES', value: ({ messages }) => messages, align: 'right' },
  { title: 'SIZE', value: ({ size }) => humanSize(size), align: 'right' },
  { title: 'LAST FILED', value: ({ lastFiledAt }) => lastFiledAt },
]

const mailboxes = (command: Command): Promise<void> =>
  reading(command, async (opened) => {
    const views = await freshViews(opened, ['mailboxes'])
    const found = views.mailboxes()
    if (opened.json) return found.forEach(ndjson)
    if (found.length === 0)
      return remark('there is no mailbox yet: one appears with its first mail, or with its account')
    table(found, columns)
  })
