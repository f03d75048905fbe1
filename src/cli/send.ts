/** `fsmtp send`: composes a message and submits it through the server, like any other client. */
import type { Command } from 'commander'
import type { RemoteReply } from '../../machines/vocabulary/events.ts'
import { parseRoute } from '../../machines/vocabulary/xroute.ts'
import type { Sent } from '../delivery/port.ts'
import { quoted } from '../delivery/wire/faults.ts'
import { type Composing, compose } from './composing.ts'
import { CommandFault } from './fault.ts'
import { findServer } from './finding-server.ts'
import { type GlobalOptions, reading } from './open.ts'
import { askPassword } from './password.ts'
import { submit } from './submitting.ts'
import { ndjson, print, visible } from './terminal.ts'
import { followed } from './waiting.ts'

type Options = GlobalOptions &
  Composing & { readonly via?: string; readonly route?: string; readonly wait?: boolean }

const gather = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

const example = `
Bcc stands in no header. --route is for a playground that offers XROUTE: this one mail really leaves, directly to the mail hosts
of its domain, or to the host that is named.
Examples:
  fsmtp send --to you@example.org --subject Hello --text "It works"
  fsmtp send --to you@example.org --bcc me@example.org --raw mail.eml --wait
  fsmtp send --to you@example.net --text "Out it goes" --route 127.0.0.1:2626 --wait`

export const register = (program: Command): void => {
  program
    .command('send')
    .description('compose a message and submit it through the server; prints its id')
    .option(
      '--from <address>',
      "sender (default: the account of --user, else me@localhost); '<>' for the null sender",
    )
    .option('--to <address>', 'recipient; may be given again', gather)
    .option('--cc <address>', 'recipient of a copy; may be given again', gather)
    .option('--bcc <address>', 'recipient whom the others do not see; may be given again', gather)
    .option('--subject <text>', 'subject')
    .option('--text <text>', 'plain text')
    .option('--html <html>', 'HTML')
    .option('--attach <file>', 'attachment; may be given again', gather)
    .option('--header <line>', "another header line, like 'X-Team: a'; may be given again", gather)
    .option('--raw <file>', 'send this file as it is, without Bcc (- for standard input)')
    .option(
      '--via <server>',
      'HOST:PORT, smtp://… or smtps://… (default: the mx listener here; submission with --user)',
    )
    .option('--route <direct|host:port>', 'playground: how this mail leaves, instead of not at all')
    .option('--wait', 'follow it to its outcome; exit 1 unless every recipient has it')
    .option('--user <account>', 'log in first; the password is asked for, or read from standard input')
    .addHelpText('after', example)
    .action(async (_: unknown, command: Command) => send(command))
}

const send = async (command: Command): Promise<void> => {
  const options = command.optsWithGlobals<Options>()
  checkRoute(options.route)
  const mail = await compose(options)
  const { user, route } = options
  const login = user === undefined ? null : { user, password: await passwordOf(user) }
  const sent = await submit({ mail, login, route, ...(await findServer(options)) })
  const id = tell(sent, options)
  if (options.wait && id !== null && !(await reading(command, (opened) => followed(opened, id))))
    process.exitCode = 1
}

const passwordOf = async (user: string): Promise<string> => {
  const password = await askPassword(`password of ${user}`)
  if (password === '') throw new CommandFault('the password is empty')
  return password
}

const checkRoute = (route: string | undefined): void => {
  if (route !== undefined && parseRoute(route) === undefined)
    throw new CommandFault(`--route wants direct or HOST:PORT, not '${route}'`, 2)
}

type Refusal = { readonly address: string; readonly reply: string }

const replyText = (reply: RemoteReply | null): string => {
  if (reply === null) return 'no reply'
  // What the server was not asked is none of its words.
  return reply.own ? `not sent, ${reply.text}` : quoted(reply)
}

/** The message's id; null where nobody has it. @throws CommandFault then, with the server's words */
const tell = ({ outcomes, fault, uncertain }: Sent, { json }: Options): string | null => {
  const accepted = outcomes.filter(({ result }) => result === 'delivered')
  const refusals = outcomes
    .filter(({ result }) => result !== 'delivered')
    .map(({ address, reply }): Refusal => ({ address, reply: replyText(reply) }))
  const reply = accepted[0]?.reply ?? outcomes.at(-1)?.reply ?? fault?.reply ?? null
  const response = reply === null ? null : quoted(reply)
  const id = (accepted.length > 0 && /Accepted as (\S+)/.exec(response ?? '')?.[1]) || null
  const names = {
    accepted: accepted.map(({ address }) => address),
    rejected: refusals.map(({ address }) => address),
  }
  if (json) ndjson({ id, ...names, response, refusals })
  if (accepted.length === 0) {
    const isOurs = outcomes.every((outcome) => outcome.reply?.own)
    throw refused(refusals, { fault, uncertain, isOurs })
  }
  if (!json) {
    print(visible(`${id ?? '?'}  accepted for ${names.accepted.join(', ')}`))
    for (const refusal of refusals) print(refusalText(refusal))
  }
  if (refusals.length > 0 || fault !== null) process.exitCode = 1
  return id
}

const refusalText = ({ address, reply }: Refusal): string => visible(`refused for ${address}: ${reply}`)

const refused = (
  refusals: readonly Refusal[],
  { fault, uncertain, isOurs }: Pick<Sent, 'fault' | 'uncertain'> & { readonly isOurs: boolean },
): CommandFault => {
  const replies = new Set(refusals.map(({ reply }) => reply))
  const [only] = replies
  const words = replies.size > 1 ? refusals.map(refusalText).join('; ') : only
  const refusal = words === undefined ? [] : [isOurs ? words : `the server refused it: ${words}`]
  const broken = fault === null ? [] : [`${fault.text.replace(/\.$/, '')} (at ${fault.during})`]
  const maybe = uncertain ? ['it may have the mail all the same, see `fsmtp messages`'] : []
  return new CommandFault(visible([...refusal, ...broken, ...maybe].join('; ')))
}
