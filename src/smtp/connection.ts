/**
 * One client's connection: the library keeps the socket, this gives every line to the session actor and performs the
 * effects that come back. It decides nothing.
 */

import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js'
import type { CommandInput } from '../../machines/session/commands.ts'
import { parseCommand } from '../../machines/session/commands.ts'
import { session } from '../../machines/session/index.ts'
import type { Door, SessionInput } from '../../machines/session/inputs.ts'
import type { TlsFacts } from '../../machines/vocabulary/events.ts'
import { type EffectEmitted, isReply, type ReplyEffect } from '../../machines/vocabulary/machine.ts'
import { replyText } from '../../machines/vocabulary/reply.ts'
import { ActorHost, type Beside } from '../actors/host.ts'
import { newId } from '../actors/identity.ts'
import type { Verdict } from '../authentication/login.ts'
import { LogFull } from '../log/port.ts'
import { type Credentials, CredentialsExchange, type Exchanged } from './credentials.ts'
import { Lines, mechanismWord, shownCommand, shownLine, triesLogin } from './dialogue.ts'
import type { ContentReader } from './dot.ts'
import { IncomingMessage, type Received } from './incoming-message.ts'
import { Input, type InputSink } from './input.ts'
import type { LiveSession, Reception } from './reception.ts'
import { renamedBy } from './renaming.ts'
import type { FsmtpServer } from './server.ts'
import { speakSoon, type Voice } from './voices.ts'

export type ProxyFacts = { readonly address: string; readonly protocol: 'proxy' } | null

/** A client that left in the middle of a handshake is not always noticed; one that is there needs a moment. */
const handshakePatience = 30_000

export class FsmtpConnection extends SMTPConnection implements InputSink, LiveSession, Voice {
  readonly #reception: Reception
  readonly #proxy: ProxyFacts
  readonly #host: ActorHost
  readonly #lines = new Lines()
  #input!: Input
  #door: Door = 'open'
  #opened = false
  #extended = false
  #loginTried = false
  #loggedIn = false
  /** Whose logins are counted: the peer, or whom a trusted proxy speaks for. */
  #client = ''
  #said = ''
  #speaking = false
  #deadline = Number.POSITIVE_INFINITY
  #exchange: CredentialsExchange | null = null
  #initialResponse: string | null = null
  #message: IncomingMessage | null = null
  #contentSince = 0
  #contentFailure: Error | null = null
  /** A line has come since deadlines were last set. */
  #heard = false
  #leaving = false
  #gone = false
  #handshakeError = ''

