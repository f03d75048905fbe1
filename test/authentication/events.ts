/** Events and configurations for tests of accounts and domains, and a log that is an array. */
import type { FactName, Facts } from '../../machines/vocabulary/events.ts'
import { Directory, type DirectoryConfig } from '../../src/authentication/directory.ts'
import { type Append, type StoredEvent, WrongRevision } from '../../src/log/port.ts'

export type Told = { [Name in FactName]: readonly [stream: string, type: Name, data: Facts[Name]] }[FactName]

export const added = (account: string, addresses: readonly string[] = [account], password = 'x'): Told => [
  `account-${account}`,
  'AccountAdded',
  { account, password, addresses },
]
export const removed = (account: string): Told => [`account-${account}`, 'AccountRemoved', { account }]
export const domain = (name: string, catchAll: string | null = null): Told => [
  `domain-${name}`,
  'DomainAdded',
  { domain: name, catchAll },
]

export const configured = (config: Partial<DirectoryConfig> = {}): DirectoryConfig => ({
  hostname: 'mx.example.org',
  playground: false,
  domains: [{ name: 'example.org', dkim: [] }],
  listeners: [{ service: 'mx', address: '192.0.2.1', port: 25 }],
  ...config,
})

/** Appends to an array, and tells a directory at once. */
export class Book {
  readonly events: StoredEvent[] = []
  readonly directory: Directory

  constructor(config: DirectoryConfig, told: readonly Told[] = []) {
    this.directory = new Directory(config)
    for (const one of told) this.tell(one)
  }

  tell([stream, type, data]: Told): void {
    this.#write(stream, type, { ...data })
  }

  async append(appends: readonly Append[]): Promise<{ readonly position: number }> {
    for (const { stream, expected, events } of appends) {
      const actual = this.directory.revision(stream)
      if (actual !== expected) throw new WrongRevision(stream, expected, actual)
      for (const { kind, data } of events) this.#write(stream, kind.type, { ...data })
    }
    return { position: this.events.length }
  }

  #write(stream: string, type: string, data: Record<string, unknown>): void {
    const position = this.events.length + 1
    const revision = this.directory.revision(stream) + 1
    const event = {
      position,
      id: String(position),
      stream,
      revision,
      type,
      version: 1,
      at: position,
      data,
      meta: {},
    }
    this.events.push(event)
    this.directory.apply(event)
  }
}
