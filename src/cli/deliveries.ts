/** `fsmtp deliveries`: where mail for other hosts stands, now or at a time. */

import { pathToFileURL } from 'node:url'
import type { Command } from 'commander'
import { deliveries as projection } from '../../projections/deliveries.ts'
import { deliveryReasonText } from '../telling/delivery-reasons.ts'
import { statusText } from '../telling/fates.ts'
import {
  askDeliveries,
  type Delivery,
  type DeliveryFilter,
  type DeliveryStatus,
} from '../views/answers/deliveries.ts'
import { atTheTop, type Place } from '../views/answers/pages.ts'
import { viewAsOf } from '../views/as-of.ts'
import { viewsFile } from '../views/database.ts'
import { several } from './completing.ts'
import { completeFilter, withFilters } from './delivery-filter.ts'
import { listed } from './listing.ts'
import { count, until } from './moment.ts'
import { freshViews, type Reading, reading } from './open.ts'
import { isServed, unserved } from './serving.ts'
import { type Column, ndjson, progress, remark, type Tone, table } from './terminal.ts'

const example = `
Addresses and domains may hold * for anything. Each delivery is one message on its way to one next hop. STATUS counts its recipients
where they fare differently. Forwarded mail is found by the alias and by the sender it came from, too.
Examples:
  fsmtp deliveries --status deferred
  fsmtp deliveries --domain example.net --since 2h --json
  fsmtp deliveries --sender '<>' --as-of 2026-01-31T08:30`

type Options = DeliveryFilter & { readonly asOf?: number }

export const register = (program: Command): void => {
  withFilters(program.command('deliveries'))
    .description('list deliveries to other hosts; those queued last at the end')
    .option('--as-of <time>', 'as everything stood then', until)
    .option('--limit <n>', 'the newest so many', count)
    .addHelpText('after', example)
    .action((options: Options, command: Command) => deliveries(options, command))
}

export const statusTones: Readonly<Record<DeliveryStatus, Tone | null>> = {
  queued: null,
  active: 'strong',
  deferred: 'strong',
  held: 'strong',
  delivered: 'good',
  failed: 'bad',
  expired: 'bad',
  cancelled: 'weak',
}

/** The far side's words; where it said nothing, what was wrong on the way. */
const why = ({ status, lastReply, fault, reason }: Delivery): string => {
  if (status === 'delivered') return lastReply ?? ''
  return lastReply ?? fault ?? (reason === null ? '' : deliveryReasonText(reason))
}

/** Of forwarded mail, the alias as well. */
const whom = ({ recipients, forwarder }: Delivery): string => {
  const named = several(recipients.map(({ address }) => address))
  return forwarder === null ? named : `${forwarder} -> ${named}`
}

const columns: readonly Column<Delivery>[] = [
  { title: 'DELIVERY', value: ({ id }) => id },
  { title: 'QUEUED', value: ({ queuedAt }) => queuedAt },
  { title: 'SENDER', value: ({ sender }) => sender || '<>', shrinks: true },
  {
    title: 'RECIPIENTS',
    value: whom,
    shrinks: true,
  },
  { title: 'NEXT HOP', value: ({ nextHop }) => nextHop, shrinks: true },
  { title: 'STATUS', value: statusText, tone: ({ status }) => statusTones[status] },
  { title: 'ATTEMPTS', value: ({ attempts }) => attempts, align: 'right' },
  { title: 'NEXT ATTEMPT', value: ({ nextAttemptAt }) => nextAttemptAt },
  { title: 'LAST REPLY', value: why, shrinks: true },
]

type Ask = (filter: DeliveryFilter) => Iterable<Delivery>

/** Rows asked for at a time. */
const pageSize = 1_000

const placeOf = ({ queuedAt, id }: Delivery): Place => ({ at: Date.parse(queuedAt), id })

/** The newest so many by when they were queued, or all, the newest last. Ids say when the message came in, which may be long before. */
export function* byQueued(ask: Ask, filter: DeliveryFilter): Generator<Delivery> {
  const page = (before: Place, limit: number): readonly Delivery[] => [...ask({ ...filter, before, limit })]
  if (filter.limit !== undefined) {
    yield* page(atTheTop, filter.limit).toReversed()
    return
  }
  // Found from the newest on, told from the oldest on: pages are asked for again, so that not all of them are in memory.
  const places = [atTheTop]
  for (
    let found = page(atTheTop, pageSize);
    found.length === pageSize;
    found = page(places.at(-1)!, pageSize)
  )
    places.push(placeOf(found.at(-1)!))
  for (const place of places.toReversed()) yield* page(place, pageSize).toReversed()
}

/** Every delivery as it stood then: the log is folded again, up to that time. What came in before is no other now. */
const asOf = async ({ log, config }: Reading, at: number): Promise<{ ask: Ask; close: () => void }> => {
  const bar = progress('reading the log')
  const tail = await log.tail()
  try {
    const db = await viewAsOf({
      ...{ log, projection, at, filter: { categories: ['delivery'] } },
      progress: (position) => bar.update(position, tail),
    })
    db.prepare('ATTACH ? AS present').run(`${pathToFileURL(viewsFile(config.data)).href}?mode=ro`)
    // Its own is empty: no fact of a delivery says who sent what is forwarded.
    db.exec('DROP VIEW main.forwarded')
    return { ask: (filter) => askDeliveries(db, filter), close: () => db.close() }
  } finally {
    bar.end()
  }
}

const tell = (ask: Ask, filter: DeliveryFilter, json: boolean): readonly Delivery[] => {
  if (json) {
    for (const delivery of byQueued(ask, filter)) ndjson(delivery)
    return []
  }
  const found = listed((limit) => byQueued(ask, { ...filter, limit }), filter.limit)
  if (found.length > 0) table(found, columns)
  else remark(nothingFound(filter))
  return found
}

/** Without a server nothing goes on, whatever the table says. */
const tellUnserved = async ({ config }: Reading, found: readonly Delivery[]): Promise<void> => {
  const isCutOff = found.some(({ status }) => status === 'active')
  const waits = found.some(({ status }) => status === 'queued' || status === 'deferred')
  if ((!isCutOff && !waits) || (await isServed(config))) return
  const active = 'what is active was cut off and is taken up'
  const waiting = 'what waits is tried'
  const what = [...(isCutOff ? [active] : []), ...(waits ? [waiting] : [])].join(', ')
  remark(`${unserved}: ${what} when it is started (\`fsmtp serve\`)`)
}

const nothingFound = (filter: DeliveryFilter): string =>
  Object.entries(filter).some(([key, value]) => key !== 'limit' && value !== undefined)
    ? 'no delivery fits; `fsmtp deliveries` without filters lists all of them'
    : 'no mail for another host was accepted yet'

const deliveries = ({ asOf: at, ...options }: Options, command: Command): Promise<void> =>
  reading(command, async (opened) => {
    const views = await freshViews(opened, ['deliveries', 'messages'])
    const filter = completeFilter(views, options)
    if (at === undefined)
      return tellUnserved(
        opened,
        tell((asked) => views.deliveries(asked), filter, opened.json),
      )
    if (at > Date.now())
      remark(`${new Date(at).toISOString()} is still to come: this is how everything stands now`)
    const then = await asOf(opened, at)
    try {
      tell(then.ask, filter, opened.json)
    } finally {
      then.close()
    }
  })
