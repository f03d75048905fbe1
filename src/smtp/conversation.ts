/**
 * What is said on one connection: every line goes to the session actor, every effect that comes back is performed. It decides
 * nothing.
 */
import { session } from '../../machines/session/index.ts'
import type { Door, SessionInput } from '../../machines/session/inputs.ts'
import { ActorHost, type Beside } from '../actors/host.ts'
import { CommandDesk } from './command-desk.ts'
import type { FsmtpConnection } from './connection.ts'
import { ContentIntake, isFull } from './content-intake.ts'
import { Lines } from './dialogue.ts'
import type { ContentReader } from './dot.ts'
import { performEffect } from './effects.ts'
import { Examining } from './examining.ts'
import type { Input, InputSink } from './input.ts'
import { LoginDesk } from './login-desk.ts'
import { openingOf, tlsFacts } from './opening.ts'
import { Patience } from './patience.ts'
import type { Reception } from './reception.ts'
import { Speech } from './speech.ts'

export class Conversation implements InputSink {
  readonly connection: FsmtpConnection
  readonly reception: Reception
  readonly host: ActorHost
  readonly speech: Speech
  readonly login: LoginDesk
  readonly intake: ContentIntake
  readonly examining: Examining
  readonly #commands: CommandDesk
  readonly #patience: Patience
  readonly #lines = new Lines()
  #opened = false
  #leaving = false
  #gone = false

  constructor(connection: FsmtpConnection) {
    const { reception, id } = connection
    const { policy, outbox, node } = reception
    this.connection = connection
    this.reception = reception
    this.speech = new Speech(connection)
    this.login = new LoginDesk(this)
    this.#commands = new CommandDesk(this)
    this.examining = new Examining(this)
    this.intake = new ContentIntake(this)
    this.#patience = new Patience(connection, this.intake)
    this.host = new ActorHost({
      module: session,
      id,
      input: { policy },
      outbox,
      node,
      perform: (effect) => performEffect(effect, this),
      passed: () => this.passed(),
      failed: (error) => this.#logFailed(error),
    })
  }

  get input(): Input {
    return this.connection.input
  }
  /** Nothing more will be said: the client is gone, or the session has ended. */
  get isOver(): boolean {
    return this.#gone || this.host.over
  }

  // What the input calls.

  line(line: string): void {
    this.#patience.hear()
    if (!this.#opened) this.open('talked-too-soon')
    else if (this.login.underWay) {
      this.#lines.heard('[hidden]')
      this.login.answer(line)
    } else this.#commands.hear(line)
  }

  lineTooLong(): void {
    this.#patience.hear()
    if (this.login.underWay) this.login.answerTooLong()
    else this.tell({ type: 'MALFORMED', command: '?', fault: 'line-too-long' }, '[a line that was too long]')
  }

  endlessLine(): void {
    this.tell({ type: 'ENDLESS_LINE' }, '[a line without end]')
  }

  content(slice: Buffer): void {
    this.intake.push(slice)
  }

  contentEnd(reader: ContentReader): void {
    this.#patience.hear()
    this.intake.end(reader)
  }

  idle(): void {
    // Half a line before the greeting is too soon as well.
    if (!this.#opened) this.open('talked-too-soon')
    this.speech.flushSoon()
    this.#patience.idle()
  }

  lastInput(): void {
    this.examining.abandon()
  }

  inputEnd(): void {
    this.left()
    this.connection.close()
  }

  // What the connection calls.

  open(door: Door): void {
    if (this.#opened) return
    this.#opened = true
    this.login.client = this.connection.remoteAddress
    this.tell(openingOf(this.connection, door))
    this.#patience.awaitInput()
  }

  secured(): void {
    this.#commands.forget()
    this.login.loggedIn = false
    this.tell({ type: 'SECURED', tls: tlsFacts(this.connection._socket) })
    this.#patience.awaitInput()
  }

  /** `at` as `performance.now()` has it. */
  checkDeadline(at: number): void {
    if (this.#gone || !this.#patience.isOver(at)) return
    if (this.host.over || !this.#opened) this.connection._socket.destroy()
    else if (this.host.state === 'securing') this.connection.breakOff('the handshake took too long')
    else {
      this.intake.discard()
      this.tell({ type: 'TIMEOUT' })
    }
  }

  shutDown({ force }: { readonly force: boolean }): void {
    this.#leaving = true
    if (!this.#opened) this.open('shutting-down')
    else if (force || !this.#inTransaction()) this.tell({ type: 'SHUTDOWN' })
  }

  left(): void {
    if (this.#gone) return
    this.#gone = true
    this.intake.forget()
    this.examining.abandon()
    if (!this.#opened) this.open('left-too-soon')
    else if (this.host.state === 'securing')
      this.tell({ type: 'SECURING_FAILED', error: this.connection.handshakeError })
    else this.tell({ type: 'DISCONNECTED' })
    this.examining.settle()
    this.reception.supervisor.leave(this.connection)
  }

  // What its parts call.

  tell(input: SessionInput, line?: string, contents?: Beside['contents']): void {
    const dialogue = this.#lines.take(line)
    this.host.send(input, {
      ...(dialogue !== '' && { dialogue }),
      ...(contents && { contents }),
    })
    if (!this.input.running) this.speech.flushSoon()
  }

  /** A question on the way to an input; no event of its own. */
  ask(text: string): void {
    this.#lines.said(text)
    this.speech.say(text)
  }

  /** The content has been answered for: what the client says next is heard. */
  passed(): void {
    if (this.#leaving) this.tell({ type: 'SHUTDOWN' })
    this.input.release()
  }

  /** RFC 3207 §4: what came before the handshake is thrown away with the input that holds it. */
  startTls(): void {
    this.speech.flush()
    this.connection.startTls()
    this.#patience.awaitHandshake()
  }

  #inTransaction(): boolean {
    return ['addressing', 'addressed', 'receiving'].includes(this.host.state) || this.host.atBarrier
  }

  /** The history ends where the log does. The client hears that it should come back, and keeps its mail. */
  #logFailed(error: Error): void {
    this.reception.complain(`session ${this.connection.id} ended: its history could not be kept`, error, {
      session: this.connection.id,
    })
    this.intake.discard()
    this.speech.say(
      isFull(error) ? '452 4.3.1 Insufficient system storage' : '451 4.3.0 Local error, try again later',
    )
    this.speech.flush()
    this.connection.close()
  }
}
