/** `fsmtp reputation`: which networks are well thought of, and why. */
import type { Command } from 'commander'
import { networkAround } from '../../machines/vocabulary/network.ts'
import { octetsOf } from '../../machines/vocabulary/within.ts'
import { dayOf, type Fault, faults, faultWeights, karmaScore, shareOf } from '../../projections/karma.ts'
import type { Acquainted, NetworkDay } from '../views/answers/reputation.ts'
import { CommandFault } from './fault.ts'
import { count } from './moment.ts'
import { freshViews, type Reading, reading } from './open.ts'
import { type Column, counted, ndjson, print, remark, type Tone, table, visible } from './terminal.ts'

const example = `
A network is an IPv4 /24 or an IPv6 /64. Its SCORE is from -100 to 100: mail that was accepted speaks for it, refusals that say something
of the sender against it, and both count half after seven days. 0 stands for a network of which nothing is known. ACCEPTED and the
columns of faults are sums over the last 30 days; PUT OFF was greylisted or deferred, which says nothing against anybody.
Examples:
  fsmtp reputation --limit 20
  fsmtp reputation 192.0.2.7
  fsmtp reputation 2001:db8:1:2::/64 --json`

type Options = { readonly limit?: number }

export const register = (program: Command): void => {
  program
    .command('reputation')
    .argument('[network]', 'a network, or an address in it; what its score is made of')
    .description('list networks that sent mail here by their score, the worst first; or explain one')
    .option('--limit <count>', 'so many networks, or senders of the one, at most', count)
    .addHelpText('after', example)
    .action((network: string | undefined, options: Options, command: Command) =>
      reading(command, (opened) =>
        network === undefined ? all(opened, options) : one(opened, networkOf(network), options),
      ),
    )
}

/** @throws CommandFault for what is neither an address nor a network of the size that is counted */
const networkOf = (typed: string): string => {
  const [address = '', prefix] = typed.split('/')
  const octets = octetsOf(address)
  if (octets === null) throw new CommandFault(`${visible(typed)} is no address and no network`, 2)
  const counted = octets.length === 4 ? '24' : '64'
  if (prefix !== undefined && prefix !== counted)
    throw new CommandFault(`networks are counted by /${counted}: write ${address}/${counted}`, 2)
  return networkAround(address)
}

const sums = ['accepted', ...faults, 'putOff'] as const
type Sums = Readonly<Record<Fault | 'accepted' | 'putOff', number>>
const summed = (days: readonly NetworkDay[]): Sums =>
  Object.fromEntries(sums.map((name) => [name, days.reduce((sum, day) => sum + day[name], 0)])) as Record<
    keyof Sums,
    number
  >

const iso = (at: number): string => new Date(at).toISOString()

export type Network = Sums & {
  readonly network: string
  readonly score: number
  readonly firstSeenAt: string | null
  readonly lastSeenAt: string | null
}

const seen = (network: string, days: readonly NetworkDay[], now: number): Network => ({
  ...{ network, score: karmaScore(days, now) },
  ...summed(days),
  firstSeenAt: days.length === 0 ? null : iso(Math.min(...days.map(({ firstAt }) => firstAt))),
  lastSeenAt: days.length === 0 ? null : iso(Math.max(...days.map(({ lastAt }) => lastAt))),
})

const toneOf = (score: number): Tone | null => (score < -20 ? 'bad' : score > 20 ? 'good' : null)

/** What most networks never did has no column. */
const faultColumns = (rows: readonly Sums[]): readonly Column<Sums>[] =>
  faults
    .filter((fault) => rows.some((row) => row[fault] > 0))
    .map((fault) => ({
      ...{ title: fault.toUpperCase(), align: 'right' },
      value: (row) => row[fault],
    }))

