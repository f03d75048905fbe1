/** `fsmtp backtest`: what another policy would have done to the mail that came. */
import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { type Command, InvalidArgumentError } from 'commander'
import type { Rules } from '../../machines/session/rules/rules.ts'
import { backtest } from '../backtest/index.ts'
import type { Summary } from '../backtest/report.ts'
import { readText } from '../config/files.ts'
import { parseConfig } from '../config/load.ts'
import { rulesOf, usualPolicy } from '../config/policy.ts'
import { readPolicy } from '../policies.ts'
import { remembered } from '../retention/remembered.ts'
import { tell } from './backtest-text.ts'
import { CommandFault } from './fault.ts'
import { since, until } from './moment.ts'
import { type Reading, reading } from './open.ts'
import { inForceAt, knownPeriods } from './policy-periods.ts'
import { ndjson, progress, remark, visible } from './terminal.ts'

const help = `
Sessions that were recorded on port 25 are judged again by the rules in FILE, with what was found out about their clients then: nobody
is asked anew, nothing is sent, nothing changes. Mail of those who logged in is left out. Rates and greylisting go by what the rules
in FILE would have let in. --since and --until are when sessions began.
Exit 0: no mail would have fared otherwise; 1: some would. --json prints a line for each group of mails, and the summary last.
Examples:
  fsmtp backtest --policy new.yaml --since 30d
  fsmtp backtest --policy new.yaml --since 2026-01-01 --until 2026-01-31 --examples 10
  fsmtp backtest --policy new.yaml --since 7d --json | tail -1`

type Options = {
  readonly policy: string
  readonly since?: number
  readonly until?: number
  readonly examples: number
}

/** @throws InvalidArgumentError */
const examples = (text: string): number => {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('give a whole number from 0 to 9999')
  return Number(text)
}

export const register = (program: Command): void => {
  program
    .command('backtest')
    .description('what another policy would have done to recorded mail, by rule, with examples to replay')
    .requiredOption('--policy <file>', 'the policy to try: a file like the one that `policy:` names')
    .option('--since <time>', 'sessions that began at or after', since)
    .option('--until <time>', 'sessions that began at or before', until)
    .option('--examples <n>', 'so many of each group', examples, 3)
    .addHelpText('after', help)
    .action((options: Options, command: Command) => {
      const rules = rulesIn(options.policy)
      return reading(command, (opened) => tryOut(opened, rules, options))
    })
}

/** @throws CommandFault for a file that cannot be read; ConfigFault with every fault and its line */
const rulesIn = (file: string): Rules => {
  const read = readText(resolve(file))
  if ('wrong' in read) throw new CommandFault(visible(`${file}: ${read.wrong}`))
  const settings = JSON.stringify({ playground: true, policy: file })
  const { config } = parseConfig(settings, { shown: null, file: null, folder: process.cwd(), data: null })
  return rulesOf(config.policy ?? usualPolicy)
}

/** By which mail is judged now, as far as the log knows; one for each server. */
const inForce = async (opened: Reading): Promise<readonly Rules[]> => {
  const { log } = opened
  const periods = inForceAt(await knownPeriods(opened), Number.MAX_SAFE_INTEGER)
  const hashes = new Set(periods.filter(({ service }) => service === 'mx').map(({ policy }) => policy))
  const policies = await Promise.all([...hashes].map((hash) => readPolicy(log, hash)))
  return policies.flatMap((policy) => (policy as { rules?: Rules } | undefined)?.rules ?? [])
}
const isInForce = async (opened: Reading, rules: Rules): Promise<boolean> => {
  const known = await inForce(opened)
  const plain: unknown = JSON.parse(JSON.stringify(rules))
  return known.length > 0 && known.every((one) => isDeepStrictEqual(one, plain))
}

const tryOut = async (opened: Reading, rules: Rules, options: Options): Promise<void> => {
  const { json } = opened
  const log = remembered(opened.log)
  const same = await isInForce(opened, rules)
  if (same) remark(`${visible(options.policy)} is the policy that is in force`)
  const tail = await log.tail()
  const bar = progress('judging')
  const { report, summary } = await backtest({
    ...{ log, rules, since: options.since, until: options.until, examples: options.examples },
    progress: (position, after) => bar.update(position - after, tail - after),
  }).finally(() => bar.end())
  const [changes, unjudged] = [report.changes(), report.unjudged()]
  if (summary.changed > 0) process.exitCode = 1
  if (json) {
    for (const change of changes) ndjson({ kind: 'change', ...change })
    for (const doubt of unjudged) ndjson({ kind: 'unjudged', ...doubt })
    ndjson({ ...summary, inForce: same })
  } else if (summary.mails === 0) remark(nothingToJudge(summary, options))
  else tell({ changes, unjudged, summary })
}

const nothingToJudge = (
  { sessions, unfinished, withoutPolicy }: Summary,
  { since, until }: Options,
): string => {
  if (withoutPolicy > 0)
    return `nothing to judge: the log does not have the policies that its sessions were under (${withoutPolicy} of them)`
  if (sessions === 0)
    return since === undefined && until === undefined
      ? 'nothing to judge: no session on port 25 was recorded yet'
      : 'nothing to judge: no session on port 25 began in that time'
  return unfinished === 0
    ? `nothing to judge: ${sessions === 1 ? 'the one session' : `none of the ${sessions} sessions`} brought mail from strangers`
    : 'nothing to judge: no mail came so far that anything was decided'
}
