/** `fsmtp policy`: by which rules strangers' mail is judged, since when, and by which it was judged before. */
import { type Command, Option } from 'commander'
import type { Rules } from '../../machines/session/rules/rules.ts'
import type { Service } from '../../machines/vocabulary/events.ts'
import type { LogReader } from '../log/port.ts'
import { policiesOf, policyStream } from '../policies.ts'
import { CommandFault } from './fault.ts'
import { until } from './moment.ts'
import { type Reading, reading } from './open.ts'
import { inForceAt, knownPeriods, type Period } from './policy-periods.ts'
import {
  besidesRules,
  changesBetween,
  outcomeText,
  type RuleLine,
  rulesIn,
  type Setting,
  settingsIn,
  settingText,
} from './policy-text.ts'
import { type Column, ndjson, print, remark, table, visible } from './terminal.ts'

const example = `
HASH is what a session's first fact names (\`fsmtp replay ID\`), or enough of its beginning. Rules are named as refusals name them;
what is not listed is ignored. --json has the whole policy, limits and all.
Examples:
  fsmtp policy
  fsmtp policy --at 2026-01-31T08:30
  fsmtp policy 3f2a --json`

const services = ['mx', 'submission', 'submissions'] as const satisfies readonly Service[]
type Options = { readonly at?: number; readonly service: Service }

export const register = (program: Command): void => {
  program
    .command('policy')
    .argument('[hash]', 'a policy; without one, that in force')
    .description('the policy for mail from strangers: what it is, since when, and what it was before')
    .option('--at <time>', 'the one that was in force then', until)
    .addOption(new Option('--service <service>', 'of which listeners').choices(services).default('mx'))
    .addHelpText('after', example)
    .action((hash: string | undefined, options: Options, command: Command) =>
      reading(command, (opened) => policy(opened, hash, options)),
    )
}

/** @throws CommandFault where none or several are meant */
const hashOf = async (log: LogReader, typed: string, periods: readonly Period[]): Promise<string> => {
  // All policies of the log are looked for only where none that was in force is meant.
  const [inForce, ...more] = new Set(periods.map(({ policy: of }) => of).filter((of) => of.startsWith(typed)))
  if (inForce !== undefined && more.length === 0) return inForce
  const prefix = policyStream('')
  const found = (await log.streams(policyStream(typed), { limit: 4 })).map((name) =>
    name.slice(prefix.length),
  )
  if (found.includes(typed)) return typed
  const [only, ...others] = found
  if (only === undefined)
    throw new CommandFault(`no policy has a hash that begins with "${visible(typed)}"; see \`fsmtp policy\``)
  if (others.length > 0)
    throw new CommandFault(`"${visible(typed)}" may be ${found.join(' or ')}: write more of it`)
  return only
}

const policy = async (
  opened: Reading,
  typed: string | undefined,
  { at, service }: Options,
): Promise<void> => {
  const { log } = opened
  const all = await knownPeriods(opened)
  if (typed !== undefined) {
    if (at !== undefined) throw new CommandFault('--at asks which policy it was: give no hash with it', 2)
    const hash = await hashOf(log, typed, all)
    return tell(opened, { hash, period: null, history: all.filter(({ policy: of }) => of === hash) })
  }
  const history = all.filter((period) => period.service === service)
  const now = inForceAt(history, at ?? Number.MAX_SAFE_INTEGER)
  const period = now.at(-1)
  if (period === undefined) throw new CommandFault(nothingText(history, service, at))
  const others = now.filter(({ policy: of }) => of !== period.policy)
  for (const other of others) remark(`the server ${other.node} had another: ${other.policy}`)
  await tell(opened, { hash: period.policy, period, history })
}

const nothingText = ([first]: readonly Period[], service: Service, at: number | undefined): string =>
  first === undefined || at === undefined
    ? `no server has taken mail on ${service} here yet; \`fsmtp config show\` says what one would do`
    : `no policy was in force at ${iso(at)}: the first is of ${iso(first.since)}`