  readonly #leftInHandshake = (): void => {
    this.#handshakeError ||= 'the client left during the handshake'
    this._socket.destroy()
  }

  constructor(
    server: FsmtpServer,
    socket: Socket | TLSSocket,
    options: Record<string, unknown>,
    proxy: ProxyFacts,
  ) {
    const id = newId()
    super(server, socket, { ...options, id })
    this.#reception = server.reception
    this.#proxy = proxy
    const { policy, outbox, node } = server.reception
    this.#host = new ActorHost({
      module: session,
      id,
      input: { policy },
      outbox,
      node,
      perform: (effect) => this.#perform(effect),
      passed: () => this.#passed(),
      failed: (error) => this.#logFailed(error),
    })
    // Made while the library's constructor ran, before this class had its fields.
    if (this._parser instanceof Input) this.#input = this._parser
  }

  get address(): string {
    return this.remoteAddress
  }

  // What the library calls.

  override init(): void {
    this.#door = this.#reception.supervisor.enter(this)
    this._setListeners(() => this.#arrive())
  }

  override _createParser(): Input {
    const input = new Input(this)
    if (#reception in this) this.#input = input
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
    this.#left()
  }

  override _onError(error: Error): void {
    if (this.#host.state === 'securing') this.#handshakeError = error.message
    if (!this._socket.destroyed) this._socket.destroy()
  }

  /** A session that is over makes room for another, however long its client takes to go. */
  override close(): void {
    this.#flush()
    super.close()
    this.#reception.supervisor.leave(this)
  }

  // What the input calls.

  line(line: string): void {
    this.#heard = true
    if (!this.#opened) {
      this.#open('talked-too-soon')
      return
    }
    if (this.#exchange) {
      this.#lines.heard('[hidden]')
      this.#exchanged(this.#exchange.answer(line))
      return
    }
    this.#command(line, parseCommand(line, { extended: this.#extended }))
  }

  lineTooLong(): void {
    this.#heard = true
    if (this.#exchange) this.#exchanged({ kind: 'failed', verdict: 'login-malformed' })
    else this.#tell({ type: 'MALFORMED', command: '?', fault: 'line-too-long' }, '[a line that was too long]')
  }

  endlessLine(): void {
    this.#tell({ type: 'ENDLESS_LINE' }, '[a line without end]')
  }

  content(slice: Buffer): void {
    if (this.#contentFailure !== null) return
    const room = this.#guarded(() => this.#message?.push(slice))
    if (room === undefined) return
    this.#input.hold()
    room.catch((error: Error) => this.#loseContent(error)).finally(() => this.#input.release())
  }

  contentEnd(reader: ContentReader): void {
    this.#heard = true
    const message = this.#message
    this.#message = null
    this.#input.hold()
    if (message === null) return
    const received = this.#contentFailure === null ? this.#guarded(() => message.finish(reader)) : undefined
    if (received instanceof Promise)
      received.then(
        (facts) => this.#contentReceived(facts),
        (error: Error) => {
          this.#loseContent(error)
          this.#contentLost(message)
        },
      )
    else if (received) this.#contentReceived(received)
    else this.#contentLost(message)
  }

  idle(): void {
    // Half a line before the greeting is too soon as well.
    if (!this.#opened) this.#open('talked-too-soon')
    this.#flushSoon()
    // Half a line is no sign of life: one that drips in has the time of one that does not come.
    if (this.#heard || this.#message !== null || this.#deadline === Number.POSITIVE_INFINITY)
      this.#awaitInput()
    this.#heard = false
  }

  inputEnd(): void {
    this.#left()
    this.close()
  }

  // What the supervisor calls.

  checkDeadline(at: number): void {
    if (at < this.#deadline || this.#gone) return
    if (this.#host.over || !this.#opened) {
      this._socket.destroy()
      return
    }
    if (this.#host.state === 'securing') {
      this.#handshakeError = 'the handshake took too long'
      this._socket.destroy()
      return
    }
    this.#message?.discard()
    this.#tell({ type: 'TIMEOUT' })
  }

  shutDown({ force }: { readonly force: boolean }): void {
    this.#leaving = true
    if (!this.#opened) this.#open('shutting-down')
    else if (force || !this.#inTransaction()) this.#tell({ type: 'SHUTDOWN' })
  }

  // Arriving.

  #arrive(): void {
    const { greetingPause } = this.#reception.timeouts
    if (greetingPause === 0 || this.#door !== 'open') this.#open(this.#door)
    else setTimeout(() => this.#open(this.#door), greetingPause).unref()
  }

  #open(door: Door): void {
    if (this.#opened) return
    this.#opened = true
    const { policy, policyHash, mayRename } = this.#reception
    this.#client = this.remoteAddress
    this.#tell({
      type: 'OPEN',
      service: policy.service,
      local: { address: this.localAddress, port: this.localPort },
      peer: { address: this.remoteAddress, port: this.remotePort, name: null },
      proxy: this.#proxy,
      tls: this.secure ? this.#tlsFacts() : null,
      policy: policyHash,
      trusted: mayRename(this.remoteAddress),
      door,
    })
    this.#awaitInput()
  }

  #tlsFacts(): TlsFacts {
    const socket = this._socket
    if (!('getCipher' in socket)) return { version: '', cipher: '', servername: null }
    const servername =
      'servername' in socket && typeof socket.servername === 'string' ? socket.servername : null
    return { version: socket.getProtocol() ?? '', cipher: socket.getCipher()?.name ?? '', servername }
  }

  // Commands.

  #command(line: string, command: CommandInput): void {
    const shown = shownLine({ line, command, loginTried: this.#loginTried })
    if (triesLogin(line, command)) this.#loginTried = true
    switch (command.type) {
      case 'EHLO':
      case 'HELO':
        this.#extended = command.type === 'EHLO'
        this.#tell(command, shown)
        return
      case 'RCPT':
        this.#tell({ ...command, place: this.#reception.place(command.recipient) }, shown)
        return
      case 'AUTH':
        this.#initialResponse = command.initial
        this.#tell({ type: 'AUTH', mechanism: mechanismWord(command.mechanism) }, shown)
        return
      case 'XCLIENT':
        this.#renameTo(command, shown)
        return
      default:
        this.#tell(shownCommand(command, shown), shown)
    }
  }

  #renameTo(command: Extract<CommandInput, { readonly type: 'XCLIENT' }>, shown: string): void {
    const renamed = renamedBy(command.argument, this.#reception, this)
    const isAllowed = renamed !== null && this.#reception.mayRename(this.remoteAddress)
    this.#loggedIn = isAllowed && renamed.user !== null
    if (isAllowed) this.#client = renamed.peer.address
    this.#tell({ ...command, renamed }, shown)
  }

  #tell(input: SessionInput, line?: string, contents?: Beside['contents']): void {
    const dialogue = this.#lines.take(line)
    this.#host.send(input, {
      ...(dialogue !== '' && { dialogue }),
      ...(contents && { contents }),
    })
    if (!this.#input.running) this.#flushSoon()
  }

  // Logging in.

  #exchanged(step: Exchanged): void {
    if (step.kind === 'ask') {
      this.#lines.said(`334 ${step.challenge}`)
      this.#say(`334 ${step.challenge}`)
      return
    }
    this.#exchange = null
    if (step.kind === 'failed')
      this.#tell({ type: 'CREDENTIALS', verdict: step.verdict, user: null, addresses: [] })
    else this.#verify(step.credentials)
  }

  #verify({ user, password }: Credentials): void {
    this.#input.hold()
    this.#reception
      .verify({ user, password, peer: this.#client })
      .then(
        (verdict) => this.#verified(verdict),
        (error: Error) => {
          this.#reception.complain('a password could not be checked', error)
          this.#tell({ type: 'CREDENTIALS', verdict: 'login-unavailable', user: null, addresses: [] })
        },
      )
      .finally(() => this.#input.release())
  }

  #verified(answer: Verdict): void {
    this.#loggedIn = answer.verdict === 'ok'
    const addresses = answer.verdict === 'ok' ? answer.addresses : []
    const verdict = answer.verdict === 'throttled' ? 'login-throttled' : answer.verdict
    this.#tell({ type: 'CREDENTIALS', verdict, user: answer.user, addresses })
  }

  // Content.

  #contentReceived({ facts, bytes }: Received): void {
    const line = `[${facts.size} bytes of content]`
    const contents = bytes === null ? undefined : [{ id: facts.message, bytes }]
    this.#tell({ type: 'CONTENT', ...facts }, line, contents)
    if (this.#host.atBarrier) return
    // Refused, or said to a session that was over: whatever is in a file is nobody's.
    if (bytes === null) this.#removeContent(facts.message)
    this.#passed()
  }

  #removeContent(message: string): void {
    this.#reception
      .removeContent(message)
      .catch((error: Error) =>
        this.#reception.complain(`the refused content ${message} stayed on disk`, error),
      )
  }

  #loseContent(error: Error): void {
    // What was given up has nothing to be stored any more.
    if (this.#gone || this.#host.over) return
    this.#contentFailure = error
    this.#message?.discard()
    this.#reception.complain('content could not be stored', error)
  }

  #contentLost(message: IncomingMessage): void {
    const fault = isFull(this.#contentFailure) ? 'storage-full' : 'storage-unavailable'
    message.discard()
    this.#tell({ type: 'CONTENT_LOST', size: message.size, fault }, `[${message.size} bytes of content]`)
    this.#passed()
  }

  /** The content has been answered for: what the client says next is heard. */
  #passed(): void {
    if (this.#leaving) this.#tell({ type: 'SHUTDOWN' })
    this.#input.release()
  }

  #guarded<Result>(work: () => Result): Result | undefined {
    try {
      return work()
    } catch (error) {
      this.#loseContent(error instanceof Error ? error : new Error(String(error)))
      return undefined
    }
  }

  #inTransaction(): boolean {
    return ['addressing', 'addressed', 'receiving'].includes(this.#host.state) || this.#host.atBarrier
  }

  // Effects.

  #perform(effect: EffectEmitted): void {
    if (isReply(effect)) {
      this.#reply(effect)
      return
    }
    switch (effect.name) {
      case 'receiveContent':
        this.#receiveContent()
        return
      case 'collectCredentials':
        this.#collectCredentials(String(effect.mechanism))
        return
      case 'startTls':
        this.#startTls()
        return
      case 'close':
        this.#flush()
        this.close()
        return
      case 'dropLine':
        this._socket.destroy()
        return
      default:
        throw new Error(`nobody performs the effect ${effect.name}`)
    }
  }

  #reply(reply: ReplyEffect): void {
    const text = replyText(reply)
    if (!reply.delay) {
      this.#say(text)
      return
    }
    this.#flush()
    this.#input.hold()
    setTimeout(() => {
      this.#say(text)
      this.#input.release()
    }, reply.delay).unref()
  }

  #receiveContent(): void {
    const { policy, beginContent } = this.#reception
    this.#contentFailure = null
    this.#contentSince = performance.now()
    this.#message = new IncomingMessage({
      id: newId(),
      policy,
      begin: beginContent,
      complete: policy.service !== 'mx',
      askAuthors: this.#loggedIn,
    })
    this.#input.receiveContent()
  }

  #collectCredentials(mechanism: string): void {
    this.#exchange = new CredentialsExchange(mechanism)
    const initial = this.#initialResponse
    this.#initialResponse = null
    this.#exchanged(this.#exchange.begin(initial))
  }

  /** RFC 3207 §4: what came before the handshake is thrown away with the input that holds it. */
  #startTls(): void {
    this.#flush()
    this.upgrade(
      () => false,
      () => {
        this._socket.off('end', this.#leftInHandshake)
        this.#extended = false
        this.#loggedIn = false
        this.#tell({ type: 'SECURED', tls: this.#tlsFacts() })
        this.#awaitInput()
      },
    )
    this.#deadline = performance.now() + Math.min(this.#reception.timeouts.command, handshakePatience)
  }

  // The socket.

  #say(text: string): void {
    this.#said += `${text}\r\n`
    // A flood of commands is answered piece by piece, and held when the client does not read.
    if (this.#said.length > longestSaid) this.#flush()
    else if (!this.#input.running) this.#flushSoon()
  }

  /** Called at the end of a turn of the loop in which something was said. */
  speak(): void {
    this.#speaking = false
    this.#flush()
  }

  #flushSoon(): void {
    if (this.#said === '' || this.#speaking) return
    this.#speaking = true
    speakSoon(this)
  }

  /** Replies leave together, once all input that was there has been dealt with (RFC 2920 §3.2). */
  #flush(): void {
    if (this.#said === '' || this._upgrading) return
    const said = this.#said
    this.#said = ''
    const socket = this._socket
    if (socket.destroyed || !socket.writable) return
    socket.write(said)
    // A client that sends without reading must not make us gather replies without end.
    if (!socket.writableNeedDrain) return
    this.#input.hold()
    socket.once('drain', () => this.#input.release())
  }

  /** From now on the client owes us something. */
  #awaitInput(): void {
    const { command, data } = this.#reception.timeouts
    const at = performance.now()
    if (this.#message === null) {
      this.#deadline =
        this.#input.held && !this._socket.writableNeedDrain ? Number.POSITIVE_INFINITY : at + command
      return
    }
    // A kilobyte a second keeps a large message alive; anything slower has `dataTimeout` (RFC 5321 §4.5.3.2.5).
    this.#deadline = Math.min(at + command, this.#contentSince + data + this.#message.size)
  }

  #left(): void {
    if (this.#gone) return
    this.#gone = true
    this.#message?.discard()
    this.#message = null
    if (!this.#opened) this.#open('left-too-soon')
    else if (this.#host.state === 'securing')
      this.#tell({ type: 'SECURING_FAILED', error: this.#handshakeError })
    else this.#tell({ type: 'DISCONNECTED' })
    this.#reception.supervisor.leave(this)
  }

  /** The history ends where the log does. The client hears that it should come back, and keeps its mail. */
  #logFailed(error: Error): void {
    this.#reception.complain(`session ${this.id} ended: its history could not be kept`, error)
    this.#message?.discard()
    this.#said += isFull(error)
      ? '452 4.3.1 Insufficient system storage\r\n'
      : '451 4.3.0 Local error, try again later\r\n'
    this.#flush()
    this.close()
  }
}

/** Characters of replies that may wait for the end of a turn. */
const longestSaid = 16 * 1024

const isFull = (error: Error | null): boolean => error instanceof LogFull || error?.name === 'ContentFull'
