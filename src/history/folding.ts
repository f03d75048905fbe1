/**
 * Folds every stream of a machine again, in the order of the log. Replayers are kept while their stream goes on, a bounded
 * number of them: the one begun longest ago is put away when there are too many, and made again from its stream when it
 * goes on after all.
 */
import type { MachineModule } from '../../machines/vocabulary/machine.ts'
import { categoryOf, LogDamaged, type LogReader, type StoredEvent } from '../log/port.ts'
import { compare } from './compare.ts'
import type { StreamFinding } from './findings.ts'
import { policyHashOf, readPolicy } from './policies.ts'
import { Replayer } from './replayer.ts'
import { Stage } from './stage.ts'

export type FoldingOptions = {
  readonly log: Pick<LogReader, 'readStream'>
  readonly machines: readonly MachineModule[]
  readonly found: (finding: StreamFinding) => void
  /** Replayers kept at once. */
  readonly open?: number
}

export class Folding {
  readonly #log: Pick<LogReader, 'readStream'>
  readonly #modules: ReadonlyMap<string, MachineModule>
  readonly #found: (finding: StreamFinding) => void
  readonly #most: number
  readonly #open = new Map<string, Replayer>()
  /** By machine and policy; null where the policy is not in the log. */
  readonly #stages = new Map<string, Stage | null>()
  /** Streams with a finding: each is reported once. */
  readonly #bad = new Set<string>()
  streams = 0
  transitions = 0
  diverged = 0
  undecodable = 0
  unknownVersion = 0

  constructor({ log, machines, found, open = 4096 }: FoldingOptions) {
    this.#log = log
    this.#modules = new Map(machines.map((module) => [module.category, module]))
    this.#found = found
    this.#most = open
  }

  get ok(): number {
    return this.streams - this.#bad.size
  }

  /** Folds one event; a promise only where something has to be read first. */
  take(event: StoredEvent): Promise<void> | undefined {
    const replayer = this.#open.get(event.stream)
    if (replayer === undefined) return this.#begin(event)
    if (replayer.revision === event.revision) this.#fold(replayer, event)
    else this.#report(gap(event, replayer.revision))
    return undefined
  }

