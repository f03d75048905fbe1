/** `fsmtp suppressions`: addresses elsewhere that are not written to. */
import type { Command } from 'commander'
import { addressKey, parseAddress } from '../../machines/vocabulary/address.ts'
import type { FactName, Facts } from '../../machines/vocabulary/events.ts'
import { newEventId } from '../actors/identity.ts'
import { kindOf } from '../log/port.ts'
import { heldUntil, isSuppressed, type Suppression } from '../views/answers/suppressions.ts'
import { CommandFault } from './fault.ts'
import { listed } from './listing.ts'
import { count } from './moment.ts'
import { freshViews, type Reading, reading } from './open.ts'
import { counted, ndjson, print, remark, table, visible } from './terminal.ts'
import { openForWriting } from './write.ts'

const example = `
An address is put on the list when its host answers RCPT with 5.1.1, 5.1.6, 5.1.10 or 5.2.1: no such mailbox, or none any more. Mail for it
is then returned to its sender without being tried, as delivery.suppress says for how long. What is put there by \`add\` stays.
Examples:
  fsmtp suppressions
  fsmtp suppressions clear bob@example.net
  fsmtp suppressions add spamtrap@example.com --json`

type Options = { readonly limit?: number; readonly all?: boolean }

export const register = (program: Command): void => {
  const suppressions = program
    .command('suppressions')
    .description('list addresses elsewhere that nothing is sent to: since when, and why')
    .option('--limit <count>', 'the newest so many', count)
    .option('--all', 'those as well that are tried again by now, or failed too rarely')
    .addHelpText('after', example)
    .action((options: Options, command: Command) => reading(command, (opened) => list(opened, options)))
  suppressions
    .command('add')
    .argument('<address...>', 'addresses of other hosts')
    .description('send nothing more there, until it is cleared')
    .addHelpText('after', '\nExample: fsmtp suppressions add bob@example.net')
    .action((addresses: string[], _: unknown, command: Command) =>
      reading(command, (opened) => change(opened, addresses, adding)),
    )
  suppressions
    .command('clear')
    .argument('<address...>', 'addresses on the list')
    .description('send mail there again')
    .addHelpText('after', '\nExample: fsmtp suppressions clear bob@example.net')
    .action((addresses: string[], _: unknown, command: Command) =>
      reading(command, (opened) => change(opened, addresses, clearing)),
    )
}

const isoOf = (at: number | null | undefined): string | null =>
  at == null ? null : new Date(at).toISOString()

const shapeOf = (row: Suppression, { config }: Reading, now: number) => {
  const { suppress } = config.delivery
  const { address, failures, at, addedAt, by, enhanced, reply, delivery } = row
  return {
    ...{ address, since: isoOf(addedAt ?? at), until: isoOf(heldUntil(row, suppress)) },
    ...{ suppressed: isSuppressed(row, suppress, now), by, failures },
    ...{ enhancedCode: enhanced, reply, delivery },
  }
}

type Shape = ReturnType<typeof shapeOf>
const whyOf = ({ by, reply }: Shape): string => (by === null ? (reply ?? '') : `added by ${by}`)
const untilOf = ({ suppressed, until }: Shape): string => (suppressed ? (until ?? 'cleared') : 'tried again')

const list = async (opened: Reading, { limit, all = false }: Options): Promise<void> => {
  const views = await freshViews(opened, ['suppressions'])
  const now = Date.now()
  const rows = listed(
    (most) =>
      views
        .suppressions()
        .map((row) => shapeOf(row, opened, now))
        .filter(({ suppressed }) => all || suppressed)
        .slice(0, most),
    limit,
  )
  if (opened.json) for (const row of rows) ndjson(row)
  else if (rows.length === 0) remark('nothing is suppressed')
  else
    table(rows, [
      { title: 'ADDRESS', value: ({ address }) => address, shrinks: true },
      { title: 'SINCE', value: ({ since }) => since },
      { title: 'UNTIL', value: untilOf },
      { title: 'WHY', value: whyOf, shrinks: true },
      { title: 'DELIVERY', value: ({ delivery }) => delivery },
    ])
}

type Change = {
  readonly fact: Extract<FactName, 'SuppressionAdded' | 'SuppressionCleared'>
  /** Why it cannot be done to this one, or null. */
  readonly objection: (address: string, row: Suppression | null) => string | null
  readonly done: string
}
const adding: Change = {
  fact: 'SuppressionAdded',
  objection: (address, row) => (row?.addedAt == null ? null : `${address} was added before`),
  done: 'added',
}
const clearing: Change = {
  fact: 'SuppressionCleared',
  objection: (address, row) =>
    row === null ? `${address} is not on the list; \`fsmtp suppressions --all\` shows all that are` : null,
  done: 'cleared',
}

/** How often a stream was written to is its next revision. */
const lengthOf = async ({ log }: Reading, stream: string): Promise<number> => {
  let length = 0
  for await (const page of log.readStream(stream)) length += page.length
  return length
}

const keyFor = (typed: string): string => {
  const address = parseAddress(typed)
  if (address === null) throw new CommandFault(`'${visible(typed)}' is no mail address`, 2)
  return addressKey(address)
}

/** All that can be changed are; one that cannot be is named, and the exit code is 1. */
const change = async (
  opened: Reading,
  typed: readonly string[],
  { fact, objection, done }: Change,
): Promise<void> => {
  const addresses = [...new Set(typed.map(keyFor))]
  const views = await freshViews(opened, ['suppressions'])
  const judged = addresses.map((address) => ({
    address,
    reason: objection(address, views.suppression(address)),
  }))
  const writing = await openForWriting(opened.config)
  try {
    for (const { address } of judged.filter(({ reason }) => reason === null)) {
      const stream = `suppression-${address}`
      const expected = (await lengthOf(opened, stream)) - 1
      const data: Facts[typeof fact] = { address, by: 'operator' }
      const event = { id: newEventId(Date.now()), kind: kindOf(fact, 1, {}), at: Date.now(), data }
      await writing.append([{ stream, expected, events: [event] }])
    }
  } finally {
    await writing.close()
  }
  tell(opened, judged, done)
}

type Judged = { readonly address: string; readonly reason: string | null }
const tell = ({ json }: Reading, judged: readonly Judged[], done: string): void => {
  const refused = judged.filter(({ reason }) => reason !== null)
  if (refused.length > 0) process.exitCode = 1
  if (json) {
    for (const { address, reason } of judged)
      ndjson({ address, done: reason === null, ...(reason !== null && { reason }) })
    return
  }
  print(`${counted(judged.length - refused.length, 'address', 'addresses')} ${done}`)
  for (const { address, reason } of refused) print(`${visible(address)}  not: ${visible(reason ?? '')}`)
}
