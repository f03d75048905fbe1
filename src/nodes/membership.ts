/** Says to the others on the same log that this server lives, again and again, and hears from them; see the README beside. */

import type { NodeAlive } from '../../machines/vocabulary/events.ts'
import { newEventId, now } from '../actors/identity.ts'
import { asError } from '../as-error.ts'
import { type EventLog, kindOf, type NewEvent, type StoredEvent, WrongRevision } from '../log/port.ts'
import { elapsedBy } from './elapsed.ts'

export type Membership = {
  readonly node: string
  /** Others do not take this server for dead yet: it may act. */
  isAlive(): boolean
  /**
   * Which of its lives this is. Who was silent for its lease has been taken for dead: it begins another, and what it did before may be
   * somebody else's by now.
   */
  life(): number
  /** Others that were heard of within their lease; null in the first lease, when nobody can be known to be silent. */
  others(): readonly string[] | null
  /** Tells the others that this server has ended in order. */
  leave(): Promise<void>
}

export type MembershipOptions = {
  readonly log: EventLog
  readonly node: string
  /** Tells two servers of the same name apart. */
  readonly instance: string
  /** Milliseconds after which others take a silent server for dead. */
  readonly lease: number
  /** Marks of our keys for return paths, of the one that signs first. */
  readonly returnPaths?: readonly string[] | undefined
  /** Milliseconds from any beginning, never going back, whatever is done to the system's clock. */
  readonly elapsed?: () => number
  /** What others left may be taken over: one of them ended or is silent, or the first lease is over. */
  readonly vacated: () => void
  /** Another server has taken this one's name: it must end. */
  readonly ousted: (error: NodeNameTaken) => void
  readonly warn: (what: string, error?: Error) => void
}

/** Two servers of one name would undo each other's work. */
export class NodeNameTaken extends Error {
  override readonly name = 'NodeNameTaken'
  constructor(node: string) {
    super(
      `another server on this log calls itself ${node}; give each its own name (\`node\` in the configuration)`,
    )
  }
}

/** How often it is said within one lease. */
const saidPerLease = 3
/** Words of its own that a server keeps, and how often it looks: a stream of them must not grow for ever. */
const wordsKept = 20
/** Of the lease, which this server does not use: clocks do not run at quite the same rate. */
const margin = 0.1

const category = 'node'
const streamOf = (node: string): string => `${category}-${node}`

type Heard = { readonly instance: string; readonly lease: number; readonly at: number }

/**
 * Joins the servers on the log. A name that a server used which ended without a word is taken over once its lease is over.
 * @throws NodeNameTaken where a server of this name lives; what the log throws
 */
export const join = async (options: MembershipOptions): Promise<Membership> => {
  const member = new Member(options)
  await member.begin()
  return member
}

class Member implements Membership {
  readonly node: string
  readonly #options: MembershipOptions
  readonly #elapsed: () => number
  readonly #following = new AbortController()
  readonly #heard = new Map<string, Heard>()
  readonly #strangeKeys = new Set<string>()
  #revision = -1
  #aliveUntil = 0
  #life = 0
  #isSaying = false
  /** What was last said may or may not be in the log. */
  #isUnsure = false
  #knowsAllFrom = Number.POSITIVE_INFINITY
  #saying: NodeJS.Timeout | null = null
  #watching: NodeJS.Timeout | null = null
  #vacating: NodeJS.Timeout | null = null
  #waiters: (() => void)[] = []

  constructor(options: MembershipOptions) {
    this.#options = options
    this.node = options.node
    this.#elapsed = options.elapsed ?? elapsedBy()
  }

  isAlive(): boolean {
    return this.#elapsed() < this.#aliveUntil
  }

  life(): number {
    return this.#life
  }

