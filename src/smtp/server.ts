/** One listener. The library accepts the sockets; connections and the PROXY protocol are ours. */
import type { Server, Socket } from 'node:net'
import { createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import { SMTPServer } from 'smtp-server/lib/smtp-server.js'
import { type Certificates, certificateFor, tlsMinimum } from '../config/certificates.ts'
import { FsmtpConnection } from './connection.ts'
import type { ProxyFacts } from './opening.ts'
import { plainAddress } from './peer-address.ts'
import { type ProxyBeginning, readProxyHeader } from './proxy-header.ts'
import type { Reception } from './reception.ts'
import { type Ends, endsOf, recordUnmet } from './unmet.ts'

export type ListenerOptions = {
  readonly reception: Reception
  readonly address: string
  readonly port: number
  readonly certificates: Certificates
  /** Whether a PROXY header comes from this peer: always, perhaps (it may also speak for itself), or never. */
  readonly proxyHeader: (address: string) => 'required' | 'possible' | 'none'
  /** Connections that may be on their way to a session at a time: in a handshake, or before a PROXY header. */
  readonly arriving: number
}

export class FsmtpServer extends SMTPServer {
  /** For the connections to come. */
  reception: Reception
  readonly #listener: ListenerOptions
  #isListening = false
  readonly #proxied = new WeakMap<object, { facts: ProxyFacts; address?: string; port?: number }>()

  constructor(listener: ListenerOptions) {
    const { reception, certificates } = listener
    super({
      name: reception.policy.hostname,
      secure: reception.policy.service === 'submissions',
      allowHalfOpen: true,
      disableReverseLookup: true,
      authOptional: true,
      logger: false,
      // Of the time before a session, where the supervisor has no say.
      socketTimeout: Math.min(reception.timeouts.command, 60_000),
      maxClients: listener.arriving,
      ...tlsOptions(certificates),
    })
    this.reception = reception
    this.#listener = listener
    // Who starts it hears why it cannot listen.
    this.on('error', (error: Error) => {
      if (this.#isListening) reception.complain('a connection failed', error)
    })
  }

  /** Resolves with the port that was bound. @throws the listener's error, `EADDRINUSE` and its like */
  start(): Promise<number> {
    const { address, port } = this.#listener
    return new Promise((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen({ host: address, port, backlog: 1024 }, () => {
        this.server.off('error', reject)
        this.#isListening = true
        resolve(portOf(this.server))
      })
    })
  }

  /** No new connections; the live ones are the supervisor's. */
  stopAccepting(): void {
    this.server.close()
    // What has not become a session has nothing to finish. The topmost socket: a handshake must not lose the one below it.
    for (const socket of this._pendingSockets.values()) socket.destroy()
  }

  /** Takes other certificates for the connections to come. */
  useCertificates(certificates: Certificates): void {
    this.updateSecureContext(tlsOptions(certificates))
  }

  override connect(socket: Socket | TLSSocket, options: Record<string, unknown> = {}): void {
    const proxied = this.#proxied.get(options)
    const connection = new FsmtpConnection(this, socket, options, proxied?.facts ?? null)
    this.connections.add(connection)
    connection.init()
  }

  override _expectsProxyHeader(socket: Socket): boolean {
    return this.#proxyHeader(socket) !== 'none'
  }

  override _handleProxy(
    socket: Socket,
    callback: (
      error: Error | null,
      options?: { id: string; remoteAddress?: string; remotePort?: number },
    ) => void,
  ): void {
    const expected = this.#proxyHeader(socket)
    if (expected === 'none') {
      callback(null, { id: '' })
      return
    }
    const ends = endsOf(socket)
    readProxyHeader(socket, { required: expected === 'required' }).then(
      (beginning) => callback(null, this.#optionsFor(beginning, ends)),
      (error: Error) => {
        const session = recordUnmet(ends, 'proxy-header-failed', this.reception)
        this.reception.complain(`the proxy ${ends.peer.address} sent no usable PROXY header`, error, {
          session,
        })
        socket.destroy()
        callback(error)
      },
    )
  }

  override _upgrade(...[socket, callback]: Parameters<SMTPServer['_upgrade']>): void {
    const ends = endsOf(socket)
    super._upgrade(socket, (error, secured) => {
      if (error) recordUnmet(ends, 'handshake-failed', this.reception)
      callback(error, secured)
    })
  }

  #proxyHeader(socket: Socket): 'required' | 'possible' | 'none' {
    return this.#listener.proxyHeader(plainAddress(socket.remoteAddress))
  }

  #optionsFor(beginning: ProxyBeginning, { peer }: Ends) {
    const source = beginning.kind === 'header' ? beginning.source : null
    const options = { id: '', ...(source && { remoteAddress: source.address, remotePort: source.port }) }
    this.#proxied.set(options, { facts: source ? { address: peer.address, protocol: 'proxy' } : null })
    return options
  }
}

const tlsOptions = (certificates: Certificates) => {
  const contexts = new Map<object, SecureContext>()
  const contextFor = (servername: string): SecureContext => {
    const pem = certificateFor(certificates, servername)
    const context = contexts.get(pem) ?? createSecureContext({ ...pem, minVersion: tlsMinimum })
    contexts.set(pem, context)
    return context
  }
  const { cert, key } = certificates.default
  return {
    cert,
    key,
    minVersion: tlsMinimum,
    // RFC 6066 §3
    SNICallback: (servername: string, answer: (error: Error | null, context?: SecureContext) => void) =>
      answer(null, contextFor(servername)),
  } as const
}

const portOf = (server: Server): number => {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
