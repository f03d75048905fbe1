/** `fsmtp send`: composes a message and submits it through the server, like any other client. */
import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Command } from 'commander'
import { createTransport } from 'nodemailer'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { CommandFault } from './fault.ts'
import { reading } from './open.ts'
import { askPassword } from './password.ts'
import { followed } from './waiting.ts'

type Options = {
  readonly config?: string
  readonly data?: string
  readonly json?: boolean
  readonly from?: string
  readonly wait?: boolean
  readonly to?: readonly string[]
  readonly subject?: string
  readonly text?: string
  readonly html?: string
  readonly attach?: readonly string[]
  readonly header?: readonly string[]
  readonly raw?: string
  readonly via?: string
  readonly user?: string
}

const gather = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

export const register = (program: Command): void => {
  program
    .command('send')
    .description('compose a message and submit it through the server; prints its id')
    .option('--from <address>', 'sender (default: the account of --user, else me@localhost)')
    .option('--to <address>', 'recipient; may be given again', gather)
    .option('--subject <text>', 'subject')
    .option('--text <text>', 'plain text')
    .option('--html <html>', 'HTML')
    .option('--attach <file>', 'attachment; may be given again', gather)
    .option('--header <line>', "another header line, like 'X-Team: a'; may be given again", gather)
    .option('--raw <file>', 'send this file as it is (- for standard input)')
    .option('--via <host:port>', 'server to use (default: the mx listener here; submission with --user)')
    .option('--wait', 'follow it to its outcome; exit 1 unless every recipient has it')
    .option('--user <account>', 'log in first; the password is asked for, or read from standard input')
    .addHelpText('after', '\nExample: fsmtp send --to you@example.org --subject Hello --text "It works"')
    .action(async (_: unknown, command: Command) => send(command))
}

const send = async (command: Command): Promise<void> => {
  const options = command.optsWithGlobals<Options>()
  if (!options.to) throw new CommandFault('say who gets it: --to ADDRESS', 2)
  const unreadable = [
    ...(options.attach ?? []),
    ...(options.raw && options.raw !== '-' ? [options.raw] : []),
  ].find((file) => !existsSync(file))
  if (unreadable !== undefined) throw new CommandFault(`${unreadable} does not exist`)
  const transport = createTransport({
    ...serverFor(options),
    tls: { rejectUnauthorized: false },
    ...(options.user && { auth: { user: options.user, pass: await passwordOf(options.user) } }),
  })
  const sent = await transport.sendMail(mailOf(options)).catch(refused)
  const id = /Accepted as (\S+)/.exec(sent.response)?.[1] ?? null
  const { accepted, rejected, response } = sent
  if (options.json) print(JSON.stringify({ id, accepted, rejected, response }))
  else
    print(
      [
        `${id ?? '?'}  accepted for ${accepted.join(', ')}`,
        ...rejected.map((to) => `refused for ${to}`),
      ].join('\n'),
    )
  if (rejected.length > 0) process.exitCode = 1
  if (options.wait && id !== null && !(await reading(command, (opened) => followed(opened, id))))
    process.exitCode = 1
}

const passwordOf = async (user: string): Promise<string> => {
  const password = await askPassword(`password of ${user}`)
  if (password === '') throw new CommandFault('the password is empty')
  return password
}

const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

const refused = (error: Error & { readonly code?: string; readonly response?: string }): never => {
  if (error.message.includes('ECONNREFUSED'))
    throw new CommandFault(`${error.message}; is the server running? \`fsmtp serve\` starts it`)
  throw new CommandFault(error.response ? `the server refused it: ${error.response}` : error.message)
}

const serverFor = ({
  via,
  config: file,
  data,
  user,
}: Options): { host: string; port: number; secure: boolean } => {
  if (via !== undefined) return { ...spotOf(via), secure: false }
  const { config } = loadConfig({ file, data })
  const service = user === undefined ? 'mx' : 'submission'
  const listener = config.listeners.find((candidate) => candidate.service === service)
  if (!listener)
    throw new CommandFault(`the configuration has no ${service} listener; name a server with --via`)
  return { ...reachable(listener), secure: false }
}

const spotOf = (via: string): { host: string; port: number } => {
  const match = /^(.+):(\d{1,5})$/.exec(via)
  if (!match) throw new CommandFault(`--via wants HOST:PORT, not '${via}'`, 2)
  return { host: match[1]!.replace(/^\[|\]$/g, ''), port: Number(match[2]) }
}

const reachable = ({ address, port }: Config['listeners'][number]): { host: string; port: number } => ({
  host: address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address,
  port,
})

const mailOf = (options: Options) => {
  const from = options.from ?? options.user ?? 'me@localhost'
  const to = [...(options.to ?? [])]
  const envelope = { from, to }
  if (options.raw !== undefined) return { envelope, raw: readFileSync(options.raw === '-' ? 0 : options.raw) }
  return {
    envelope,
    from,
    to,
    subject: options.subject,
    text: options.text ?? (options.html === undefined ? '' : undefined),
    html: options.html,
    headers: Object.fromEntries((options.header ?? []).map(headerOf)),
    attachments: (options.attach ?? []).map((path) => ({ path, filename: basename(path) })),
  }
}

const headerOf = (line: string): [string, string] => {
  const colon = line.indexOf(':')
  if (colon < 1) throw new CommandFault(`--header wants 'Name: value', not '${line}'`, 2)
  return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
}
