/** Gives a mail to a server as any client would, over our own wire: each recipient's answer is known, and QUIT is said. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { asciiDomain } from '../authentication/spelling.ts'
import { type ConnectOptions, HostFailed, type Sent, type Wire } from '../delivery/port.ts'
import { connectWith } from '../delivery/wire/index.ts'
import { isLoopback } from '../delivery/wire/tcp.ts'
import type { Mail } from './composing.ts'
import { CommandFault } from './fault.ts'
import type { Found } from './finding-server.ts'
import { visible } from './terminal.ts'

export type Submission = Found & {
  readonly mail: Mail
  readonly login: { readonly user: string; readonly password: string } | null
  /** For deliveries of a playground: `direct`, or a host and port. */
  readonly route: string | undefined
}

/** As nodemailer and others name themselves: the machine, or an address literal (RFC 5321 §4.1.4). */
const ownName = (): string =>
  hostname().includes('.') && isIP(hostname()) === 0 ? hostname() : '[127.0.0.1]'

const addressesOf = async (host: string): Promise<readonly string[]> => {
  if (isIP(host) !== 0) return [host]
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new CommandFault(`${host} was not found (${code})`)
  }
}

/** A password goes to a host that proved its name; to this machine, and without one, TLS is taken as it comes. */
const tlsFor = (address: string, { server, login, hostname }: Submission): ConnectOptions['tls'] => {
  if (server.tls !== null) return server.tls
  const isFar = !isLoopback({ name: '', address, port: server.port })
  return isFar && hostname === null && login !== null ? 'required' : 'opportunistic'
}

/** One command after the other: where a server hangs up, it is known what it did not answer. */
const connect = connectWith({ pipelining: false })

/** Another server may have the port: neither mail for this one nor a password is given to it. */
const wrongServer = (greeting: string, { hostname, unattended, server }: Submission): CommandFault | null => {
  const [name = ''] = greeting.split(' ')
  const spot = `${server.host}:${server.port}`
  const other = `name the other with --via ${spot}; nothing was sent`
  if (hostname !== null && asciiDomain(name) !== asciiDomain(hostname))
    return new CommandFault(
      visible(
        `${spot} is not the server of this configuration: it calls itself ${name || 'nothing'}, not ${hostname}; start the right one, or ${other}`,
      ),
    )
  if (unattended === null) return null
  return new CommandFault(
    visible(
      `${spot} is not the server of ${unattended}, on which none runs, but another one that calls itself ${name}, too; start yours with \`fsmtp serve\`, or ${other}`,
    ),
  )
}

const reach = async (address: string, submission: Submission): Promise<Wire> => {
  const { server, login } = submission
  const control = new AbortController()
  let wrong: CommandFault | null = null
  try {
    return await connect({
      host: { name: server.host, address, port: server.port },
      protocol: 'smtp',
      tls: tlsFor(address, submission),
      hostname: ownName(),
      login,
      signal: control.signal,
      said: () => {},
      // Before anything is asked of it.
      connected: ({ greeting }) => {
        wrong = wrongServer(greeting, submission)
        if (wrong !== null) control.abort()
      },
      secured: () => {},
    })
  } catch (error) {
    throw wrong ?? error
  }
}

const isUnreached = ({ fault }: HostFailed): boolean =>
  ['connection-refused', 'connection-timeout', 'host-unreachable'].includes(fault.kind)

const explained = ({ fault }: HostFailed): CommandFault => {
  const { kind, text, reply, during } = fault
  if (kind === 'connection-refused')
    return new CommandFault(`${text}; is the server running? \`fsmtp serve\` starts it`)
  if (kind === 'tls-failed' && reply === null)
    return new CommandFault(`${text}; NODE_EXTRA_CA_CERTS=FILE names a certificate to trust`)
  if (reply !== null) return new CommandFault(`the server refused it: ${text}`)
  return new CommandFault(`${during}: ${text}`)
}

/** To the first of its addresses that answers. */
const connected = async (submission: Submission): Promise<Wire> => {
  let last: HostFailed | null = null
  for (const address of await addressesOf(submission.server.host)) {
    try {
      return await reach(address, submission)
    } catch (error) {
      if (!(error instanceof HostFailed)) throw error
      last = error
      if (!isUnreached(error)) break
    }
  }
  throw last === null ? new CommandFault(`${submission.server.host} has no address`) : explained(last)
}

async function* once(content: Buffer): AsyncIterable<Uint8Array> {
  if (content.length > 0) yield content
}

/** @throws CommandFault where there is no server, or none that does what is asked */
export const submit = async (submission: Submission): Promise<Sent> => {
  const { mail, route, server } = submission
  const wire = await connected(submission)
  try {
    if (route !== undefined && !wire.extensions.includes('XROUTE'))
      throw new CommandFault(
        `${server.host}:${server.port} takes no --route: its answer to EHLO has no XROUTE, which playgrounds offer; nothing was sent`,
      )
    const envelope = {
      sender: mail.sender,
      recipients: mail.recipients.map((address) => ({ address })),
      size: mail.content.length,
      ...(mail.content.some((octet) => octet > 127) && { body: '8BITMIME' as const }),
      ...(route !== undefined && { route }),
    }
    const options = { signal: new AbortController().signal, said: () => {} }
    return await wire.send(envelope, once(mail.content), options)
  } finally {
    await wire.quit()
  }
}
