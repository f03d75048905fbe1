/** Which name servers are asked, and in which order. */
import { Resolver } from 'node:dns'
import { isIPv6 } from 'node:net'

export type NameServer = { readonly address: string; readonly port: number; readonly family: 4 | 6 }

const written = /^(?:\[([^\]]+)\](?::(\d{1,5}))?|([^:]+):(\d{1,5})|(.+))$/

/** `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:5353`: as the configuration has them, and Node. */
export const nameServer = (text: string): NameServer => {
  const [, v6, v6Port, v4, v4Port, bare] = written.exec(text) ?? []
  const address = v6 ?? v4 ?? bare ?? ''
  return { address, port: Number(v6Port ?? v4Port ?? 53), family: isIPv6(address) ? 6 : 4 }
}

/** The system's file is read again after this, since networks change; milliseconds. */
const freshFor = 30_000
/** A server that was silent is asked after the others for this long; milliseconds. */
const remembered = 30_000

export class NameServers {
  readonly #configured: readonly NameServer[]
  readonly #now: () => number
  #system: { readonly servers: readonly NameServer[]; readonly until: number } | null = null
  readonly #silentUntil = new Map<string, number>()

  /** `configured`: none means those of the system. `now` in milliseconds. */
  constructor(configured: readonly string[], now: () => number) {
    this.#configured = configured.map(nameServer)
    this.#now = now
  }

  /** In their order, those that were silent last. */
  inOrder(): readonly NameServer[] {
    const all = this.#configured.length > 0 ? this.#configured : this.#ofSystem()
    const now = this.#now()
    const isSilent = (server: NameServer) => (this.#silentUntil.get(keyOf(server)) ?? 0) > now
    return [...all.filter((server) => !isSilent(server)), ...all.filter(isSilent)]
  }

  wasSilent(server: NameServer): void {
    this.#silentUntil.set(keyOf(server), this.#now() + remembered)
  }

  answered(server: NameServer): void {
    this.#silentUntil.delete(keyOf(server))
  }

  #ofSystem(): readonly NameServer[] {
    const now = this.#now()
    if (this.#system === null || this.#system.until <= now) {
      this.#silentUntil.clear()
      this.#system = { servers: new Resolver().getServers().map(nameServer), until: now + freshFor }
    }
    return this.#system.servers
  }
}

const keyOf = ({ address, port }: NameServer): string => `${address} ${port}`
