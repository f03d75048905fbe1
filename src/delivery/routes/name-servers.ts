/** Name servers in turn: Node passes over a silent one by itself, but takes a failure for the answer. */
import { Resolver } from 'node:dns/promises'
import type { Config } from '../../config/schema.ts'

export type RecordType = 'MX' | 'A' | 'AAAA' | 'TXT' | 'PTR'
export type DnsSettings = Config['dns']

/** Where one server says these, another may know better. */
const serverFaults: ReadonlySet<string> = new Set([
  'ESERVFAIL',
  'EREFUSED',
  'ENOTIMP',
  'EFORMERR',
  'EBADRESP',
])

/** The code of Node's error. A name that cannot be one is as good as one that does not exist. */
export const dnsCode = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  return code === 'EBADNAME' ? 'ENOTFOUND' : code
}

const query = (resolver: Resolver, name: string, type: RecordType): Promise<readonly unknown[]> => {
  if (type === 'MX') return resolver.resolveMx(name)
  if (type === 'TXT') return resolver.resolveTxt(name)
  if (type === 'PTR') return resolver.resolvePtr(name)
  return type === 'A' ? resolver.resolve4(name) : resolver.resolve6(name)
}

export class NameServers {
  readonly #timeout: number
  /** Those of the configuration, else the system's. */
  readonly #servers: readonly string[]
  /** By the server that each asks first. */
  readonly #resolvers: Resolver[]

  /** `timeout` in milliseconds, for the whole of a question. */
  constructor({ servers, timeout }: DnsSettings) {
    this.#timeout = timeout
    const first = this.#open(servers)
    this.#servers = first.getServers()
    this.#resolvers = [first]
  }

  /** The records; a failure carries one of Node's codes, see `dnsCode`. */
  ask(name: string, type: RecordType): Promise<readonly unknown[]> {
    return this.#ask(name, type, 0)
  }

  /** Ends what is being asked. */
  cancel(): void {
    for (const resolver of this.#resolvers) resolver.cancel()
  }

  async #ask(name: string, type: RecordType, turn: number): Promise<readonly unknown[]> {
    try {
      return await query(this.#beginningWith(turn), name, type)
    } catch (error) {
      if (turn + 1 >= this.#servers.length || !serverFaults.has(dnsCode(error))) throw error
      return this.#ask(name, type, turn + 1)
    }
  }

  #beginningWith(turn: number): Resolver {
    const resolver =
      this.#resolvers[turn] ?? this.#open([...this.#servers.slice(turn), ...this.#servers.slice(0, turn)])
    this.#resolvers[turn] = resolver
    return resolver
  }

  /** A server that is silent leaves time for the next one, or for a second try. */
  #open(servers: readonly string[]): Resolver {
    const resolver = new Resolver({ timeout: Math.ceil(this.#timeout / 3), tries: 2 })
    if (servers.length > 0) resolver.setServers(servers)
    return resolver
  }
}
