/** `fsmtp sessions`: who talked to us, and how it ended. */
import { type Command, Option } from 'commander'
import { outcomes } from '../shapes/words.ts'
import { outcomeText, whoText, whyText } from '../telling/session-text.ts'
import type { Session, SessionFilter } from '../views/answers/sessions.ts'
import { isEmpty, listed } from './listing.ts'
import { count, since, until } from './moment.ts'
import { freshViews, reading } from './open.ts'
import { type Column, ndjson, remark, type Tone, table } from './terminal.ts'

const example = `
Addresses, names and rules may hold * for anything.
Examples:
  fsmtp sessions --outcome refused --since 1d
  fsmtp sessions --rule 'dmarc.*' --since 7d
  fsmtp sessions --sender '*@example.net' --json`

export const register = (program: Command): void => {
  program
    .command('sessions')
    .description('list sessions, refused and dropped ones too; the newest last')
    .option('--since <time>', 'opened at or after', since)
    .option('--until <time>', 'opened at or before', until)
    .option('--peer <address>', 'the client’s address or name')
    .option('--helo <name>', 'what the client called itself')
    .option('--user <name>', 'the account it logged in to, or a name that was tried')
    .option('--sender <address>', 'a sender it named, accepted or refused')
    .option('--recipient <address>', 'a recipient it named, accepted or refused')
    .addOption(new Option('--outcome <outcome>', 'how it ended').choices(outcomes))
    .option('--reason <code>', 'why it ended, or anything in it was refused, by its code: spf-fail')
    .option('--rule <rule>', 'something in it was refused by this rule of the policy: spf.fail, dnsbl*')
    .option('--tag <rule>', 'its mail is Junk by this rule of the policy: spf.fail, dmarc.*; * for any')
    .option('--limit <n>', 'the newest so many', count)
    .addHelpText('after', example)
    .action((options: SessionFilter, command: Command) => sessions(options, command))
}

const outcomeTones: Readonly<Record<Session['outcome'], Tone | null>> = {
  accepted: 'good',
  refused: 'bad',
  aborted: 'bad',
  idle: 'weak',
  open: 'strong',
}

/** `2`, `1 Junk`, `3, 1 Junk` */
const messagesText = ({ messages, tagged }: Session): string => {
  if (tagged === 0) return String(messages.length)
  return messages.length === tagged ? `${tagged} Junk` : `${messages.length}, ${tagged} Junk`
}

/** Where no rule of the policy refused anybody there is nothing to show. */
const ruleColumns = (found: readonly Session[]): readonly Column<Session>[] =>
  found.some(({ rule }) => rule !== null) ? [{ title: 'RULE', value: ({ rule }) => rule, shrinks: true }] : []

const columnsFor = (found: readonly Session[]): readonly Column<Session>[] => [
  { title: 'SESSION', value: ({ id }) => id },
  { title: 'OPENED', value: ({ openedAt }) => openedAt },
  { title: 'SERVICE', value: ({ listener }) => listener },
  { title: 'PEER', value: ({ peer }) => peer.name ?? peer.address, shrinks: true },
  { title: 'HELO', value: ({ helo }) => helo, shrinks: true },
  { title: 'USER', value: whoText, shrinks: true },
  { title: 'OUTCOME', value: outcomeText, tone: ({ outcome }) => outcomeTones[outcome] },
  { title: 'MESSAGES', value: messagesText, align: 'right' },
  ...ruleColumns(found),
  { title: 'WHY', value: whyText, shrinks: true },
]

const sessions = (filter: SessionFilter, command: Command): Promise<void> =>
  reading(command, async (opened) => {
    const views = await freshViews(opened, ['sessions', 'messages'])
    if (opened.json) {
      for (const session of views.sessions(filter)) ndjson(session)
      return
    }
    const found = listed((limit) => views.sessions({ ...filter, limit }), filter.limit)
    if (found.length === 0)
      return remark(
        isEmpty(views.sessions({ limit: 1 }))
          ? 'nothing was received yet: no client has come so far'
          : 'no session fits; `fsmtp sessions` without filters lists all of them',
      )
    table(found, columnsFor(found))
  })