const iso = (at: number): string => new Date(at).toISOString()
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at))

type Telling = {
  readonly hash: string
  /** In which it was asked for; null where it was asked for by its hash. */
  readonly period: Period | null
  readonly history: readonly Period[]
}
type Row = Period & { readonly changed: readonly string[] }

/** With what became different when each began. */
const rowsOf = async (history: readonly Period[], log: LogReader): Promise<readonly Row[]> => {
  const read = policiesOf(log)
  const before = new Map<string, Period>()
  const rows: Row[] = []
  for (const period of history) {
    const where = `${period.service} ${period.node}`
    const previous = before.get(where)
    before.set(where, period)
    const changed =
      previous === undefined ? [] : changesBetween(await read(previous.policy), await read(period.policy))
    rows.push({ ...period, changed })
  }
  return rows
}

const tell = async (opened: Reading, { hash, period, history }: Telling): Promise<void> => {
  const { log, json } = opened
  const content = await policiesOf(log)(hash)
  const lines = linesOf(content)
  const rows = await rowsOf(history, log)
  if (json) return ndjson(shapeOf({ hash, period, rows, lines, content }))
  print(headOf(hash, period))
  print('')
  if (lines !== null && hasRules(content)) tellRules(lines, content.rules)
  else {
    if (period?.service === 'mx') print('By it nobody is looked at: there are no rules for strangers.\n')
    table(settingsIn(content), settingColumns)
  }
  if (rows.length === 0) return
  print('')
  table(rows, rowColumns)
}

const headOf = (hash: string, period: Period | null): string => {
  if (period === null) return `policy ${hash}`
  const to = period.until === null ? '' : ` to ${iso(period.until)}`
  return `policy ${hash}, for ${period.service}, in force from ${iso(period.since)}${to}`
}

const hasRules = (content: unknown): content is { readonly rules: Rules } =>
  typeof content === 'object' && content !== null && 'rules' in content

/** Null for a policy without rules, or with some of another release. */
const linesOf = (content: unknown): readonly RuleLine[] | null => {
  try {
    return hasRules(content) ? rulesIn(content.rules) : null
  } catch {
    return null
  }
}

const tellRules = (lines: readonly RuleLine[], rules: Rules): void => {
  if (lines.length === 0) print('no rule leads to anything')
  else
    table(lines, [
      { title: 'RULE', value: ({ rule }) => rule, shrinks: true },
      { title: 'LEADS TO', value: (line) => outcomeText(rules, line) },
    ])
  for (const line of besidesRules(rules, lines)) print(line)
}

const settingColumns: readonly Column<Setting>[] = [
  { title: 'SETTING', value: ({ path }) => path },
  { title: 'VALUE', value: settingText, shrinks: true },
]
const rowColumns: readonly Column<Row>[] = [
  { title: 'SINCE', value: ({ since }) => iso(since) },
  { title: 'UNTIL', value: ({ until: end }) => isoOrNull(end) },
  { title: 'SERVICE', value: ({ service }) => service },
  { title: 'SERVER', value: ({ node }) => node },
  { title: 'POLICY', value: ({ policy: of }) => of },
  { title: 'WHAT CHANGED', value: ({ changed }) => changed.join('; '), shrinks: true },
]

type Shaped = Pick<Telling, 'hash' | 'period'> & {
  readonly rows: readonly Row[]
  readonly lines: readonly RuleLine[] | null
  readonly content: unknown
}
const shapeOf = ({ hash, period, rows, lines, content }: Shaped): object => ({
  ...{ policy: hash, service: period?.service ?? null, node: period?.node ?? null },
  ...{ since: isoOrNull(period?.since ?? null), until: isoOrNull(period?.until ?? null) },
  ...{ rules: lines, settings: content },
  history: rows.map(({ since, until: end, ...rest }) => ({
    ...rest,
    ...{ since: iso(since), until: isoOrNull(end) },
  })),
})