  others(): readonly string[] | null {
    if (this.#elapsed() < this.#knowsAllFrom) return null
    return [...this.#heard.keys()].filter((node) => node !== this.node)
  }

  async begin(): Promise<void> {
    const { log, lease } = this.#options
    for await (const page of log.readStream(streamOf(this.node))) for (const event of page) this.#hear(event)
    void this.#follow(await log.tail())
    await this.#nameIsFree()
    await this.#say()
    this.#saying = setInterval(() => void this.#sayAgain(), lease / saidPerLease).unref()
    this.#watching = setInterval(() => this.#watch(), lease / 10).unref()
  }

  async leave(): Promise<void> {
    this.#end()
    await this.#append('NodeLeft', { node: this.node, instance: this.#options.instance }).catch(
      (error: Error) =>
        this.#options.warn('the other servers could not be told that this one ends; they will notice', error),
    )
  }

  #end(): void {
    this.#aliveUntil = 0
    if (this.#saying !== null) clearInterval(this.#saying)
    if (this.#watching !== null) clearInterval(this.#watching)
    if (this.#vacating !== null) clearTimeout(this.#vacating)
    this.#following.abort()
  }

  /** Waits until who bears our name has been silent for as long as it said. @throws NodeNameTaken when it was not */
  async #nameIsFree(): Promise<void> {
    const before = this.#heard.get(this.node)
    if (before === undefined || before.instance === this.#options.instance) return
    const silent = await this.#silentFor(before)
    if (!silent) {
      this.#end()
      throw new NodeNameTaken(this.node)
    }
  }

  /** False as soon as it is heard of again. */
  #silentFor(before: Heard): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(true), Math.max(0, before.at + before.lease - this.#elapsed()))
      this.#waiters.push(() => {
        const heard = this.#heard.get(this.node)
        if (heard === before) return
        clearTimeout(timer)
        resolve(heard === undefined)
      })
    })
  }

  async #say(): Promise<void> {
    const { instance, lease, returnPaths } = this.#options
    // Counted from before it is said: the others hear it later.
    const from = this.#elapsed()
    await this.#append('NodeAlive', {
      ...{ node: this.node, instance, lease },
      ...(returnPaths && { returnPaths }),
    })
    // Who could not speak could not hear either: for a lease nobody is known to be silent.
    if (!this.isAlive()) {
      this.#life++
      this.#listenAnew()
    }
    this.#aliveUntil = from + lease * (1 - margin)
  }

  #listenAnew(): void {
    const { lease, vacated } = this.#options
    this.#knowsAllFrom = this.#elapsed() + lease
    if (this.#vacating !== null) clearTimeout(this.#vacating)
    this.#vacating = setTimeout(vacated, lease).unref()
  }

  async #sayAgain(): Promise<void> {
    // A log that is slow to answer is not asked twice at a time.
    if (this.#isSaying) return
    this.#isSaying = true
    try {
      await ((await this.#isOurs()) ? this.#say() : this.#oust())
    } catch (error) {
      if (this.#following.signal.aborted) return
      this.#isUnsure = true
      if (!(error instanceof WrongRevision))
        this.#options.warn('the log could not be told that this server lives', asError(error))
    } finally {
      this.#isSaying = false
    }
  }

  /** After a failure the last word under our name may be one of ours that was taken for lost, or another server's. */
  async #isOurs(): Promise<boolean> {
    if (!this.#isUnsure) return true
    let last: StoredEvent | null = null
    for await (const page of this.#options.log.readStream(streamOf(this.node))) last = page.at(-1) ?? last
    this.#isUnsure = false
    if (last === null) return true
    this.#revision = last.revision
    return last.data.instance === this.#options.instance
  }

  #oust(): void {
    this.#end()
    this.#options.ousted(new NodeNameTaken(this.node))
  }

  async #append(type: 'NodeAlive' | 'NodeLeft', data: object): Promise<void> {
    const at = now()
    const event: NewEvent = { id: newEventId(at), kind: kindOf(type, 1, { node: this.node }), at, data }
    await this.#options.log.append([
      { stream: streamOf(this.node), expected: this.#revision, events: [event] },
    ])
    this.#revision++
    if (this.#revision % wordsKept === 0) this.#forgetOldWords()
  }

  /** Only the last one matters; what could not be forgotten now is forgotten the next time. */
  #forgetOldWords(): void {
    const { log, warn } = this.#options
    const beginning = { stream: streamOf(this.node), before: this.#revision - wordsKept }
    if (beginning.before > 0)
      log
        .forget({ beginnings: [beginning] })
        .catch((error) => warn('earlier words of this server could not be forgotten', asError(error)))
  }

  async #follow(after: number): Promise<void> {
    const { log, lease, warn } = this.#options
    const { signal } = this.#following
    let next = after
    while (!signal.aborted)
      try {
        for await (const page of log.subscribe(next, { filter: { categories: [category] }, signal }))
          for (const event of page) {
            next = event.position
            this.#hear(event)
            for (const told of this.#waiters) told()
          }
      } catch (error) {
        if (signal.aborted) return
        // Who is not heard is not dead.
        this.#knowsAllFrom = Number.POSITIVE_INFINITY
        warn('the other servers are not heard; it is tried again', asError(error))
        await new Promise((resolve) => setTimeout(resolve, lease / saidPerLease).unref())
        this.#listenAnew()
      }
  }

  #hear({ type, stream, revision, data }: StoredEvent): void {
    // What servers append here is what the vocabulary says.
    const { node, instance, lease } = data as NodeAlive
    if (stream === streamOf(this.node) && this.#aliveUntil === 0)
      this.#revision = Math.max(this.#revision, revision)
    if (type === 'NodeAlive') {
      this.#compareKeys(data as NodeAlive)
      this.#heard.set(node, { instance, lease, at: this.#elapsed() })
    } else if (this.#heard.delete(node) && node !== this.node) this.#options.vacated()
  }

  /** Said once of each server and key: reports on what it forwards may come to us, and the other way round. */
  #compareKeys({ node, returnPaths: theirs }: NodeAlive): void {
    const { returnPaths: ours, warn } = this.#options
    const signs = theirs?.[0]
    if (node === this.node || signs === undefined || ours === undefined || ours.includes(signs)) return
    if (this.#strangeKeys.has(signs)) return
    this.#strangeKeys.add(signs)
    warn(
      `the server ${node} signs return paths with a key that is not known here: reports on mail it forwards are refused by this server; give all servers the same file, \`returnPathKey\``,
    )
  }

  #watch(): void {
    for (const [node, { at, lease }] of this.#heard) {
      if (node === this.node || this.#elapsed() < at + lease) continue
      this.#heard.delete(node)
      this.#options.vacated()
    }
  }
}
