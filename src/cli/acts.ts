/** `fsmtp retry | hold | release | cancel`: acts on deliveries, named by id or found by the filters of `deliveries`. */
import type { Command } from 'commander'
import type { Act } from '../../machines/delivery/inputs.ts'
import { type Acted, type ActQuestion, connectControl } from '../control.ts'
import { actOffline } from '../delivery/offline.ts'
import { DirectoryInUse } from '../log/lock.ts'
import { openLogBeside } from '../log/open.ts'
import type { Delivery, DeliveryFilter } from '../views/answers/deliveries.ts'
import { completeDelivery } from './completing.ts'
import { completeFilter, withFilters } from './delivery-filter.ts'
import { CommandFault } from './fault.ts'
import { freshViews, type Reading, reading } from './open.ts'
import { counted, ndjson, print, remark, table, visible } from './terminal.ts'

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
    withFilters(program.command(name))
      .argument('[id...]', 'deliveries, by the beginning or the end of their ids')
      .description(doing.about)
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
  const isFiltered = Object.values(filtersOf(options)).some((value) => value !== undefined)
  if (ids.length === 0 && !isFiltered)
    throw new CommandFault('name deliveries by id, or say which with --domain, --recipient, --status ...', 2)
  if (ids.length > 0 && isFiltered)
    throw new CommandFault('name deliveries by id, or say which with filters; not both', 2)
  const views = await freshViews(opened, ['deliveries', 'messages'])
  if (ids.length > 0) return ids.map((part) => views.delivery(completeDelivery(views, part))!)
  const filter = completeFilter(views, filtersOf(options))
  const found = [...views.deliveries(filter)]
  const fitting = found.filter(({ status }) => doing.of.includes(status))
  if (fitting.length === 0) throw nothingFits(found, doing)
  return fitting
}

const nothingFits = (found: readonly Delivery[], { of }: Doing): CommandFault => {
  if (found.length === 0) return new CommandFault('no delivery fits; `fsmtp deliveries` lists all of them')
  const standings = [...new Set(found.map(({ status }) => status))].join(' or ')
  return new CommandFault(
    `no delivery fits that is ${of.join(' or ')}: ${deliveries(found.length)}, ${standings}`,
  )
}

const run = async (opened: Reading, asked: Asked): Promise<void> => {
  const found = await chosen(opened, asked)
  if (asked.options.dryRun) return preview(opened, found)
  const question: ActQuestion = { act: asked.doing.act, ids: found.map(({ id }) => id), by: 'operator' }
  tell(opened, await perform(opened, question), asked.doing)
}

const preview = ({ json }: Reading, found: readonly Delivery[]): void => {
  if (json) for (const delivery of found) ndjson(delivery)
  else {
    table(found, [
      { title: 'DELIVERY', value: ({ id }) => id },
      { title: 'STATUS', value: ({ status }) => status },
      { title: 'NEXT HOP', value: ({ nextHop }) => nextHop },
      { title: 'SENDER', value: ({ sender }) => sender, shrinks: true },
    ])
    remark(`${deliveries(found.length)} ${found.length === 1 ? 'fits' : 'fit'}; nothing was done`)
  }
}

const deliveries = (count: number): string => counted(count, 'delivery', 'deliveries')

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
  const log = await openLogBeside(config).catch((error: Error) => {
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
    print(`${deliveries(acted.length - failed.length)} ${doing.done}`)
    for (const one of failed) print(`${one.id}  not: ${visible(whyNot(one))}`)
  }
  if (failed.length > 0) process.exitCode = 1
}

const whyNot = ({ done, error }: Acted): string => {
  if (error !== undefined) return error
  return done === null ? 'there is no such delivery' : `it is ${done.before}`
}
