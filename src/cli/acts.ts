/** `fsmtp retry | hold | release | cancel`: acts on deliveries, named by id or found by the filters of `deliveries`. */
import type { Command } from 'commander'
import type { Act } from '../../machines/delivery/inputs.ts'
import { type Acted, type ActQuestion, connectControl } from '../control.ts'
import { actOffline } from '../delivery/offline.ts'
import { DirectoryInUse } from '../log/lock.ts'
import { openSqliteLog } from '../log/sqlite/index.ts'
import type { Delivery, DeliveryFilter } from '../views/answers/deliveries.ts'
import { CommandFault } from './fault.ts'
import { since, until } from './moment.ts'
import { completeId, freshViews, type Reading, reading } from './open.ts'
import { ndjson, print, remark, table, visible } from './terminal.ts'

type Options = DeliveryFilter & { readonly dryRun?: boolean; readonly json?: boolean }
type Doing = {
  readonly act: Act
  readonly about: string
  /** Statuses in which it makes sense: with filters, only these are acted upon. */
  readonly of: readonly Delivery['status'][]
  readonly done: string
}

const doings: Readonly<Record<'retry' | 'hold' | 'release' | 'cancel', Doing>> = {
  retry: {
    act: 'RETRY',
    about: 'try deliveries that wait now',
    of: ['deferred', 'queued'],
    done: 'to be tried now',
  },
  hold: {
    act: 'HOLD',
    about: 'stop trying, until release or cancel',
    of: ['deferred', 'queued'],
    done: 'held',
  },
  release: { act: 'RELEASE', about: 'go on with held deliveries, now', of: ['held'], done: 'released' },
  cancel: {
    act: 'CANCEL',
    about: 'end deliveries; nobody is told',
    of: ['deferred', 'queued', 'held'],
    done: 'cancelled',
  },
}

/** Registers one of the four. */
export const registering =
  (name: keyof typeof doings) =>
  (program: Command): void => {
    const doing = doings[name]
    program
      .command(name)
      .argument('[id...]', 'deliveries, by the beginning or the end of their ids')
      .description(doing.about)
      .option('--status <status>', 'only of this status')
      .option('--recipient <address>', 'with this recipient')
      .option('--domain <name>', 'to this next hop')
      .option('--sender <address>', 'from this sender')
      .option('--message <id>', 'of this message')
      .option('--since <time>', 'queued at or after', since)
      .option('--until <time>', 'queued at or before', until)
      .option('--dry-run', 'say which deliveries it would be, and do nothing')
      .addHelpText('after', `\nExample: fsmtp ${name} --domain example.net --dry-run`)
      .action((ids: string[], options: Options, command: Command) =>
        reading(command, (opened) => run(opened, { ids, options, doing })),
      )
  }

type Asked = { readonly ids: readonly string[]; readonly options: Options; readonly doing: Doing }

const filtersOf = ({
  status,
  recipient,
  domain,
  sender,
  message,
  since,
  until,
}: Options): DeliveryFilter => ({
  ...{ status, recipient, domain, sender, message, since, until },
})

/** @throws CommandFault where nothing was named: everything is never meant. */
const chosen = async (opened: Reading, { ids, options, doing }: Asked): Promise<readonly Delivery[]> => {
  const filter = filtersOf(options)
  const isFiltered = Object.values(filter).some((value) => value !== undefined)
  if (ids.length === 0 && !isFiltered)
    throw new CommandFault('name deliveries by id, or say which with --domain, --recipient, --status ...', 2)
  const views = await freshViews(opened, ['deliveries'])
  if (ids.length > 0)
    return ids.map((part) => {
      const id = completeId(part, views.deliveryIds(part), { what: 'delivery', list: 'deliveries' })
      return views.delivery(id)!
    })
  return [...views.deliveries(filter)].filter(({ status }) => doing.of.includes(status))
}

const run = async (opened: Reading, asked: Asked): Promise<void> => {
  const deliveries = await chosen(opened, asked)
  if (asked.options.dryRun) return preview(opened, deliveries)
  const question: ActQuestion = {
    act: asked.doing.act,
    ids: deliveries.map(({ id }) => id),
    by: 'operator',
  }
  const acted = deliveries.length === 0 ? [] : await perform(opened, question)
  tell(opened, acted, asked.doing)
}

const preview = ({ json }: Reading, deliveries: readonly Delivery[]): void => {
  if (json) for (const delivery of deliveries) ndjson(delivery)
  else {
    table(deliveries, [
      { title: 'DELIVERY', value: ({ id }) => id },
      { title: 'STATUS', value: ({ status }) => status },
      { title: 'NEXT HOP', value: ({ nextHop }) => nextHop },
      { title: 'SENDER', value: ({ sender }) => sender, shrinks: true },
    ])
    remark(`${counted(deliveries.length)} fit; nothing was done`)
  }
}

const counted = (number: number): string => `${number} ${number === 1 ? 'delivery' : 'deliveries'}`

/** Through the running server where there is one; otherwise in the log itself. */
const perform = async ({ config }: Reading, question: ActQuestion): Promise<readonly Acted[]> => {
  const control = await connectControl(config.data)
  if (control) {
    try {
      return await control.act(question)
    } finally {
      control.close()
    }
  }
  const log = await openSqliteLog({ directory: config.data }).catch((error: Error) => {
    throw error instanceof DirectoryInUse ? new CommandFault(error.message) : error
  })
  try {
    return await actOffline(log, question, {
      node: config.hostname,
      warn: (what) => remark(`fsmtp: ${what}`),
    })
  } finally {
    await log.close()
  }
}

/** What it is in afterwards when it was done. */
const aims: Readonly<Record<Act, readonly string[]>> = {
  RETRY: ['queued', 'waiting', 'resolving', 'connecting', 'securing', 'sending'],
  HOLD: ['held'],
  RELEASE: ['waiting', 'resolving', 'connecting', 'securing', 'sending'],
  CANCEL: ['cancelled'],
}

const isDone = ({ done }: Acted, { act }: Doing): boolean =>
  done !== null &&
  (act === 'RETRY' ? ['queued', 'waiting'].includes(done.before) : done.before !== done.after) &&
  aims[act].includes(done.after)

const tell = ({ json }: Reading, acted: readonly Acted[], doing: Doing): void => {
  const failed = acted.filter((one) => !isDone(one, doing))
  if (json)
    for (const one of acted)
      ndjson({
        ...{ id: one.id, done: isDone(one, doing), state: one.done?.after ?? null },
        ...(one.error !== undefined && { error: one.error }),
      })
  else {
    print(`${counted(acted.length - failed.length)} ${doing.done}`)
    for (const one of failed) print(`${one.id}  not: ${visible(whyNot(one))}`)
  }
  if (failed.length > 0) process.exitCode = 1
}

const whyNot = ({ done, error }: Acted): string => {
  if (error !== undefined) return error
  return done === null ? 'there is no such delivery' : `it is ${done.before}`
}
