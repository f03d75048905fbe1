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
import { type Append, type EventKind, kindOf, type NewEvent, type StoredEvent } from '../log/port.ts'
import { newEventId, now } from './identity.ts'
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
  /** Performs one effect. Called in the order of emission, only after the append. */
  readonly perform: (effect: EffectEmitted) => void
  /** The effects of a barrier have been performed: the actor can go on. */
  readonly passed: () => void
  /** The log failed, or the machine did: the actor must not go on. Called once, at most. */
  readonly failed: (error: Error) => void
}

/** Said beside an input: dialogue lines since the last event, and bodies that must be stored with the fact. */
export type Beside = {
  readonly dialogue?: string
  readonly contents?: Append['contents']
}

/** Facts an actor may hold back before they are handed over anyway. */
const longestWait = 64
const nothing: Beside = {}

export class ActorHost implements Sender {
  readonly stream: string
  readonly #module: MachineModule
  readonly #actor: AnyActor
  readonly #outbox: Outbox
  readonly #kinds: KindCache
  readonly #perform: (effect: EffectEmitted) => void
  readonly #passed: () => void
  readonly #failed: (error: Error) => void
  #revision = -1
  #events: NewEvent[] = []
  #contents: NonNullable<Append['contents']>[number][] = []
  #emitted: Emitted[] = []
  #state: string
  #queue: [input: { type: string }, beside: Beside][] = []
  #atBarrier = false
  #over = false
  #broken = false

  constructor({ module, id, input, outbox, node, past = [], perform, passed, failed }: HostOptions) {
    this.stream = `${module.category}-${id}`
    this.#module = module
    this.#outbox = outbox
    this.#perform = perform
    this.#passed = passed
    this.#failed = failed
    this.#kinds = kindCacheOf(module, node)
    this.#actor = createActor(logicOf(module.machine), { input })
    this.#actor.on('*', (emitted) => {
      this.#emitted.push(emitted as Emitted)
    })
    // Failures are read from the status; without an observer XState would throw them at the whole process.
    this.#actor.subscribe({ error: () => undefined })
    this.#actor.start()
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

  send(input: { readonly type: string }, beside: Beside = nothing): void {
    if (this.#over) return
    if (this.#atBarrier) {
      this.#queue.push([input, beside])
      return
    }
    const from = this.#state
    this.#emitted = []
    this.#actor.send(input)
    const snapshot = this.#actor.getSnapshot()
    // An action that throws leaves no exception behind, only this status.
    if (snapshot.status === 'error') {
      this.#fail(asError(snapshot.error))
      return
    }
    this.#state = stateName(snapshot.value)
    if (snapshot.status === 'done') this.#over = true
    const fact = this.#record(input.type, from, beside)
    if (fact === null) return
    this.#act(fact, this.#emitted)
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
    return append
  }

  appendFailed(error: Error): void {
    this.#fail(error)
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
      void this.#outbox.commit(this).then((stored) => this.#passBarrier(stored, emitted))
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
    this.#failed(error)
  }
}

/** The event kinds a machine makes, found by what is particular to a transition. */
class KindCache {
  readonly #kinds = new Map<string, EventKind>()
  readonly #constant: Readonly<Record<string, string>>

  constructor(module: MachineModule, node: string) {
    this.#constant = {
      machine: module.name,
      machineVersion: String(module.version),
      fingerprint: module.fingerprint,
      node,
    }
  }

  kind(input: string, from: string, to: string, fact: string, emitted: readonly Emitted[]): EventKind {
    let effects = ''
    for (const one of emitted)
      if (one.type === 'effect') effects += effects === '' ? one.name : ` ${one.name}`
    const key = `${input}|${from}|${to}|${fact}|${effects}`
    const known = this.#kinds.get(key)
    if (known) return known
    const kind = kindOf(fact, 1, { ...this.#constant, input, from, to, effects })
    this.#kinds.set(key, kind)
    return kind
  }
}

const caches = new WeakMap<MachineModule, Map<string, KindCache>>()
const kindCacheOf = (module: MachineModule, node: string): KindCache => {
  const ofModule = caches.get(module) ?? new Map<string, KindCache>()
  caches.set(module, ofModule)
  const cache = ofModule.get(node) ?? new KindCache(module, node)
  ofModule.set(node, cache)
  return cache
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
