/**
 * The one gate between a machine and the world: append, then act. An input goes to the actor, whose actions only assign
 * and emit; what it emitted becomes one event and some effects; the event goes to the log; then the effects are performed,
 * after the event is on stable storage where the fact is a barrier.
 */

import { type AnyActor, createActor } from 'xstate'
import { logicOf } from '../../machines/plain.ts'
import {
  type EffectEmitted,
  type Emitted,
  type FactEmitted,
  inputAgain,
  isReply,
  type MachineModule,
} from '../../machines/vocabulary/machine.ts'
import { replyText } from '../../machines/vocabulary/reply.ts'
import { asError } from '../as-error.ts'
import { type Append, type NewEvent, type StoredEvent, WrongRevision } from '../log/port.ts'
import { newEventId, now } from './identity.ts'
import { type KindCache, kindCacheOf } from './kinds.ts'
import type { Outbox, Sender } from './outbox.ts'

export type HostOptions = {
  readonly module: MachineModule
  /** The stream's id; the stream is `<category>-<id>`. */
  readonly id: string
  /** What the machine is created with. */
  readonly input: object
  readonly outbox: Outbox
  readonly node: string
  /** Facts of this actor that are in the log already: it goes on from where they end, and nothing is done again. */
  readonly past?: readonly StoredEvent[]
  /** Who else may write to the stream; absent where nobody may. */
  readonly others?: Others
  /** Performs one effect. Called in the order of emission, only after the append. */
  readonly perform: (effect: EffectEmitted) => void
  /** The effects of a barrier have been performed: the actor can go on. */
  readonly passed: () => void
  /** The log failed, or the machine did: the actor must not go on. Called once, at most. */
  readonly failed: (error: Error) => void
}

/** Other servers may put facts between those of an actor, of kinds that change none of its steps but what it remembers. */
export type Others = {
  /** All facts of the stream. */
  readonly read: () => Promise<readonly StoredEvent[]>
  readonly mayStand: (event: StoredEvent) => boolean
}

/** Said beside an input: dialogue lines since the last event, and bodies that must be stored with the fact. */
export type Beside = {
  readonly dialogue?: string
  readonly contents?: Append['contents']
}

/** Facts an actor may hold back before they are handed over anyway. */
const longestWait = 64
/** How often in a row others may be faster: a reader that lags behind the log may miss their facts. */
const mostRejoined = 8
const nothing: Beside = {}
type Said = readonly [input: { readonly type: string }, beside: Beside]

export class ActorHost implements Sender {
  readonly stream: string
  readonly #module: MachineModule
  #actor: AnyActor
  readonly #outbox: Outbox
  readonly #kinds: KindCache
  readonly #perform: (effect: EffectEmitted) => void
  readonly #passed: () => void
  readonly #failed: (error: Error) => void
  readonly #others: Others | null
  readonly #input: object
  #revision = -1
  #events: NewEvent[] = []
  #contents: NonNullable<Append['contents']>[number][] = []
  #emitted: Emitted[] = []
  #state: string
  #queue: Said[] = []
  #atBarrier = false
  #over = false
  #broken = false
  /** What was said, of which the log does not have the facts yet; kept where others may be faster. */
  #unwritten: Said[] = []
  #taken: Said[] = []
  #rejoined: Promise<boolean> = Promise.resolve(false)
  #lives = 0
  #rejoinings = 0

  constructor(options: HostOptions) {
    const { module, id, input, outbox, node, past = [], perform, passed, failed, others = null } = options
    this.stream = `${module.category}-${id}`
    this.#module = module
    this.#outbox = outbox
    this.#perform = perform
    this.#passed = passed
    this.#failed = failed
    this.#kinds = kindCacheOf(module, node)
    this.#others = others
    this.#input = input
    this.#actor = this.#begun()
    this.#state = stateName(this.#actor.getSnapshot().value)
    for (const event of past) this.#relive(event)
  }

  /** The machine's state, nested ones joined by a dot. */
  get state(): string {
    return this.#state
  }
  /** What the machine remembers. */
  get context(): unknown {
    return this.#actor.getSnapshot().context
  }
  /** True once the machine ended or failed; inputs are then ignored. */
  get over(): boolean {
    return this.#over
  }
  /** True while an append is awaited; inputs then queue. */
  get atBarrier(): boolean {
    return this.#atBarrier
  }

  /** Of what the log last did not take: whether the actor went on behind what others had written. */
  get rejoined(): Promise<boolean> {
    return this.#rejoined
  }

