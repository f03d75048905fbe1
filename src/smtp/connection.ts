/**
 * One client's connection: the library keeps the socket and does the handshake, this keeps the library quiet about everything
 * else. What is said on it is the conversation's business.
 */

import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js'
import type { Door } from '../../machines/session/inputs.ts'
import { newId } from '../actors/identity.ts'
import { Conversation } from './conversation.ts'
import { Input } from './input.ts'
import type { ProxyFacts } from './opening.ts'
import type { LiveSession, Reception } from './reception.ts'
import type { FsmtpServer } from './server.ts'

export class FsmtpConnection extends SMTPConnection implements LiveSession {
  readonly reception: Reception
  readonly proxy: ProxyFacts
  /** The one in force: STARTTLS brings another. */
  input!: Input
  /** Why a handshake failed, as far as it is known. */
  handshakeError = ''
  readonly #conversation: Conversation

  readonly #leftInHandshake = (): void => this.breakOff('the client left during the handshake')

  constructor(
    server: FsmtpServer,
    socket: Socket | TLSSocket,
    options: Record<string, unknown>,
    proxy: ProxyFacts,
  ) {
    super(server, socket, { ...options, id: newId() })
    this.reception = server.reception
    this.proxy = proxy
    this.#conversation = new Conversation(this)
    // Made while the library's constructor ran, before there was a conversation.
    if (this._parser instanceof Input) this.#listenTo(this._parser)
  }

  get address(): string {
    return this.remoteAddress
  }

  // What the library calls.

  override init(): void {
    const door = this.reception.supervisor.enter(this)
    this._setListeners(() => this.#arrive(door))
  }

  override _createParser(): Input {
    const input = new Input()
    if (#conversation in this) this.#listenTo(input)
    return input
  }

  /** Silence is noticed by deadlines (`checkDeadline`), not by the socket's own timer. */
  override _armTimeout(socket: Socket = this._socket): void {
    // The one moment at which the library shows the socket of a handshake. Sockets stay half open, for clients that say QUIT
    // and close; here that is the end.
    if (this._upgrading) socket.once('end', this.#leftInHandshake)
  }

  override _onClose(): void {
    super._onClose()
    this.#conversation.left()
  }

  override _onError(error: Error): void {
    if (this.#conversation.host.state === 'securing') this.handshakeError = error.message
    if (!this._socket.destroyed) this._socket.destroy()
  }

  /** A session that is over makes room for another, however long its client takes to go. */
  override close(): void {
    this.#conversation.speech.flush()
    super.close()
    this.reception.supervisor.leave(this)
  }

  // What the supervisor calls.

  checkDeadline(at: number): void {
    this.#conversation.checkDeadline(at)
  }

  shutDown(options: { readonly force: boolean }): void {
    this.#conversation.shutDown(options)
  }

  // What the conversation calls.

  startTls(): void {
    this.upgrade(
      () => false,
      () => {
        this._socket.off('end', this.#leftInHandshake)
        this.#conversation.secured()
      },
    )
  }

  /** Ends a handshake that leads nowhere. */
  breakOff(why: string): void {
    this.handshakeError ||= why
    this._socket.destroy()
  }

  #arrive(door: Door): void {
    const { greetingPause } = this.reception.timeouts
    if (greetingPause === 0 || door !== 'open') this.#conversation.open(door)
    else setTimeout(() => this.#conversation.open(door), greetingPause).unref()
  }

  #listenTo(input: Input): void {
    input.sink = this.#conversation
    this.input = input
  }
}
