/** The beginning of every dialogue: their greeting, our EHLO, HELO or LHLO, and what they can do. */
import { type Heard, remembered } from './awaited.ts'
import type { Dialogue } from './dialogue.ts'
import { quoted } from './faults.ts'
import type { Patience } from './patience.ts'

/** Keywords in upper case, with what stands behind them. */
export type Extensions = ReadonlyMap<string, string>

export const isYes = ({ code }: { readonly code: number }): boolean => code >= 200 && code < 300
export const isNo = ({ code }: { readonly code: number }): boolean => code >= 400

/** What the host said when we connected. @throws HostFailed */
export const greeting = async (dialogue: Dialogue, { greeting: within }: Patience): Promise<string> => {
  const heard = await dialogue.expect('connect', within)
  if (isYes(heard)) return heard.text
  const reply = remembered(heard)
  // RFC 5321 §3.1: 554 is said of the connection, not of a mail; another host of the route may take it, or this one later.
  const temporary = heard.code < 500 || heard.code === 554
  throw dialogue.fail({
    kind: isNo(heard) ? 'greeting-refused' : 'protocol',
    during: 'connect',
    text: quoted(reply),
    reply,
    temporary: temporary || !isNo(heard),
  })
}

// RFC 5321 §4.1.1.1
const extensionLine = /^([a-z0-9][a-z0-9-]*)(?:[ =]+(.*))?$/i

const extensionsOf = ({ lines }: Heard): Extensions => {
  const extensions = new Map<string, string>()
  for (const line of lines.slice(1)) {
    const [, keyword, parameters = ''] = extensionLine.exec(line) ?? []
    if (keyword === undefined) continue
    const before = extensions.get(keyword.toUpperCase())
    // `AUTH=LOGIN` beside `AUTH PLAIN`, as old clients want it: both hold.
    extensions.set(
      keyword.toUpperCase(),
      before === undefined ? parameters.trim() : `${before} ${parameters.trim()}`,
    )
  }
  return extensions
}

export type Introduction = {
  readonly protocol: 'smtp' | 'lmtp'
  readonly hostname: string
  readonly patience: Patience
}

/** @throws HostFailed */
export const introduce = async (
  dialogue: Dialogue,
  { protocol, hostname, patience }: Introduction,
): Promise<Extensions> => {
  const options = { command: 'EHLO', within: patience.hello }
  // RFC 2033 §4.1
  const verb = protocol === 'lmtp' ? 'LHLO' : 'EHLO'
  const heard = await dialogue.ask(`${verb} ${hostname}`, options)
  if (isYes(heard)) return extensionsOf(heard)
  // RFC 5321 §3.2: hosts that know no EHLO.
  const isOld = protocol === 'smtp' && heard.code >= 500
  const again = isOld ? await dialogue.ask(`HELO ${hostname}`, options) : heard
  if (isYes(again)) return new Map()
  throw refused(dialogue, again)
}

const refused = (dialogue: Dialogue, heard: Heard): Error => {
  const reply = remembered(heard)
  return dialogue.fail({
    kind: isNo(heard) ? 'hello-refused' : 'protocol',
    during: 'EHLO',
    text: quoted(reply),
    reply,
    // What the host cannot parse is a matter of set-up on one side, and no reason to return anybody's mail.
    temporary: heard.code < 550,
  })
}

/** STARTTLS, up to the handshake. @throws HostFailed `tls-failed`, `tls-not-offered`, `tls-injection`, ... */
export const askForTls = async (
  dialogue: Dialogue,
  extensions: Extensions,
  { startTls: within }: Patience,
): Promise<void> => {
  if (!extensions.has('STARTTLS')) throw dialogue.fail({ kind: 'tls-not-offered', during: 'EHLO' })
  const heard = await dialogue.ask('STARTTLS', { command: 'STARTTLS', within })
  if (heard.code === 220) return
  const reply = remembered(heard)
  const text = `the host offers STARTTLS and refuses it: ${quoted(reply)}`
  throw dialogue.fail({ kind: 'tls-failed', during: 'STARTTLS', text, reply })
}
