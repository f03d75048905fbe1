/**
 * Takes deliveries up when their time has come and there is room: so many at a time in all, so many for each destination,
 * as hard as the destination answers. Deliveries that wait hold no memory here, but those of the next minutes.
 */
import type { DeliveryQueued } from '../../machines/vocabulary/events.ts'
import { type LogReader, WrongRevision } from '../log/port.ts'
import { readPolicy } from '../policies.ts'
import { type ActorOptions, DeliveryActor, type Tools } from './actor.ts'
import type { Backlog } from './backlog.ts'
import { Destination } from './destination.ts'
import { isOver, isUnderWay, readDelivery, type Standing, standingOf } from './standing.ts'
import { type Due, Timetable } from './timetable.ts'

export type CourierOptions = {
  readonly log: Pick<LogReader, 'readStream'>
  readonly tools: Tools
  readonly backlog: Backlog
  readonly concurrency: { readonly total: number; readonly perDestination: number }
  readonly warn: (what: string, error?: Error) => void
}
export type Act = 'RETRY' | 'HOLD' | 'RELEASE' | 'CANCEL'

/** How far ahead due times are held in memory, and how many of them, at most; new mail has as much room again. */
const horizon = 60_000
const mostHeld = 20_000
/** How often the backlog is asked for times that have come nearer. */
const askEvery = 60_000
/** How often destinations that rest are looked at. */
const lookEvery = 1_000
/** Freshly queued deliveries kept awake for their first attempt. */
const mostAwake = 2_000
/** Milliseconds after which a fact that may wait is in the log. */
const untilWritten = 200
/** Milliseconds to wait when the log did not take a fact. */
const restAfterFault = 10_000

export class Courier {
  readonly #options: CourierOptions
  readonly #timetable: Timetable
  readonly #destinations = new Map<string, Destination>()
  /** Attempts under way. */
  readonly #live = new Map<string, { readonly actor: DeliveryActor; readonly destination: Destination }>()
  /** Waiting for their turn or their time, here. */
  readonly #known = new Map<string, Due>()
  readonly #awake = new Map<string, DeliveryActor>()
  readonly #policies = new Map<string, Promise<unknown>>()
  readonly #timers: NodeJS.Timeout[] = []
  #starting = 0
  #isStopped = false
  #isHurried = false
  #emptied: (() => void) | null = null

  constructor(options: CourierOptions) {
    this.#options = options
    this.#timetable = new Timetable({ now: options.tools.now, ring: (due) => this.#ring(due) })
  }

