/**
 * One client at a time, and another in its place when it fails. Each is proved by a read right after connecting: one whose
 * first read meets a server that is down never reads again.
 */
import { KurrentDBClient } from '@kurrent/kurrentdb-client'
import { LogUnavailable } from '../port.ts'
import {
  type Address,
  connectionString,
  type Endpoint,
  namedHosts,
  type ReadCredentials,
  readCredentialsOf,
} from './address.ts'
import { isRefusal, leaderOf, textOf, within } from './faults.ts'
import { dispose, serverVersion } from './wire.ts'

export type Connection = {
  readonly client: KurrentDBClient
  readonly version: Version
  /** Aborts when this client is given up: what it has open then ends without a word. */
  readonly gone: AbortSignal
  /** To be given to each read. */
  readonly asUser: ReadCredentials
  readonly address: Address
}
export type Version = readonly [major: number, minor: number]

const oldest: Version = [22, 10]
let turns = 0

/** The server answers, and a new connection will not change what it says. */
export class Refused extends LogUnavailable {}

export class Link {
  readonly #address: Address
  readonly #limit: number
  #current: Connection | null = null
  #abandoning = new AbortController()
  #connecting: Promise<Connection> | null = null
  #leader: Endpoint | null = null
  #closed = false

  /** `limit`: how long a connection may take, in milliseconds. */
  constructor(address: Address, limit: number) {
    this.#address = address
    this.#limit = limit
  }

  get isClosed(): boolean {
    return this.#closed
  }

  get hosts(): string {
    return namedHosts(this.#address)
  }

  /** The client that works, or a new one. @throws LogUnavailable */
  async connection(): Promise<Connection> {
    if (this.#closed) throw new LogUnavailable('the log is closed')
    if (this.#current !== null) return this.#current
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = null
    })
    return this.#connecting
  }

  /** This client failed with this error: the next who wants one gets another. */
  failed({ client }: Connection, error: unknown): void {
    if (this.#current?.client !== client) return
    this.#leader = leaderOf(error)
    this.#abandon()
  }

  close(): void {
    this.#closed = true
    this.#abandon()
  }

  #abandon(): void {
    if (this.#current !== null) dispose(this.#current.client)
    this.#current = null
    this.#abandoning.abort()
  }

  async #connect(): Promise<Connection> {
    const at = this.#leader
    const client = KurrentDBClient.connectionString(connectionString(this.#address, turns++, at))
    try {
      const asUser = readCredentialsOf(this.#address)
      const version = await within(prove(client, asUser), this.#limit, 'connecting')
      if (this.#closed) throw new LogUnavailable('the log is closed')
      this.#abandoning = new AbortController()
      const address = this.#address
      this.#current = { client, version, asUser, address, gone: this.#abandoning.signal }
      return this.#current
    } catch (error) {
      dispose(client)
      // Where the leader is gone, the others know the next one.
      this.#leader = at === null ? leaderOf(error) : null
      throw this.#described(error)
    }
  }

  #described(error: unknown): LogUnavailable {
    if (error instanceof LogUnavailable) return error
    if (isRefusal(error))
      return new Refused(`the database at ${this.hosts} does not let us in: ${textOf(error)}`, {
        cause: error,
      })
    return new LogUnavailable(`the database at ${this.hosts} does not answer: ${textOf(error)}`, {
      cause: error,
    })
  }
}

/** @throws Refused for a server that is too old */
const prove = async (client: KurrentDBClient, asUser: ReadCredentials): Promise<Version> => {
  const text = await serverVersion(client)
  const version = readVersion(text)
  if (version === null || isOlder(version, oldest))
    throw new Refused(
      `the database is of version ${text}; EventStoreDB ${oldest.join('.')} or later, or KurrentDB, is needed`,
    )
  for await (const _ of client.readAll({
    direction: 'backwards',
    fromPosition: 'end',
    maxCount: 1,
    ...asUser,
  }))
    break
  return version
}

const readVersion = (text: string): Version | null => {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(text) ?? []
  return major === undefined ? null : [Number(major), Number(minor)]
}

export const isOlder = ([major, minor]: Version, than: Version): boolean =>
  major < than[0] || (major === than[0] && minor < than[1])
