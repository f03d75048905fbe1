/** To a host and as far as mail can be given to it: connect, greet, secure, log in. */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { TlsFacts } from '../../../machines/vocabulary/events.ts'
import { type Connect, type ConnectOptions, HostFailed, type Wire } from '../port.ts'
import { Concealment } from './concealment.ts'
import { Connection } from './connection.ts'
import { Dialogue } from './dialogue.ts'
import { askForTls, type Extensions, greeting, introduce } from './hello.ts'
import { logIn } from './login.ts'
import { type Patience, patience as usual } from './patience.ts'
import { notOffered, requireTls } from './require-tls.ts'
import { isLoopback, reach } from './tcp.ts'
import { handshake, tlsFacts } from './tls.ts'
import { Transcript } from './transcript.ts'

export { type WireFaultKind, wireFaults } from './faults.ts'
export { type Patience, patience } from './patience.ts'

export type WireSettings = {
  /** Instead of RFC 5321 §4.5.3.2's, milliseconds. */
  readonly patience?: Partial<Patience>
  /** Authorities whose certificates are good, in PEM; those Node knows when absent. */
  readonly ca?: string
  /** False: each command waits for the answer to the one before, also where the host offers PIPELINING. */
  readonly pipelining?: boolean
}

type Opened = { readonly socket: Socket; readonly tls: TlsFacts | null }

class Opening {
  readonly #options: ConnectOptions
  readonly #patience: Patience
  readonly #ca: string | undefined
  readonly #pipelining: boolean
  readonly #transcript: Transcript
  readonly #concealment: Concealment

  constructor(options: ConnectOptions, { patience = {}, ca, pipelining = true }: WireSettings) {
    this.#options = options
    this.#patience = { ...usual, ...patience }
    this.#ca = ca
    this.#pipelining = pipelining
    this.#transcript = new Transcript(options.said)
    // From the first word on: a host may know it from an earlier connection.
    this.#concealment = new Concealment(options.login)
  }

  run(): Promise<Wire> {
    return this.#options.requiretls ? requireTls(this.#open()) : this.#open()
  }

  async #open(): Promise<Wire> {
    const { socket, tls } = await this.#socket()
    const clear = this.#dialogue(socket, 'connect')
    return this.#watched(clear, async () => {
      const greeted = await greeting(clear, this.#patience)
      const extensions = await this.#introduce(clear)
      const securing = this.#willSecure(extensions)
      const { connected } = this.#options
      connected({ greeting: greeted, extensions: this.#named(extensions), securing, tls })
      if (securing || this.#mode === 'required') return this.#secure(clear, extensions, greeted)
      return this.#established(clear, { greeting: greeted, extensions, tls })
    })
  }

  /** Runs `act`, which the signal stops; a dialogue never outlives its failure. */
  async #watched<Value>(dialogue: Dialogue, act: () => Promise<Value>): Promise<Value> {
    const release = dialogue.stop(this.#options.signal)
    try {
      return await act()
    } catch (error) {
      dialogue.close()
      throw error
    } finally {
      release()
    }
  }

  /** Whatever the route says, a mail may want more. */
  get #mode(): ConnectOptions['tls'] {
    const { tls, requiretls } = this.#options
    return requiretls && tls !== 'implicit' ? 'required' : tls
  }

  async #socket(): Promise<Opened> {
    const { host, signal, tls, requiretls } = this.#options
    const socket = await reach(host, { within: this.#patience.connect, signal })
    if (tls !== 'implicit') return { socket, tls: null }
    // RFC 8314 §3
    const secure = await this.#handshake(socket, {
      verified: requiretls === true || !isLoopback(host),
      during: 'connect',
    })
    return { socket: secure, tls: tlsFacts(secure, host) }
  }

  #handshake(socket: Socket, how: { verified: boolean; during: string }): Promise<TLSSocket> {
    const { host, signal } = this.#options
    return handshake(socket, { host, signal, ca: this.#ca, within: this.#patience.handshake, ...how })
  }

  #dialogue(socket: Socket, during: string): Dialogue {
    return new Dialogue(socket, { transcript: this.#transcript, during, concealment: this.#concealment })
  }

  async #introduce(dialogue: Dialogue): Promise<Extensions> {
    const { protocol, hostname } = this.#options
    const offered = await introduce(dialogue, { protocol, hostname, patience: this.#patience })
    return this.#pipelining ? offered : new Map([...offered].filter(([keyword]) => keyword !== 'PIPELINING'))
  }

  /** As they may be recorded. */
  #named(extensions: Extensions): readonly string[] {
    return [...extensions.keys()].map((keyword) => this.#concealment.text(keyword))
  }

  #willSecure(extensions: Extensions): boolean {
    return extensions.has('STARTTLS') && (this.#mode === 'opportunistic' || this.#mode === 'required')
  }

  async #secure(clear: Dialogue, before: Extensions, greeted: string): Promise<Wire> {
    const { host, secured } = this.#options
    await askForTls(clear, before, this.#patience)
    const verified = this.#mode === 'required'
    const socket = await this.#handshake(clear.handOver(), { verified, during: 'STARTTLS' })
    const tls = tlsFacts(socket, host)
    const dialogue = this.#dialogue(socket, 'EHLO')
    return this.#watched(dialogue, async () => {
      // RFC 3207 §4.2: what was said in clear counts no more.
      const extensions = await this.#introduce(dialogue)
      secured({ tls, extensions: this.#named(extensions) })
      return this.#established(dialogue, { greeting: greeted, extensions, tls })
    })
  }

  async #established(
    dialogue: Dialogue,
    facts: { greeting: string; extensions: Extensions; tls: TlsFacts | null },
  ): Promise<Wire> {
    const { host, protocol, login, requiretls } = this.#options
    const within = this.#patience.login
    const { extensions } = facts
    if (requiretls && !extensions.has('REQUIRETLS')) throw await notOffered(dialogue, this.#patience)
    if (login !== null)
      await logIn(dialogue, { credentials: login, extensions, host, secured: facts.tls !== null, within })
    // It may have said goodbye right behind its last answer.
    if (dialogue.fault !== null) throw new HostFailed(dialogue.fault)
    const named = this.#named(extensions)
    return new Connection({ dialogue, host, protocol, patience: this.#patience, named, ...facts })
  }
}

/** A `connect` with other time-outs or authorities. */
export const connectWith =
  (settings: WireSettings): Connect =>
  (options) =>
    new Opening(options, settings).run()

/** Our own SMTP and LMTP client (RFC 5321, RFC 2033). @throws HostFailed */
export const connect: Connect = connectWith({})