  /** Takes up what an earlier run left, and goes on from there. */
  async begin(): Promise<void> {
    this.#timers.push(
      setInterval(() => this.#askBacklog(), askEvery).unref(),
      setInterval(() => this.#pump(), lookEvery).unref(),
    )
    // One that cannot be relived must not keep the others.
    for (const id of this.#options.backlog.underWay())
      await this.#recover(id).catch((error) =>
        this.#options.warn(`the delivery ${id}, cut off earlier, cannot be taken up`, asError(error)),
      )
    this.#askBacklog()
  }

  /** Writes a new delivery down; it is tried as soon as there is room. One that exists already is left alone. */
  queue(id: string, policy: unknown, queued: DeliveryQueued): void {
    if (this.#live.has(id) || this.#known.has(id) || this.#awake.has(id)) return
    const actor = this.#actor(id, { policy, past: [], queued })
    // Kept awake for its first attempt, where there is room.
    if (this.#awake.size < mostAwake) this.#awake.set(id, actor)
    actor.queue(queued)
  }

  /** What somebody asks of a delivery: the states before and after; null where there is no delivery of that id. */
  async act(
    id: string,
    act: Act,
    by: string,
  ): Promise<{ readonly before: string; readonly after: string } | null> {
    const live = this.#live.get(id)?.actor
    if (live) {
      const before = live.state
      await live.act(act, by)
      return { before, after: live.state }
    }
    this.#forget(id)
    const past = await readDelivery(this.#options.log, id)
    const standing = standingOf(past)
    if (standing === null) return null
    const { state: before, queued, dueAt } = standing
    if (isOver(before)) return { before, after: before }
    const actor = this.#actor(id, { policy: await this.#policy(queued.policy), past, queued })
    if (act === 'RETRY' || act === 'RELEASE') this.#destinations.get(queued.nextHop)?.rouse()
    await actor.act(act, by)
    // What was refused waits for the time it had.
    if (actor.state === before && dueAt !== null && !this.#known.has(id))
      this.#schedule(dueOf(id, standing, dueAt))
    return { before, after: actor.state }
  }

  /** Starts nothing more; attempts under way may end within `grace` milliseconds, then they are given up to be taken up again. */
  async stop(grace: number): Promise<void> {
    this.#isStopped = true
    this.#timetable.stop()
    for (const timer of this.#timers) clearInterval(timer)
    if (this.#live.size > 0) await this.#emptyWithin(this.#isHurried ? 0 : grace)
    for (const { actor } of this.#live.values()) actor.stop()
    await this.#options.tools.outbox.settled()
    await Promise.all([...this.#destinations.values()].map((destination) => destination.close()))
  }

  /** Waits for no attempt any longer. */
  hurry(): void {
    this.#isHurried = true
    if (this.#isStopped) this.#emptied?.()
  }

  #emptyWithin(grace: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, grace)
      this.#emptied = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  // When.

  #askBacklog(): void {
    if (this.#isStopped) return
    try {
      for (const due of this.#options.backlog.due(this.#options.tools.now() + horizon, mostHeld))
        if (!this.#known.has(due.id) && !this.#live.has(due.id)) this.#schedule(due)
    } catch (error) {
      this.#options.warn('what is due could not be read; it is tried again', asError(error))
    }
  }

  #schedule(due: Due): void {
    if (this.#isStopped) return
    const isFar = due.at > this.#options.tools.now() + horizon + askEvery
    const isFull = this.#known.size >= (due.isRetry ? mostHeld : 2 * mostHeld)
    if (isFar || isFull) {
      // The backlog knows it, and is asked again.
      this.#awake.delete(due.id)
      return
    }
    this.#known.set(due.id, due)
    if (due.at <= this.#options.tools.now()) this.#ring([due])
    else this.#timetable.add(due)
  }

  #forget(id: string): void {
    this.#known.delete(id)
    this.#awake.delete(id)
  }

  #ring(due: readonly Due[]): void {
    for (const one of due) {
      // Put off or acted upon since.
      if (this.#known.get(one.id) !== one) continue
      this.#destination(one.nextHop).waiting.push(one)
    }
    this.#pump()
  }

  #destination(nextHop: string): Destination {
    const known = this.#destinations.get(nextHop)
    if (known) return known
    const made = new Destination(nextHop, this.#options.concurrency.perDestination)
    this.#destinations.set(nextHop, made)
    return made
  }

  /** Starts what may be started, destination by destination in turns. */
  #pump(): void {
    if (this.#isStopped) return
    for (let isGoing = true; isGoing; ) {
      isGoing = false
      for (const destination of [...this.#destinations.values()]) {
        if (this.#live.size + this.#starting >= this.#options.concurrency.total) return
        const now = this.#options.tools.now()
        if (destination.isIdleAt(now)) this.#destinations.delete(destination.nextHop)
        if (!destination.hasRoom(now)) continue
        const id = destination.waiting.shift()!
        if (!this.#known.delete(id)) continue
        isGoing = true
        // Whoever had a turn goes to the end.
        this.#destinations.delete(destination.nextHop)
        this.#destinations.set(destination.nextHop, destination)
        void this.#start(id, destination)
      }
    }
  }

  // What.

  async #start(id: string, destination: Destination): Promise<void> {
    destination.active++
    this.#starting++
    try {
      const actor = this.#awake.get(id) ?? (await this.#wake(id, destination.nextHop))
      this.#awake.delete(id)
      this.#starting--
      if (actor === null || this.#isStopped) {
        destination.active--
        return
      }
      this.#live.set(id, { actor, destination })
      actor.start(destination)
    } catch (error) {
      this.#starting--
      destination.active--
      this.#options.warn(`the delivery ${id} could not be taken up; it is tried again`, asError(error))
      this.#again(id, destination.nextHop)
    }
  }

  /** Null for one that is not to be tried now. */
  async #wake(id: string, nextHop: string): Promise<DeliveryActor | null> {
    const past = await readDelivery(this.#options.log, id)
    const standing = standingOf(past)
    if (standing === null) {
      // Queued a moment ago, and not yet in the log.
      setTimeout(
        () => this.#schedule({ id, nextHop, sender: '', at: 0, isRetry: false }),
        untilWritten,
      ).unref()
      return null
    }
    if (standing.dueAt === null || isUnderWay(standing.state)) return null
    if (standing.dueAt > this.#options.tools.now()) return null
    const { queued } = standing
    return this.#actor(id, { past, policy: await this.#policy(queued.policy), queued })
  }

  async #recover(id: string): Promise<void> {
    const past = await readDelivery(this.#options.log, id)
    const standing = standingOf(past)
    if (standing === null || !isUnderWay(standing.state)) return
    const { queued } = standing
    this.#actor(id, { past, policy: await this.#policy(queued.policy), queued }).recover()
  }

  /** An actor that is put to the timetable whenever it rests. */
  #actor(
    id: string,
    { policy, past, queued }: Pick<ActorOptions, 'policy' | 'past'> & { readonly queued: DeliveryQueued },
  ): DeliveryActor {
    const { nextHop, sender } = queued
    const isNew = past.length === 0
    const actor: DeliveryActor = new DeliveryActor({
      ...{ id, policy, past, tools: this.#options.tools },
      rested: (rest) => {
        const wasLive = this.#leave(id, actor)
        if ('error' in rest) this.#unrecorded(id, nextHop, rest.error)
        else if (rest.dueAt !== null)
          this.#schedule({ id, nextHop, sender, at: rest.dueAt, isRetry: wasLive || !isNew })
        this.#pump()
      },
    })
    return actor
  }

  #unrecorded(id: string, nextHop: string, error: Error): void {
    this.#awake.delete(id)
    // It was queued before; or somebody else was faster: what the log says counts.
    if (error instanceof WrongRevision) return
    this.#options.warn(`what became of delivery ${id} could not be recorded; it is taken up again`, error)
    this.#again(id, nextHop)
  }

  /** False where it was not under way: another actor of the same delivery may be. */
  #leave(id: string, actor: DeliveryActor): boolean {
    const live = this.#live.get(id)
    if (live?.actor !== actor) return false
    this.#live.delete(id)
    live.destination.active--
    if (this.#live.size === 0) this.#emptied?.()
    return true
  }

  /** From the log, a little later: what is in memory may be ahead of it. */
  #again(id: string, nextHop: string): void {
    if (this.#isStopped) return
    setTimeout(() => {
      void this.#recover(id)
        .then(() => this.#schedule({ id, nextHop, sender: '', at: this.#options.tools.now(), isRetry: true }))
        .catch((error) => {
          this.#options.warn(`the delivery ${id} cannot be read`, asError(error))
          this.#again(id, nextHop)
        })
    }, restAfterFault).unref()
  }

  #policy(name: string): Promise<unknown> {
    const known = this.#policies.get(name)
    if (known) return known
    const read = readPolicy(this.#options.log, name).then((policy) => {
      if (policy === undefined) throw new Error(`the policy ${name} is not in the log`)
      return policy
    })
    this.#policies.set(name, read)
    read.catch(() => this.#policies.delete(name))
    return read
  }
}

const dueOf = (id: string, { queued, attempts }: Standing, at: number): Due => ({
  ...{ id, at, nextHop: queued.nextHop, sender: queued.sender },
  isRetry: attempts > 0,
})

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))