  #fold(replayer: Replayer, event: StoredEvent): void {
    this.transitions += 1
    const finding = judge(replayer, event)
    if (finding !== null) this.#report(finding)
    else if (replayer.ended) this.#open.delete(event.stream)
  }

  #report(finding: StreamFinding): void {
    this.#open.delete(finding.stream)
    this.#bad.add(finding.stream)
    this[finding.kind] += 1
    this.#found(finding)
  }

  /** The first event of a stream, or the next of one that was put away. */
  #begin(event: StoredEvent): Promise<void> | undefined {
    const module = this.#modules.get(categoryOf(event.stream))
    if (module === undefined && event.meta.machine === undefined) return undefined
    if (event.revision === 0) this.streams += 1
    if (this.#bad.has(event.stream)) return undefined
    if (event.revision > 0) return this.#resume(event)
    const unknown = unknownVersion(event, module)
    if (unknown !== null) {
      this.#report(unknown)
      return undefined
    }
    const stage = this.#stages.get(stageKey(event))
    if (stage === undefined) return this.#setStage(event, module!).then((made) => this.#start(event, made))
    this.#start(event, stage)
    return undefined
  }

  #start(event: StoredEvent, stage: Stage | null): void {
    if (stage === null) {
      this.#report(withoutPolicy(event))
      return
    }
    const replayer = new Replayer(stage)
    this.#keep(event.stream, replayer)
    this.#fold(replayer, event)
  }

  #keep(stream: string, replayer: Replayer): void {
    if (this.#open.size >= this.#most) this.#open.delete(this.#open.keys().next().value!)
    this.#open.set(stream, replayer)
  }

  /** Null where the policy that governs the stream is not in the log, or is none. */
  async #setStage(first: StoredEvent, module: MachineModule): Promise<Stage | null> {
    const known = this.#stages.get(stageKey(first))
    if (known !== undefined) return known
    const hash = policyHashOf(first)
    const policy = hash === null ? undefined : await this.#policy(hash)
    const stage = hash !== null && policy === undefined ? null : stageUnder(module, policy)
    this.#stages.set(stageKey(first), stage)
    return stage
  }

  async #policy(hash: string): Promise<unknown> {
    try {
      return await readPolicy(this.#log, hash)
    } catch (error) {
      if (error instanceof LogDamaged) return undefined
      throw error
    }
  }

  /** Folds what was folded before, silently, then this event. */
  async #resume(event: StoredEvent): Promise<void> {
    const { stream, revision } = event
    const { events, fault, isGone } = await this.#before(stream, revision)
    const [first] = events
    // Forgotten since the event was read: a log gives no event of a stream that is not there.
    if (isGone) return
    if (first === undefined) this.streams += 1 // Its beginning was never seen, so it was not counted.
    if (fault !== null)
      return this.#report({ kind: 'undecodable', stream, revision: events.length, detail: fault })
    if (first === undefined || events.length !== revision) return this.#report(gap(event, events.length))
    const module = this.#modules.get(categoryOf(stream))
    const stage = module === undefined ? null : await this.#setStage(first, module)
    if (stage === null) return
    const replayer = new Replayer(stage)
    for (const earlier of events) replayer.take(earlier)
    this.#keep(stream, replayer)
    this.#fold(replayer, event)
  }

  /** The events of a stream before a revision, as far as they can be read without a gap. */
  async #before(
    stream: string,
    revision: number,
  ): Promise<{ events: StoredEvent[]; fault: string | null; isGone: boolean }> {
    const events: StoredEvent[] = []
    let isGone = true
    try {
      for await (const page of this.#log.readStream(stream)) {
        isGone = false
        for (const event of page)
          if (event.revision === events.length && event.revision < revision) events.push(event)
        if (events.length === revision) break
      }
    } catch (error) {
      if (error instanceof LogDamaged) return { events, fault: error.message, isGone: false }
      throw error
    }
    return { events, fault: null, isGone }
  }
}

/** Null where the machine cannot even begin under such a policy. */
const stageUnder = (module: MachineModule, policy: unknown): Stage | null => {
  try {
    return new Stage(module, policy)
  } catch {
    return null
  }
}

/** Lets it live one event more; null when it did what the log says. */
const judge = (replayer: Replayer, event: StoredEvent): StreamFinding | null => {
  const { stream, revision, type, meta } = event
  const taken = replayer.take(event)
  if (taken.kind === 'undecodable') return { kind: 'undecodable', stream, revision, detail: taken.why }
  if (taken.kind === 'refused') {
    const expected = { event: type, to: meta.to }
    return { kind: 'diverged', stream, revision, expected, got: { fault: taken.why } }
  }
  const difference = compare(event, taken)
  return difference === null ? null : { kind: 'diverged', stream, revision, ...difference }
}

const stageKey = (first: StoredEvent): string => `${categoryOf(first.stream)} ${policyHashOf(first) ?? ''}`

const withoutPolicy = (event: StoredEvent): StreamFinding => ({
  kind: 'undecodable',
  stream: event.stream,
  revision: event.revision,
  detail: `policy ${policyHashOf(event)} is not in the log, or cannot be used`,
})

const gap = ({ stream, revision }: StoredEvent, wanted: number): StreamFinding => ({
  kind: 'diverged',
  stream,
  revision: wanted,
  expected: { revision: wanted },
  got: { revision },
})

const unknownVersion = (
  { stream, revision, meta }: StoredEvent,
  module: MachineModule | undefined,
): StreamFinding | null => {
  const { machine = '', machineVersion = '', fingerprint = '' } = meta
  const found = `${machine} ${machineVersion} (${fingerprint})`
  if (module === undefined || module.name !== machine || String(module.version) !== machineVersion)
    return { kind: 'unknownVersion', stream, revision, detail: `this release has no machine ${found}` }
  if (module.fingerprint === fingerprint) return null
  const detail = `${found} is not the ${machine} ${machineVersion} of this release (${module.fingerprint})`
  return { kind: 'unknownVersion', stream, revision, detail }
}