const networkColumns = (rows: readonly Network[]): readonly Column<Network>[] => [
  { title: 'NETWORK', value: ({ network }) => network, shrinks: true },
  { title: 'SCORE', value: ({ score }) => score, align: 'right', tone: ({ score }) => toneOf(score) },
  { title: 'ACCEPTED', value: ({ accepted }) => accepted, align: 'right' },
  ...faultColumns(rows),
  { title: 'PUT OFF', value: ({ putOff }) => putOff, align: 'right' },
  { title: 'LAST SEEN', value: ({ lastSeenAt }) => lastSeenAt },
]

/** Networks on a screen when nobody said how many. */
const screenful = 100

const all = async (opened: Reading, { limit }: Options): Promise<void> => {
  const views = await freshViews(opened, ['reputation'])
  const now = Date.now()
  const found = [...views.networks()]
    .map(([network, days]) => seen(network, days, now))
    .sort((one, other) => one.score - other.score || one.network.localeCompare(other.network))
  const most = limit ?? (process.stdout.isTTY ? screenful : found.length)
  const shown = found.slice(0, most)
  if (opened.json) {
    shown.forEach(ndjson)
    return
  }
  if (shown.length === 0) remark('no network sent mail here, or tried to')
  else table(shown, networkColumns(shown))
  if (limit === undefined && shown.length < found.length)
    remark(`the worst ${shown.length} of ${found.length}; --limit shows more`)
}

type Share = NetworkDay & { readonly share: number }
const dayColumns = (days: readonly Share[]): readonly Column<Share>[] => [
  { title: 'DAY', value: ({ firstAt }) => iso(firstAt).slice(0, 10) },
  { title: 'COUNTS', value: ({ share }) => `${Math.round(share * 100)} %`, align: 'right' },
  { title: 'ACCEPTED', value: ({ accepted }) => accepted, align: 'right' },
  ...faultColumns(days),
  { title: 'PUT OFF', value: ({ putOff }) => putOff, align: 'right' },
]

const senderColumns: readonly Column<Acquainted>[] = [
  { title: 'SENDER', value: ({ sender }) => (sender === '' ? '<>' : sender), shrinks: true },
  { title: 'ACCEPTED', value: ({ accepted }) => accepted, align: 'right' },
  { title: 'PUT OFF SINCE', value: ({ putOffAt }) => (putOffAt === null ? null : iso(putOffAt)) },
  { title: 'LAST SEEN', value: ({ lastAt }) => iso(lastAt) },
  { title: 'FORGOTTEN', value: ({ forgetAt }) => iso(forgetAt) },
]

const senderShape = ({ sender, accepted, putOffAt, lastAt, forgetAt }: Acquainted) => ({
  ...{ sender, accepted, putOffAt: putOffAt === null ? null : iso(putOffAt) },
  ...{ lastSeenAt: iso(lastAt), forgottenAt: iso(forgetAt) },
})

const weights = faults.map((fault) => `${fault} ${faultWeights[fault]}`).join(', ')

const one = async (opened: Reading, network: string, { limit = 20 }: Options): Promise<void> => {
  const views = await freshViews(opened, ['reputation'])
  const now = Date.now()
  const days = views.networkDays(network).map((day) => ({ ...day, share: shareOf(dayOf(now) - day.day) }))
  const senders = views.acquaintances(network, limit)
  const summary = seen(network, days, now)
  if (opened.json) {
    const shape = ({ network: _, day, firstAt, lastAt, ...rest }: Share) => ({
      ...{ day: iso(day * 86_400_000).slice(0, 10), ...rest },
      ...{ firstSeenAt: iso(firstAt), lastSeenAt: iso(lastAt) },
    })
    ndjson({ ...summary, days: days.map(shape), senders: senders.map(senderShape) })
    return
  }
  print(`${network} has the score ${summary.score}.`)
  if (days.length === 0) remark('nothing was heard of it in the last 30 days')
  else {
    print(
      `\nscore = 100 * (good - bad) / (good + bad + 10). Each accepted mail is 1 good; bad is, each time: ${weights}.\n`,
    )
    table(days, dayColumns(days))
  }
  if (senders.length === 0) return
  print(`\n${counted(senders.length, 'sender')}, the newest first\n`)
  table(senders, senderColumns)
}
