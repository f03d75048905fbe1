/** What `fsmtp send` sends: MIME composed by nodemailer, of values that stay within their header lines; or a file as it is. */
import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import addressparser from 'nodemailer/lib/addressparser/index.js'
import MailComposer from 'nodemailer/lib/mail-composer/index.js'
import MimeNode from 'nodemailer/lib/mime-node/index.js'
import { withoutBcc } from '../submission/raw-mail.ts'
import { CommandFault } from './fault.ts'
import { remark } from './terminal.ts'

export type Composing = {
  readonly from?: string
  readonly user?: string
  readonly to?: readonly string[]
  readonly cc?: readonly string[]
  readonly bcc?: readonly string[]
  readonly subject?: string
  readonly text?: string
  readonly html?: string
  readonly attach?: readonly string[]
  readonly header?: readonly string[]
  readonly raw?: string
}

export type Mail = {
  /** '' for the null sender. */
  readonly sender: string
  /** Of To, Cc and Bcc, each once, domains in A-labels. */
  readonly recipients: readonly string[]
  readonly content: Buffer
}

/** A line break within a header line would let what follows it begin another. */
const breaks = /[\r\n\0]/

const checkLines = (options: Composing): void => {
  const { from, user, to = [], cc = [], bcc = [], subject, header = [], attach = [] } = options
  const values: readonly (readonly [string, string | undefined])[] = [
    ...([from, user].map((value, at) => [at === 0 ? '--from' : '--user', value]) as [string, string][]),
    ...to.map((value) => ['--to', value] as const),
    ...cc.map((value) => ['--cc', value] as const),
    ...bcc.map((value) => ['--bcc', value] as const),
    ['--subject', subject],
    ...header.map((value) => ['--header', value] as const),
    ...attach.map((file) => ['--attach', basename(file)] as const),
  ]
  const [option] = values.find(([, value]) => value !== undefined && breaks.test(value)) ?? []
  if (option !== undefined)
    throw new CommandFault(
      `${option} holds a line break: what follows it would be another header line; nothing was sent`,
      2,
    )
}

const checkAddresses = (option: string, values: readonly string[] = []): void => {
  for (const value of values) {
    const found = addressparser(value, { flatten: true })
    if (found.length === 0 || found.some(({ address }) => address === ''))
      throw new CommandFault(`${option} has no address in '${value}'; write it like name@example.org`, 2)
  }
}

/** An empty text is more often a variable that was not set than a wish for the null sender. */
const checkSender = ({ from }: Composing): void => {
  if (from === undefined) return
  if (from.trim() === '')
    throw new CommandFault("--from is empty; give an address, or '<>' for the null sender", 2)
  if (!isNull(from)) checkAddresses('--from', [from])
}

/** What keeps a file from being read; null for nothing. */
const unreadable = (file: string): string | null => {
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined) return `${file} does not exist`
  if (found.isDirectory()) return `${file} is a directory, not a file`
  try {
    accessSync(file, constants.R_OK)
    return null
  } catch (error) {
    return `${file} cannot be read (${error instanceof Error && 'code' in error ? error.code : error})`
  }
}

const checkFiles = ({ attach = [], raw }: Composing): void => {
  const files = raw === undefined || raw === '-' ? attach : [...attach, raw]
  for (const file of files) {
    const wrong = unreadable(file)
    if (wrong !== null) throw new CommandFault(`${wrong}; nothing was sent`)
  }
}

// RFC 5322 §2.2
const fieldName = /^[!-9;-~]+$/

const headerOf = (line: string): { readonly key: string; readonly value: string } => {
  const colon = line.indexOf(':')
  const key = line.slice(0, Math.max(colon, 0)).trim()
  if (!fieldName.test(key)) throw new CommandFault(`--header wants 'Name: value', not '${line}'`, 2)
  if (/^(?:resent-)?bcc$/i.test(key))
    throw new CommandFault(`${key} has no place in a header that others read; give --bcc ADDRESS`, 2)
  return { key, value: line.slice(colon + 1).trim() }
}

const senderOf = ({ from, user }: Composing): string => from ?? user ?? 'me@localhost'
const isNull = (sender: string): boolean => /^<?\s*>?$/.test(sender)

const envelopeOf = (options: Composing): Omit<Mail, 'content'> => {
  const { to = [], cc = [], bcc = [] } = options
  const sender = senderOf(options)
  const { from, to: recipients } = new MimeNode()
    .setEnvelope({ from: isNull(sender) ? '' : sender, to: [...to, ...cc, ...bcc] })
    .getEnvelope()
  return { sender: from === false ? '' : from, recipients: [...new Set(recipients)] }
}

/** MIME, attachments and all (RFC 2045, RFC 2046). Bcc is no part of it: those are in the envelope alone. */
const composerOf = (options: Composing): MailComposer => {
  const { to, cc, subject, text, html, header = [], attach = [] } = options
  const sender = senderOf(options)
  return new MailComposer({
    from: isNull(sender) ? undefined : sender,
    to: to && [...to],
    cc: cc && [...cc],
    subject,
    text: text ?? (html === undefined ? '' : undefined),
    html,
    headers: header.map(headerOf),
    attachments: attach.map((path) => ({ path, filename: basename(path) })),
    disableUrlAccess: true,
  })
}

/** @throws CommandFault for what cannot be sent, before anything is */
export const compose = async (options: Composing): Promise<Mail> => {
  const { to, cc, bcc, raw } = options
  if (!to && !cc && !bcc) throw new CommandFault('say who gets it: --to ADDRESS', 2)
  checkLines(options)
  checkSender(options)
  checkAddresses('--to', to)
  checkAddresses('--cc', cc)
  checkAddresses('--bcc', bcc)
  checkFiles(options)
  return { ...envelopeOf(options), content: await contentOf(options, raw) }
}

const contentOf = async (options: Composing, raw: string | undefined): Promise<Buffer> => {
  try {
    return raw === undefined
      ? await composerOf(options).compile().build()
      : rawContent(readFileSync(raw === '-' ? 0 : raw))
  } catch (error) {
    if (error instanceof CommandFault || !(error instanceof Error)) throw error
    throw new CommandFault(error.message)
  }
}

const rawContent = (given: Buffer): Buffer => {
  const { content, removed } = withoutBcc(given)
  if (removed.length > 0)
    remark(
      `${removed.join(' and ')} is not sent: others would read it; the mail goes to those that --to, --cc and --bcc name`,
    )
  return content
}
