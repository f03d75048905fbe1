/**
 * The address of a database, read by us before the client reads it: the client prints the whole address, password and all,
 * where it does not know an option.
 *
 *     kurrentdb://user:password@one:2113,two:2113?tls=false&streamPrefix=mail_
 */

import type { Pulse } from './options.ts'

/** The address cannot be used; the message never repeats the password. */
export class KurrentAddressFault extends Error {
  override readonly name = 'KurrentAddressFault'
}

export type Endpoint = { readonly host: string; readonly port: number }

export type Address = {
  /** Asks the host's name for the members of the cluster. */
  readonly discover: boolean
  /** As it stood there, percent-encoded: `user:password`. */
  readonly credentials: string | null
  readonly endpoints: readonly Endpoint[]
  /** Options for the client. */
  readonly options: ReadonlyMap<string, string>
  /** Stands before the names of all our streams, so that several logs can share a database. */
  readonly streamPrefix: string
}

const schemes = new Set(['kurrentdb', 'kurrent', 'kdb', 'esdb'])
const shape =
  /^(?<scheme>[a-z]+)(?<discover>\+discover)?:\/\/(?:(?<credentials>[^/?#]*)@)?(?<hosts>[^/?#@]+)\/?(?:\?(?<query>.*))?$/
const defaultPort = 2113

export const isKurrentAddress = (text: string): boolean => {
  const scheme = /^([a-z]+)(?:\+discover)?:\/\//.exec(text)?.[1]
  return scheme !== undefined && schemes.has(scheme)
}

/** What the client takes, in its own spelling; case does not matter, nor do dashes. */
const known = new Map(
  [
    'tls',
    'tlsVerifyCert',
    'tlsCAFile',
    'userCertFile',
    'userKeyFile',
    'nodePreference',
    'maxDiscoverAttempts',
    'discoveryInterval',
    'gossipTimeout',
    'keepAliveInterval',
    'keepAliveTimeout',
    'connectionName',
    'streamPrefix',
  ].map((name) => [flat(name), name]),
)
function flat(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '')
}

const booleans = new Set(['tls', 'tlsVerifyCert'])
const numbers = new Set([
  'maxDiscoverAttempts',
  'discoveryInterval',
  'gossipTimeout',
  'keepAliveInterval',
  'keepAliveTimeout',
])

/** @throws KurrentAddressFault */
export const readAddress = (text: string): Address => {
  const found = shape.exec(text.trim())?.groups
  if (found?.hosts === undefined || !schemes.has(found.scheme ?? ''))
    throw new KurrentAddressFault(
      'the address of the database must look like kurrentdb://user:password@host:2113?tls=true; in a name or password, characters like @ / ? # : are written as %40 %2F %3F %23 %3A',
    )
  const options = readOptions(found.query ?? '')
  const streamPrefix = options.get('streamPrefix') ?? ''
  options.delete('streamPrefix')
  if (!/^(?:[a-z][a-z0-9_]*)?$/.test(streamPrefix))
    throw new KurrentAddressFault(
      'streamPrefix takes lower-case letters, digits and _, and begins with a letter',
    )
  return {
    discover: found.discover !== undefined,
    credentials: readCredentials(found.credentials),
    endpoints: found.hosts.split(',').map(readEndpoint),
    options,
    streamPrefix,
  }
}

const readCredentials = (text: string | undefined): string | null => {
  if (text === undefined || text === '') return null
  const [user, password, ...more] = text.split(':')
  if (!user || !password || more.length > 0)
    throw new KurrentAddressFault(
      'before the @ there must be user:password; a : within either is written as %3A',
    )
  for (const part of [user, password]) decoded(part, 'the user or the password')
  return text
}

const decoded = (text: string, what: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new KurrentAddressFault(`${what} has a % that is not followed by two digits; a % is written as %25`)
  }
}

const readEndpoint = (text: string): Endpoint => {
  const [host, port = String(defaultPort), ...more] = text.split(':')
  if (!host || more.length > 0 || !/^\d{1,5}$/.test(port) || Number(port) > 65_535 || Number(port) === 0)
    throw new KurrentAddressFault(`"${text}" is not a host, or host:port`)
  return { host, port: Number(port) }
}

const readOptions = (query: string): Map<string, string> => {
  const options = new Map<string, string>()
  for (const pair of query.split('&').filter((one) => one !== '')) {
    const [given = '', value = ''] = pair.split('=')
    const name = known.get(flat(given))
    if (name === undefined)
      throw new KurrentAddressFault(
        `the database's address has no option ${given}; there are ${[...known.values()].join(', ')}`,
      )
    options.set(name, checkedValue(name, decoded(value, `the option ${name}`)))
  }
  return options
}

const checkedValue = (name: string, value: string): string => {
  if (booleans.has(name) && value !== 'true' && value !== 'false')
    throw new KurrentAddressFault(`${name} is true or false`)
  if (numbers.has(name) && !/^-?\d+$/.test(value)) throw new KurrentAddressFault(`${name} is a whole number`)
  if (value === '') throw new KurrentAddressFault(`the option ${name} has no value`)
  return value
}

/** `one:2113, two:2113`: what may be shown to people. */
export const namedHosts = ({ endpoints }: Pick<Address, 'endpoints'>): string =>
  endpoints.map(({ host, port }) => `${host}:${port}`).join(', ')

/**
 * User and password for each read: the half of the client that reads takes those of the address as they stand there, without
 * decoding them. Nothing where there is no TLS: the other half sends none then, either.
 */
export const readCredentialsOf = ({ credentials, options }: Address): ReadCredentials => {
  if (credentials === null || options.get('tls') === 'false') return {}
  const [username = '', password = ''] = credentials.split(':').map(decodeURIComponent)
  return { credentials: { username, password } }
}
export type ReadCredentials = { readonly credentials?: { username: string; password: string } }

/** As the client has it, for the connection we make ourselves. */
export const pulseOf = ({ options }: Pick<Address, 'options'>): Pulse => ({
  every: Number(options.get('keepAliveInterval') ?? usualKeepAlive),
  within: Math.max(0, Number(options.get('keepAliveTimeout') ?? usualKeepAlive)),
})

/** Short, since what fails is tried again by us; the half of the client that reads waits one interval before its first read. */
const defaults = [
  ['maxDiscoverAttempts', '5'],
  ['discoveryInterval', '20'],
] as const
const usualKeepAlive = 10_000

/**
 * The address as the client wants it. `at`: one node instead of those that stand there, once the leader is known. `turn`: a
 * number of its own for each client. Clients that say the same share a connection beneath, and with it the growing pauses
 * after failures, up to two minutes of them; so each waits a millisecond more for the answer to a ping than the one before.
 */
export const connectionString = (address: Address, turn: number, at: Endpoint | null = null): string => {
  const { discover, credentials, endpoints, options } = address
  const scheme = discover && at === null ? 'kurrentdb+discover' : 'kurrentdb'
  const hosts = (at === null ? endpoints : [at]).map(({ host, port }) => `${host}:${port}`).join(',')
  const keepAlive = Number(options.get('keepAliveTimeout') ?? usualKeepAlive)
  const all = new Map<string, string>([...defaults, ...options])
  if (keepAlive >= 0) all.set('keepAliveTimeout', String(keepAlive + (turn % 1000)))
  const query = [...all].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')
  return `${scheme}://${credentials === null ? '' : `${credentials}@`}${hosts}?${query}`
}
