/** `fsmtp destinations`: how other hosts fare with our mail, and how hard they are tried. */
import type { Command } from 'commander'
import { asciiDomain } from '../authentication/spelling.ts'
import { createRoutes } from '../delivery/routes/index.ts'
import type { Destination } from '../shapes/destination.ts'
import { destinationAt } from '../telling/destinations.ts'
import { streamEvents } from '../telling/message-trace.ts'
import type { DestinationHour, DestinationStatus } from '../views/answers/destinations.ts'
import { CommandFault } from './fault.ts'
import { freshViews, type Reading, reading } from './open.ts'
import { type Column, counted, ndjson, print, remark, type Tone, table, visible } from './terminal.ts'

const example = `
A destination is a next hop, or the configured host that stands in for it: a domain whose mail goes to such a host leads there.
It is tried by a few deliveries at a time, by more while it answers, by fewer when it does not; after three failures in a row it
rests for a while, then one asks whether it is back. UNDER WAY says how many attempts there are now, of as many as it gets at
present (\`0 of 11\`: none, up to eleven at once); delivery.concurrency.perDestination is the most.
Examples:
  fsmtp destinations
  fsmtp destinations example.net --json`

/** How long back the hours of one destination go, in milliseconds. */
const shownHours = 24 * 3_600_000

export const register = (program: Command): void => {
  program
    .command('destinations')
    .argument(
      '[name]',
      'one of them, or a domain whose mail goes there; with what came of its attempts by the hour',
    )
    .description(
      'list the hosts and domains mail is sent to: what is under way, what came of it, who rests; those tried last first',
    )
    .addHelpText('after', example)
    .action((name: string | undefined, _: unknown, command: Command) =>
      reading(command, (opened) => destinations(opened, name)),
    )
}

const tones: Readonly<Record<Destination['state'], Tone | null>> = {
  steady: null,
  failing: 'strong',
  resting: 'bad',
}

const columns: readonly Column<Destination>[] = [
  { title: 'DESTINATION', value: ({ name }) => visible(name), shrinks: true },
  { title: 'STATE', value: ({ state }) => state, tone: ({ state }) => tones[state] },
  { title: 'RESTING UNTIL', value: ({ restingUntil }) => restingUntil },
  { title: 'UNDER WAY', value: ({ active, limit }) => `${active} of ${limit}`, align: 'right' },
  { title: 'DELIVERED', value: ({ delivered }) => delivered, align: 'right' },
  { title: 'DEFERRED', value: ({ deferred }) => deferred, align: 'right' },
  { title: 'FAILED', value: ({ failed }) => failed, align: 'right' },
  { title: 'LAST ANSWERED', value: ({ lastAnsweredAt }) => lastAnsweredAt },
  {
    title: 'LAST WORDS',
    value: ({ lastFault, lastReply }) => visible(lastFault ?? lastReply ?? ''),
    shrinks: true,
  },
]

const hourColumns: readonly Column<DestinationHour>[] = [
  { title: 'HOUR', value: ({ hour }) => hour },
  { title: 'DELIVERED', value: ({ delivered }) => delivered, align: 'right' },
  { title: 'DEFERRED', value: ({ deferred }) => deferred, align: 'right' },
  { title: 'FAILED', value: ({ failed }) => failed, align: 'right' },
]

const destinations = async (opened: Reading, name: string | undefined): Promise<void> => {
  const views = await freshViews(
    opened,
    name === undefined ? ['destinations'] : ['destinations', 'deliveries', 'messages'],
  )
  const now = { most: opened.config.delivery.concurrency.perDestination, at: Date.now() }
  if (name !== undefined) return one(opened, name, now)
  const found = views.destinations().map((status) => destinationAt(status, now))
  if (opened.json) for (const destination of found) ndjson(destination)
  else if (found.length > 0) table(found, columns)
  else remark('no mail was sent to another host yet')
}

type Standing = { readonly status: DestinationStatus; readonly why: string | null }

/** The destination that the newest delivery of a domain was last tried at, by what its history says. */
const triedFor = async ({ views, log }: Reading, domain: string): Promise<string | null> => {
  const [newest] = views.deliveries({ domain, limit: 1 })
  if (newest === undefined || newest.domain !== domain) return null
  const events = await streamEvents(log, `delivery-${newest.id}`)
  const started = events.findLast((event) => event.type === 'AttemptStarted')
  return started?.type === 'AttemptStarted' ? started.data.destination : null
}

/** Itself, or the host that mail for it goes to. @throws CommandFault where neither was ever tried */
const found = async (opened: Reading, typed: string): Promise<Standing> => {
  const { views, config } = opened
  const itself = views.destination(typed)
  if (itself !== null) return { status: itself, why: null }
  const name = asciiDomain(typed)
  const configured = createRoutes(config).destination(name)
  const status = views.destination(configured)
  if (status !== null)
    return {
      status,
      why: configured === typed ? null : `mail for ${typed} goes to ${configured}, as configured`,
    }
  const tried = await triedFor(opened, name)
  const before = tried === null ? null : views.destination(tried)
  if (before !== null) return { status: before, why: `mail for ${typed} went to ${before.name}` }
  const where = configured === name ? '' : `, nor was ${configured}, where its mail goes as configured`
  throw new CommandFault(
    visible(`${typed} was never tried${where}; \`fsmtp destinations\` lists those that were`),
  )
}

const one = async (
  opened: Reading,
  name: string,
  now: { readonly most: number; readonly at: number },
): Promise<void> => {
  const { views, json } = opened
  const { status, why } = await found(opened, name)
  const destination = destinationAt(status, now)
  const hours = views.destinationHours(status.name, now.at - shownHours)
  if (json) {
    ndjson({ ...destination, hours })
    return
  }
  if (why !== null) print(`${visible(why)}\n`)
  table([destination], columns)
  const { attempts, lost, connections, reused } = destination
  const made = `${counted(connections, 'connection')}, used again ${counted(reused, 'time')}`
  print(`\n${counted(attempts, 'attempt')}, ${lost} cut off; ${made}\n`)
  if (hours.length > 0) table(hours, hourColumns)
  else remark('no attempt ended in the last 24 hours')
}
