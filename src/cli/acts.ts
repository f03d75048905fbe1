/** `fsmtp retry | hold | release | cancel`: acts on deliveries, named by id or found by the filters of `deliveries`. */
import type { Command } from 'commander'
import { type Acted, type ActQuestion, type Acts, connectControl } from '../control.ts'
import { actOffline } from '../delivery/offline.ts'
import { DirectoryInUse } from '../log/lock.ts'
import { openLogBeside } from '../log/open.ts'
import { LogUnavailable } from '../log/port.ts'
import { nodeOf } from '../nodes/index.ts'
import { type ActName, type Doing, doings, fits, type Told } from '../telling/act-words.ts'
import { foretold, refusedOf, type Served, toldOf } from '../telling/acted.ts'
import type { Delivery, DeliveryFilter } from '../views/answers/deliveries.ts'
import type { ViewReader } from '../views/index.ts'
import { completeDelivery } from './completing.ts'
import { completeFilter, withFilters } from './delivery-filter.ts'
import { CommandFault } from './fault.ts'
import { freshViews, type Reading, reading } from './open.ts'
import { isServed } from './serving.ts'
import { counted, ndjson, print, progress, remark, table, visible } from './terminal.ts'

type Options = DeliveryFilter & { readonly dryRun?: boolean; readonly json?: boolean }

const atTheEnd =
  'What is being tried cannot be called back once it has been sent: that is done when the attempt ends, unless everything was\ndelivered.'
const meanwhile: Readonly<Record<ActName, string>> = {
  retry: '',
  hold: `${atTheEnd} `,
  release: 'Where a hold waits for the end of an attempt, it is taken back. ',
  cancel: `${atTheEnd} An attempt that has not come to its final dot is ended at once. `,
}

const example = (name: ActName): string => `
Deliveries are named by id (enough of the beginning, or the last six characters), or found by the filters; those found that are in
another status are left alone. ${meanwhile[name]}Of several ids, each is done that can be: the others are named with the reason, and the exit code is 1.
Examples:
  fsmtp ${name} --domain example.net --dry-run
  fsmtp ${name} 01kdy4 m21p8a --json`

/** Registers one of the four. */
export const registering =
  (name: ActName) =>
  (program: Command): void => {
    const doing = doings[name]
    withFilters(program.command(name))
      .argument('[id...]', 'deliveries, by their ids')
      .description(doing.about)
      .option('--dry-run', 'say of which deliveries it would be done, and of which not; do nothing')
      .addHelpText('after', example(name))
      .action((ids: string[], options: Options, command: Command) =>
        reading(command, (opened) => run(opened, { ids, options, doing })),
      )
  }

type Asked = { readonly ids: readonly string[]; readonly options: Options; readonly doing: Doing }
/** What an id that was typed stands for, or why it stands for nothing. */
type Chosen = { readonly deliveries: readonly Delivery[]; readonly unknown: readonly Told[] }

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

/** @throws CommandFault where nothing was named (everything is never meant), or nothing that could be acted upon */
const chosen = async (opened: Reading, { ids, options, doing }: Asked): Promise<Chosen> => {
  const isFiltered = Object.values(filtersOf(options)).some((value) => value !== undefined)
  if (ids.length === 0 && !isFiltered)
    throw new CommandFault('name deliveries by id, or say which with --domain, --recipient, --status ...', 2)
  if (ids.length > 0 && isFiltered)
    throw new CommandFault('name deliveries by id, or say which with filters; not both', 2)
  const views = await freshViews(opened, ['deliveries', 'messages'])
  if (ids.length > 0) return named(views, ids)
  const filter = completeFilter(views, filtersOf(options))
  const found = [...views.deliveries(filter)]
  const fitting = found.filter((delivery) => fits(doing, delivery))
  if (fitting.length === 0) throw nothingFits(found, doing)
  return { deliveries: fitting, unknown: [] }
}

/** Each once, however often it was typed. @throws CommandFault where none is known */
const named = (views: ViewReader, ids: readonly string[]): Chosen => {
  const deliveries = new Map<string, Delivery>()
  const unknown: Told[] = []
  for (const typed of new Set(ids)) {
    try {
      const id = completeDelivery(views, typed)
      deliveries.set(id, views.delivery(id)!)
    } catch (error) {
      if (!(error instanceof CommandFault)) throw error
      unknown.push({ id: typed, done: false, state: null, status: null, reason: error.message })
    }
  }
  if (deliveries.size === 0) throw new CommandFault(unknown.map(({ reason }) => reason).join('\n'))
  return { deliveries: [...deliveries.values()], unknown }
}

const nothingFits = (found: readonly Delivery[], doing: Doing): CommandFault => {
  if (found.length === 0) return new CommandFault('no delivery fits; `fsmtp deliveries` lists all of them')
  const one = found.length === 1
  const statuses = [...new Set(found.map(({ status }) => status))]
  const [only] = statuses.length === 1 ? statuses : []
  const hint = only === undefined ? undefined : doing.instead[only]?.[one ? 0 : 1]
  const what = `${one ? 'fits but is' : 'fit but are'} ${statuses.join(' or ')}`
  return new CommandFault(`${deliveries(found.length)} ${what}${hint === undefined ? '' : `; ${hint}`}`)
}

