/** The server that `fsmtp send` gives its mail to: the one that is named, else the one of this configuration. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { loadConfig } from '../config/load.ts'
import { parseNextHop } from '../config/next-hop.ts'
import type { Config } from '../config/schema.ts'
import { connectControl } from '../control.ts'
import type { ConnectOptions } from '../delivery/port.ts'
import { CommandFault } from './fault.ts'
import type { GlobalOptions } from './open.ts'

export type Spot = {
  readonly host: string
  readonly port: number
  /** How TLS is spoken there; null where nothing is said. */
  readonly tls: ConnectOptions['tls'] | null
}
export type Found = {
  readonly server: Spot
  /** What it calls itself by this configuration; null where it was named by somebody. */
  readonly hostname: string | null
  /** The data directory that is here and on which no server runs: whoever answers is another one. */
  readonly unattended: string | null
}
export type Finding = GlobalOptions & { readonly via?: string; readonly user?: string }

/** @throws CommandFault where nothing is configured or named that could be asked */
export const findServer = async ({ via, config: file, data, user }: Finding): Promise<Found> => {
  if (via !== undefined) return { server: namedSpot(via, user), hostname: null, unattended: null }
  const { config } = loadConfig({ file, data })
  const service = user === undefined ? 'mx' : 'submission'
  const listener = config.listeners.find((candidate) => candidate.service === service)
  if (!listener)
    throw new CommandFault(`the configuration has no ${service} listener; name a server with --via`)
  const unattended = await whoIsMissing(config.data, { listener, isNamed: data !== undefined })
  return { server: reachable(listener), hostname: config.hostname, unattended }
}

type Meant = { readonly listener: Config['listeners'][number]; readonly isNamed: boolean }

/**
 * The data directory, where no server runs on it; null where one does, or nobody can know: data that are not here, unless they were named,
 * or that belong to somebody else may have a server all the same.
 * @throws CommandFault where that server takes mail at another port
 */
const whoIsMissing = async (data: string, { listener, isNamed }: Meant): Promise<string | null> => {
  const found = statSync(data, { throwIfNoEntry: false })
  if (found === undefined) return isNamed ? resolve(data) : null
  if (process.getuid !== undefined && found.uid !== process.getuid()) return null
  const control = await connectControl(data)
  if (control === null) return resolve(data)
  const { listeners = [] } = await control.status().finally(() => control.close())
  const own = listeners.filter(({ service }) => service === listener.service)
  const [other] = own
  // A port of 0 is any; a server that says nothing may be of a version of before.
  if (listener.port === 0 || other === undefined || own.some(({ port }) => port === listener.port))
    return null
  throw new CommandFault(
    `${listener.address}:${listener.port} is not the server of ${resolve(data)}, which takes mail at port ${other.port}: name its configuration with --config, or the server with --via; nothing was sent`,
  )
}

const form = 'HOST:PORT, smtp://HOST:PORT or smtps://HOST:PORT'

const namedSpot = (via: string, user: string | undefined): Spot => {
  if (via.includes('://')) return urlSpot(via, user)
  const [, host, digits] = /^(.+):(\d{1,5})$/.exec(via) ?? []
  const port = Number(digits)
  if (host === undefined || port < 1 || port > 65_535)
    throw new CommandFault(`--via wants ${form}, not '${via}'`, 2)
  // RFC 8314 §3.3
  return { host: host.replace(/^\[|\]$/g, ''), port, tls: port === 465 ? 'implicit' : null }
}

/** Where no port stands in it, the usual one: 465 for smtps, 587 where somebody logs in, else 25. */
const urlSpot = (via: string, user: string | undefined): Spot => {
  const parsed = parseNextHop(via)
  // There may be a password in it: it is not repeated.
  if ('wrong' in parsed || parsed.value.protocol !== 'smtp') throw new CommandFault(`--via wants ${form}`, 2)
  const { host, port, tls, login } = parsed.value
  if (login !== null)
    throw new CommandFault(
      '--via takes no user and password, which others could read; --user asks for the password',
      2,
    )
  return { host, port: port ?? (user === undefined ? 25 : 587), tls }
}

const reachable = ({ address, port }: Config['listeners'][number]): Spot => ({
  host: address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address,
  port,
  tls: null,
})
