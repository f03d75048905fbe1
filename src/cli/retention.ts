/** `fsmtp retention`: forgets what the configuration keeps no longer, or says what that is. */
import type { Command } from 'commander'
import { now } from '../actors/identity.ts'
import { formatDuration } from '../config/units.ts'
import { openContent } from '../content/open.ts'
import { connectControl } from '../control.ts'
import { DirectoryInUse } from '../log/lock.ts'
import { openLog } from '../log/open.ts'
import { nodeOf } from '../nodes/index.ts'
import { Due, type Rule, rules } from '../retention/due.ts'
import { sweep } from '../retention/index.ts'
import { type Ages, agesOf, keepsEverything } from '../retention/rules.ts'
import { openViews } from '../views/index.ts'
import { untoldBy } from '../webhooks/untold.ts'
import { CommandFault } from './fault.ts'
import { freshViews, type Reading, reading } from './open.ts'
import { counted, ndjson, print, remark, table } from './terminal.ts'

type Options = { readonly dryRun?: boolean; readonly json?: boolean }

const example = `
A running server does this by itself, a little at a time. What is forgotten is gone for good, and the log says what it was.
Examples:
  fsmtp retention --dry-run
  fsmtp retention`

export const register = (program: Command): void => {
  program
    .command('retention')
    .description('forget what `retention` in the configuration keeps no longer')
    .option('--dry-run', 'only say how much that is')
    .addHelpText('after', example)
    .action((options: Options, command: Command) =>
      reading(command, (opened) => (options.dryRun ? tell(opened) : forget(opened))),
    )
}

/** What each setting is about. */
const subjects: Readonly<Record<Rule, string>> = {
  refusedSessions: 'sessions without mail, something refused',
  sessions: 'other sessions without mail',
  content: 'bodies of messages',
}

const heldBack =
  'sessions that a webhook is not told of yet are kept until it is; `fsmtp webhooks` says which, and why'

const keptFor = (age: number | null): string => (age === null ? 'forever' : formatDuration(age))

const tell = async (opened: Reading): Promise<void> => {
  const { log, json, config } = opened
  const views = await freshViews(opened, ['sessions', 'messages'])
  const ages = agesOf(config.retention)
  const due = new Due({ log, views, untold: () => untoldBy(log, config.webhooks) })
  const rows: { rule: Rule; kept: string; due: number }[] = []
  for (const rule of rules) {
    let count = 0
    for await (const { ids } of due.portions(rule, { ages, now: now() })) count += ids.length
    rows.push({ rule, kept: keptFor(ages[rule]), due: count })
  }
  if (json) for (const row of rows) ndjson(row)
  else
    table(
      rows.map((row) => ({ ...row, what: subjects[row.rule] })),
      [
        { title: 'SETTING', value: ({ rule }) => `retention.${rule}` },
        { title: 'KEPT', value: ({ kept }) => kept },
        { title: 'DUE', value: (row) => String(row.due), align: 'right' },
        { title: 'WHAT', value: ({ what }) => what },
      ],
    )
  if (due.isHeld) remark(heldBack)
}

const forget = async (opened: Reading): Promise<void> => {
  const { config, json } = opened
  const ages = agesOf(config.retention)
  const control = await connectControl(config.data)
  control?.close()
  if (control !== null)
    throw new CommandFault(
      'the server that works here forgets by itself what it keeps no longer; `--dry-run` says what is still due',
    )
  const { histories, bodies } = keepsEverything(ages)
    ? { histories: 0, bodies: 0 }
    : await forgetNow(opened, ages)
  if (json) ndjson({ histories, bodies })
  else print(`forgotten: ${counted(histories, 'history', 'histories')}, ${counted(bodies, 'body', 'bodies')}`)
}

/** @throws CommandFault where another process holds the data */
const forgetNow = async ({ config }: Reading, ages: Ages) => {
  const directory = config.data
  const log = await openLog(config).catch((error: unknown) => {
    throw error instanceof DirectoryInUse ? new CommandFault(error.message) : error
  })
  const views = openViews({ directory, log })
  try {
    const content = await openContent(config, log)
    try {
      await views.caughtUp()
      const due = new Due({ log, views, untold: () => untoldBy(log, config.webhooks) })
      const forgotten = await sweep({ directory, node: nodeOf(config), log, content, views, due }, ages)
      if (due.isHeld) remark(heldBack)
      return forgotten
    } finally {
      await content.close()
    }
  } finally {
    views.close()
    await log.close()
  }
}