const run = async (opened: Reading, asked: Asked): Promise<void> => {
  const found = await chosen(opened, asked)
  if (asked.options.dryRun)
    return preview(opened, found, { ...asked.doing, served: await isServed(opened.config) })
  const question: ActQuestion = {
    act: asked.doing.act,
    ids: found.deliveries.map(({ id }) => id),
    by: 'operator',
  }
  const { acted, served } = await perform(opened, question)
  const before = new Map(found.deliveries.map((delivery) => [delivery.id, delivery]))
  const told = acted.map((one) => toldOf(one, { ...asked.doing, served }, before.get(one.id)?.noted ?? null))
  tell(opened, [...told, ...found.unknown], { ...asked.doing, served })
}

/** As it would be told of each. */
const preview = ({ json }: Reading, { deliveries: found, unknown }: Chosen, doing: Served): void => {
  const fitting = found.filter((delivery) => fits(doing, delivery))
  const others = found.filter((delivery) => !fitting.includes(delivery))
  const refused = [...others.map((delivery) => refusedOf(delivery, doing)), ...unknown]
  if (refused.length > 0) process.exitCode = 1
  if (json) {
    for (const delivery of found) {
      const told = foretold(delivery, doing)
      ndjson({ ...told, dryRun: true, delivery })
    }
    for (const told of unknown) ndjson({ ...told, dryRun: true, delivery: null })
    return
  }
  if (fitting.length > 0)
    table(fitting, [
      { title: 'DELIVERY', value: ({ id }) => id },
      { title: 'STATUS', value: ({ status }) => status },
      { title: 'NEXT HOP', value: ({ nextHop }) => nextHop },
      { title: 'SENDER', value: ({ sender }) => sender, shrinks: true },
    ])
  for (const told of refused) print(notDone(told))
  remark(`${deliveries(fitting.length)} ${fitting.length === 1 ? 'fits' : 'fit'}; nothing was done`)
}

const deliveries = (count: number): string => counted(count, 'delivery', 'deliveries')

/** So many at a time: between them it is shown how far it is, and the server does other things. */
const batch = 100

/** Through the running server where there is one; otherwise in the log itself. */
const perform = async (
  { config }: Reading,
  question: ActQuestion,
): Promise<{ readonly acted: readonly Acted[]; readonly served: boolean }> => {
  const control = await connectControl(config.data)
  if (control) {
    try {
      return { acted: await inBatches(question, control.act), served: true }
    } finally {
      control.close()
    }
  }
  const log = await openLogBeside(config).catch((error: Error) => {
    throw error instanceof DirectoryInUse ? new CommandFault(error.message) : error
  })
  try {
    const offline: Acts = (asked) =>
      actOffline(log, asked, {
        node: nodeOf(config),
        isAlone: config.log === 'sqlite',
        warn: (what) => remark(`fsmtp: ${what}`),
      })
    return { acted: await inBatches(question, offline), served: false }
  } finally {
    await log.close()
  }
}

/** Where it breaks off, what was done before is told all the same. */
const inBatches = async (question: ActQuestion, act: Acts): Promise<readonly Acted[]> => {
  const { ids } = question
  const acted: Acted[] = []
  const bar = progress('acting')
  try {
    for (let at = 0; at < ids.length; at += batch) {
      bar.update(at, ids.length)
      acted.push(...(await act({ ...question, ids: ids.slice(at, at + batch) })))
    }
  } catch (error) {
    if (acted.length === 0 || !(error instanceof LogUnavailable)) throw error
    acted.push(...ids.slice(acted.length).map((id) => ({ id, done: null, error: error.message })))
  } finally {
    bar.end()
  }
  return acted
}

const notDone = ({ id, reason = '' }: Told): string => `${visible(id)}  not: ${visible(reason)}`

/** Of so many: what was done, and what will be when attempts have ended. */
const sentences = (
  told: readonly Told[],
  { done, noted, unserved = '', served }: Served,
): readonly string[] => {
  const later = told.filter((one) => one.noted !== undefined).length
  const now = told.filter((one) => one.done).length - later
  return [
    ...(now > 0 || later === 0 ? [`${deliveries(now)} ${done}${served ? '' : unserved}`] : []),
    ...(later > 0 ? [`${deliveries(later)} ${noted?.[later === 1 ? 0 : 1]}`] : []),
  ]
}

const tell = ({ json }: Reading, told: readonly Told[], doing: Served): void => {
  const failed = told.filter(({ done }) => !done)
  if (json) told.forEach(ndjson)
  else {
    for (const sentence of sentences(told, doing)) print(sentence)
    for (const one of failed) print(notDone(one))
  }
  if (failed.length > 0) process.exitCode = 1
}