  send(input: { readonly type: string }, beside: Beside = nothing): void {
    if (this.#over) return
    if (this.#atBarrier) {
      this.#queue.push([input, beside])
      return
    }
    const fact = this.#step(input, beside)
    if (fact !== null) this.#act(fact, this.#emitted)
  }

  /** The name of the fact; null where the machine failed. */
  #step(input: { readonly type: string }, beside: Beside): string | null {
    const from = this.#state
    this.#emitted = []
    this.#actor.send(input)
    const snapshot = this.#actor.getSnapshot()
    // An action that throws leaves no exception behind, only this status.
    if (snapshot.status === 'error') {
      this.#fail(asError(snapshot.error))
      return null
    }
    this.#state = stateName(snapshot.value)
    if (snapshot.status === 'done') this.#over = true
    if (this.#others !== null) this.#unwritten.push([input, beside])
    return this.#record(input.type, from, beside)
  }

  takeAppend(): Append | null {
    if (this.#events.length === 0) return null
    const append: Append = {
      stream: this.stream,
      expected: this.#revision,
      events: this.#events,
      ...(this.#contents.length > 0 && { contents: this.#contents }),
    }
    this.#revision += this.#events.length
    this.#events = []
    if (this.#contents.length > 0) this.#contents = []
    this.#taken = this.#unwritten
    this.#unwritten = []
    return append
  }

  appended(): void {
    this.#taken = []
    this.#rejoinings = 0
  }

  appendFailed(error: Error): Promise<unknown> | undefined {
    const isOvertaken = error instanceof WrongRevision && this.#others !== null && !this.#broken
    if (isOvertaken && ++this.#rejoinings <= mostRejoined) {
      this.#rejoined = this.#rejoin(this.#others!, error)
      return this.#rejoined
    }
    this.#rejoined = Promise.resolve(false)
    this.#fail(error)
    return undefined
  }

  /** Others were faster: what was said is said again behind their facts, where those may stand there. What was done is not done again. */
  async #rejoin({ read, mayStand }: Others, error: Error): Promise<boolean> {
    const again = [...this.#taken, ...this.#unwritten]
    const known = this.#revision - this.#taken.length
    this.#atBarrier = true
    this.#lives++
    this.#events = []
    this.#taken = []
    this.#unwritten = []
    try {
      const past = await read()
      if (this.#broken) return false
      if (past.length <= known || !past.slice(known + 1).every(mayStand)) throw error
      this.#actor = this.#begun()
      for (const event of past) this.#relive(event)
      this.#sayAgain(again)
      return !this.#broken
    } catch (fault) {
      this.#fail(asError(fault))
      return false
    }
  }

  /** Only the last of it can be a barrier, whose effects are still to come. */
  #sayAgain(said: readonly Said[]): void {
    let last: string | null = null
    for (const one of said) {
      last = this.#step(...one)
      if (last === null) return
    }
    if (last !== null && this.#module.barriers.has(last)) {
      this.#act(last, this.#emitted)
      return
    }
    this.#outbox.later(this)
    this.#goOn()
  }

  #begun(): AnyActor {
    const actor = createActor(logicOf(this.#module.machine), { input: this.#input })
    actor.on('*', (emitted) => {
      this.#emitted.push(emitted as Emitted)
    })
    // Failures are read from the status; without an observer XState would throw them at the whole process.
    actor.subscribe({ error: () => undefined })
    actor.start()
    return actor
  }

  /** @throws Error where the machine does not go where the log says it went */
  #relive(event: StoredEvent): void {
    const input = inputAgain(this.#module.inputs, event)
    if (typeof input === 'string') throw new Error(`${this.stream} cannot be taken up again: ${input}`)
    this.#actor.send(input)
    const snapshot = this.#actor.getSnapshot()
    this.#state = stateName(snapshot.value)
    if (snapshot.status === 'error' || this.#state !== event.meta.to)
      throw new Error(
        `${this.stream} cannot be taken up again: revision ${event.revision} leads to ${this.#state}`,
      )
    this.#over = snapshot.status === 'done'
    this.#revision = event.revision
  }

  #record(input: string, from: string, { dialogue, contents }: Beside): string | null {
    const fact = this.#emitted.find((emitted): emitted is FactEmitted => emitted.type === 'fact')
    if (fact === undefined) {
      this.#fail(new Error(`${this.#module.name} recorded no fact for ${input} in ${from}`))
      return null
    }
    const at = now()
    const spoken = withReplies(dialogue, this.#emitted)
    const kind = this.#kinds.kind(input, from, this.#state, fact.name, this.#emitted)
    this.#events.push({
      id: newEventId(at),
      kind,
      at,
      data: fact.data,
      ...(spoken !== undefined && { meta: { dialogue: spoken } }),
    })
    if (contents) this.#contents.push(...contents)
    return fact.name
  }

  #act(fact: string, emitted: readonly Emitted[]): void {
    if (this.#module.barriers.has(fact)) {
      this.#atBarrier = true
      const life = this.#lives
      // What others were faster than is told again, and comes to its barrier anew.
      void this.#outbox.commit(this).then((stored) => {
        if (life === this.#lives) this.#passBarrier(stored, emitted)
      })
      return
    }
    if (this.#over || this.#events.length >= longestWait) void this.#outbox.commit(this)
    else this.#outbox.later(this)
    this.#performAll(emitted)
  }

  #passBarrier(stored: boolean, emitted: readonly Emitted[]): void {
    this.#atBarrier = false
    if (!stored) return
    this.#performAll(emitted)
    this.#goOn()
  }

  #goOn(): void {
    this.#atBarrier = false
    this.#passed()
    while (!this.#atBarrier && this.#queue.length > 0) this.send(...this.#queue.shift()!)
  }

  #performAll(emitted: readonly Emitted[]): void {
    for (const one of emitted) if (one.type === 'effect') this.#perform(one)
  }

  #fail(error: Error): void {
    if (this.#broken) return
    this.#broken = true
    this.#over = true
    this.#queue = []
    this.#events = []
    this.#contents = []
    this.#atBarrier = false
    this.#failed(error)
  }
}

/** `a`, or `a.b` for a nested state. */
export const stateName = (value: unknown): string => {
  if (typeof value === 'string') return value
  const [[name, inner]] = Object.entries(value as Record<string, unknown>) as [[string, unknown]]
  return `${name}.${stateName(inner)}`
}

const withReplies = (dialogue: string | undefined, emitted: readonly Emitted[]): string | undefined => {
  let spoken = dialogue
  for (const one of emitted) {
    if (!isReply(one)) continue
    const said = replyText(one).replaceAll('\r\n', '\nS: ')
    spoken = spoken === undefined ? `S: ${said}` : `${spoken}\nS: ${said}`
  }
  return spoken
}
