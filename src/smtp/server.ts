/** One listener. The library accepts the sockets; connections and the PROXY protocol are ours. */
import type { Server, Socket } from 'node:net'
import { createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import { SMTPServer } from 'smtp-server/lib/smtp-server.js'
import { type Certificates, certificateFor, tlsMinimum } from '../config/certificates.ts'
import { FsmtpConnection, type ProxyFacts } from './connection.ts'
import { parseProxyHeader } from './proxy-protocol.ts'
import type { Reception } from './reception.ts'

export type ListenerOptions = {
  readonly reception: Reception
  readonly address: string
  readonly port: number
  readonly certificates: Certificates
  /** Peers from which a PROXY header is expected. */
  readonly expectsProxy: (address: string) => boolean
}

/** How long a trusted proxy may take for its header. */
const proxyPatience = 10_000

export class FsmtpServer extends SMTPServer {
  /** For the connections to come. */
  reception: Reception
  readonly #listener: ListenerOptions
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
      ...tlsOptions(certificates),
    })
    this.reception = reception
    this.#listener = listener
    this.on('error', (error: Error) => reception.complain('a connection failed', error))
  }

  /** Resolves with the port that was bound. @throws the listener's error, `EADDRINUSE` and its like */
  start(): Promise<number> {
    const { address, port } = this.#listener
    return new Promise((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen({ host: address, port, backlog: 1024 }, () => {
        this.server.off('error', reject)
        resolve(portOf(this.server))
      })
    })
  }

  /** No new connections; the live ones are the supervisor's. */
  stopAccepting(): void {
    this.server.close()
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
    // Asked by the library's constructor, too, before there is a listener.
    return #listener in this && this.#listener.expectsProxy(plainAddress(socket.remoteAddress ?? ''))
  }

  override _handleProxy(
    socket: Socket,
    callback: (
      error: Error | null,
      options?: { id: string; remoteAddress?: string; remotePort?: number },
    ) => void,
  ): void {
    if (!this._expectsProxyHeader(socket)) {
      callback(null, { id: '' })
      return
    }
    readProxyHeader(socket).then(
      (source) => {
        const address = plainAddress(socket.remoteAddress ?? '')
        const options = {
          id: '',
          ...(source && { remoteAddress: source.address, remotePort: source.port }),
        }
        this.#proxied.set(options, { facts: source ? { address, protocol: 'proxy' } : null })
        callback(null, options)
      },
      (error: Error) => {
        this.reception.complain(`the proxy ${socket.remoteAddress} sent no usable PROXY header`, error)
        socket.destroy()
        callback(error)
      },
    )
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

/** IPv4 as a dual-stack listener reports it, without its prefix. */
const plainAddress = (address: string): string => address.replace(/^::ffff:/i, '')

const readProxyHeader = (socket: Socket): Promise<{ address: string; port: number } | null> =>
  new Promise((resolve, reject) => {
    let gathered: Buffer = Buffer.alloc(0)
    const settle = (act: () => void) => {
      clearTimeout(timer)
      socket.off('data', read).off('close', closed).off('error', closed)
      socket.pause()
      act()
    }
    const closed = () => settle(() => reject(new Error('the connection ended before the header did')))
    const read = (chunk: Buffer) => {
      gathered = Buffer.concat([gathered, chunk])
      const header = parseProxyHeader(gathered)
      if (header.kind === 'incomplete') return
      if (header.kind === 'invalid') {
        settle(() => reject(new Error(header.why)))
        return
      }
      settle(() => {
        if (header.length < gathered.length) socket.unshift(gathered.subarray(header.length))
        resolve(header.source)
      })
    }
    const timer = setTimeout(
      () => settle(() => reject(new Error('the header took too long'))),
      proxyPatience,
    ).unref()
    socket.on('data', read).on('close', closed).on('error', closed)
  })
