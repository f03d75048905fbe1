/**
 * One socket, commands out and replies in, in order. Whatever ends it (a fault of the host, a time-out, a stop) ends everything
 * that waits, once, with the same fault, and destroys the socket.
 */
import type { Socket } from 'node:net'
import type { AttemptFault } from '../../../machines/vocabulary/events.ts'
import { inWords } from '../network-words.ts'
import { HostFailed } from '../port.ts'
import { AwaitedReplies, type Heard, remembered } from './awaited.ts'
import { type Concealment, nothingConcealed } from './concealment.ts'
import { type FaultFacts, quoted, wireFault } from './faults.ts'
import { type Read, ReplyReader, replyBounds, type Said } from './replies.ts'
import { Settling } from './settling.ts'
import type { Transcript } from './transcript.ts'

/** RFC 5321 §4.2: words for people, of which a history keeps so many characters. */
const mostText = 1000
/** Characters of what is no reply. */
const mostQuoted = 120

const bounded = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most)}...` : text

const whole = ({ label, words }: Said): string => `${label}${words}`

const textOf = (said: readonly Said[]): string => {
  const words = said.map((line) => line.words).filter((line) => line !== '')
  return bounded(words.join(' '), mostText)
}

const quotedLine = (said: readonly Said[]): string => JSON.stringify(bounded(whole(said.at(-1)!), mostQuoted))

export type DialogueOptions = {
  readonly transcript: Transcript
  readonly during: string
  /** What the host may not be quoted with. */
  readonly concealment?: Concealment
}

export class Dialogue {
  transcript: Transcript
  readonly #socket: Socket
  readonly #reader: ReplyReader
  readonly #concealment: Concealment
  readonly #replies = new AwaitedReplies({ onLate: (during) => this.fail({ kind: 'timeout', during }) })
  readonly #settling = new Settling()
  #fault: AttemptFault | null = null
  /** What is under way while no reply is awaited. */
  #during: string
  #handedOver = false

  constructor(socket: Socket, { transcript, during, concealment = nothingConcealed }: DialogueOptions) {
    this.#socket = socket
    this.transcript = transcript
    this.#during = during
    this.#concealment = concealment
    this.#reader = new ReplyReader({ kept: replyBounds.kept + concealment.reach })
    socket.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onEnd).on('error', this.#onError)
  }

  /** What ended it, or null while it lives. */
  get fault(): AttemptFault | null {
    return this.#fault
  }

  /** Promises the next reply that nobody waits for yet. `within` milliseconds of its turn. @throws HostFailed */
  expect(command: string, within: number): Promise<Heard> {
    this.#during = command
    const reply =
      this.#fault === null
        ? this.#replies.promise({ command, within })
        : Promise.reject(new HostFailed(this.#fault))
    // Replies that were asked for together fail together, while only the first is looked at.
    reply.catch(() => {})
    return reply
  }

  /** Says what is under way while no reply is awaited. */
  begin(command: string): void {
    this.#during = command
  }

  /** Writes one line and promises its reply. `shown` stands in the history instead of the line. @throws HostFailed */
  ask(
    line: string,
    { command, within, shown = line }: { command: string; within: number; shown?: string },
  ): Promise<Heard> {
    const reply = this.expect(command, within)
    this.say([line], shown)
    return reply
  }

  /** Writes lines in one go. */
  say(lines: readonly string[], shown?: string): void {
    if (lines.some((line) => /[\r\n\0]/.test(line))) throw new Error('a command is one line')
    if (this.#fault !== null) return
    for (const line of lines) this.transcript.client(shown ?? line)
    this.write([Buffer.from(lines.map((line) => `${line}\r\n`).join(''))])
  }

  /** Writes in one go. False when the host takes it slowly: wait for `drained`. */
  write(buffers: readonly Buffer[]): boolean {
    if (this.#fault !== null || this.#socket.destroyed) return true
    this.#socket.cork()
    for (const buffer of buffers) this.#socket.write(buffer)
    this.#socket.uncork()
    return !this.#socket.writableNeedDrain
  }

  /** @throws HostFailed */
  drained(within: number): Promise<void> {
    if (this.#fault !== null) return Promise.reject(new HostFailed(this.#fault))
    if (!this.#socket.writableNeedDrain) return Promise.resolve()
    return this.settled(new Promise<void>((resolve) => this.#socket.once('drain', resolve)), {
      within,
      late: { kind: 'timeout', during: this.#during, text: 'the host takes no more' },
    })
  }

  /** `promise`, unless the dialogue ends before it or it takes too long. @throws HostFailed, or what `promise` throws */
  settled<Value>(
    promise: Promise<Value>,
    { within, late }: { readonly within: number; readonly late: FaultFacts },
  ): Promise<Value> {
    return this.#settling.race(promise, { within, onLate: () => this.fail(late) })
  }

  /** Ends it. The first fault counts. */
  fail(facts: FaultFacts): HostFailed {
    if (this.#fault !== null) return new HostFailed(this.#fault)
    this.#fault = wireFault(facts)
    this.#socket.destroy()
    this.#tell(this.#concealment.said(this.#reader.unfinished))
    const error = new HostFailed(this.#fault)
    this.#replies.end(error)
    this.#settling.end(error)
    return error
  }

  /** Ends it when the signal says so, until the function it gives is called. */
  stop(signal: AbortSignal): () => void {
    const onAbort = (): void => {
      this.fail({ kind: 'stopped', during: this.#awaited })
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    return () => signal.removeEventListener('abort', onAbort)
  }

  /** Gives the socket away, to speak TLS over it. @throws HostFailed when more was said in clear than was asked for */
  handOver(): Socket {
    if (this.#fault !== null) throw new HostFailed(this.#fault)
    // Commands or replies put in front of the handshake (RFC 3207 §6).
    if (this.#reader.midway || this.#socket.readableLength > 0)
      throw this.fail({ kind: 'tls-injection', during: 'STARTTLS' })
    this.#handedOver = true
    const socket = this.#socket
    socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onEnd)
    return socket
  }

  /** Without a word, with what had to be said already said. */
  close(): void {
    this.fail({ kind: 'stopped', during: this.#during })
  }

  get #awaited(): string {
    return this.#replies.command ?? this.#during
  }

  readonly #onData = (chunk: Buffer): void => {
    for (const read of this.#reader.push(chunk)) this.#deal(read)
  }

  #deal(read: Read): void {
    const said = this.#concealment.said(read.ok ? read.reply.lines : read.lines)
    this.#tell(said)
    if (this.#fault !== null) return
    if (!read.ok) {
      this.#nonsense(read.isQuotable ? `${read.text}: ${quotedLine(said)}` : read.text)
      return
    }
    const { code, enhanced, lines } = read.reply
    const command = this.#awaited
    const heard = { code, enhanced, text: textOf(said), command, lines: lines.map(({ words }) => words) }
    if (heard.code === 421) this.#closing(heard)
    else if (this.#replies.command === undefined) this.#unasked(heard)
    else this.#replies.fulfil(heard)
  }

  #tell(said: readonly Said[]): void {
    for (const line of said) this.transcript.server(whole(line))
  }

  #nonsense(text: string): void {
    this.fail(
      this.#isInjected
        ? { kind: 'tls-injection', during: 'STARTTLS' }
        : { kind: 'protocol', during: this.#awaited, text: `the host's answer is ${text}` },
    )
  }

  /** RFC 3207 §6: between the answer to STARTTLS and the handshake the host has nothing to say. */
  get #isInjected(): boolean {
    return this.#replies.command === undefined && this.#during === 'STARTTLS'
  }

  /** RFC 5321 §3.8: 421 may be said at any time, and nothing comes after it. */
  #closing(heard: Heard): void {
    const reply = remembered(heard)
    this.fail({ kind: 'host-closing', during: reply.command, text: quoted(reply), reply })
  }

  #unasked(heard: Heard): void {
    const reply = remembered(heard)
    this.fail(
      this.#isInjected
        ? { kind: 'tls-injection', during: 'STARTTLS', reply }
        : {
            kind: 'protocol',
            during: reply.command,
            text: `the host answers what it was not asked: ${quoted(reply)}`,
            reply,
          },
    )
  }

  readonly #onEnd = (): void => {
    if (this.#handedOver) return
    this.fail({ kind: 'connection-lost', during: this.#awaited })
  }

  readonly #onError = (error: Error): void => {
    // What TLS runs over has no say of its own; the error comes again from above.
    if (this.#handedOver) return
    this.fail({
      kind: 'connection-lost',
      during: this.#awaited,
      text: `the connection broke: ${inWords(error)}`,
    })
  }
}
