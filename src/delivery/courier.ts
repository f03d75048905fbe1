/** Takes deliveries up when it is their turn (`turns.ts`), and knows what is under way; people act on deliveries through it. */
import type { Act } from '../../machines/delivery/inputs.ts'
import type { DeliveryQueued, SendingOver } from '../../machines/vocabulary/events.ts'
import { asError } from '../as-error.ts'
import { type LogReader, WrongRevision } from '../log/port.ts'
import type { Warn } from '../notices.ts'
import { policiesOf } from '../policies.ts'
import { type ActorOptions, DeliveryActor } from './actor.ts'
import type { Backlog } from './backlog.ts'
import type { Destination } from './destination.ts'
import { type Done, doneTo } from './done.ts'
import { messageOf } from './ids.ts'
import { Refill } from './refill.ts'
import { isOver, isUnderWay, readDelivery, type Standing, standingOf } from './standing.ts'
import type { Due } from './timetable.ts'
import type { Tools } from './tools.ts'
import { type Concurrency, horizon, Turns } from './turns.ts'
import { Wires } from './wires.ts'

export type CourierOptions = {
  readonly log: Pick<LogReader, 'readStream'>
  readonly tools: Tools
  readonly backlog: Backlog
  readonly concurrency: Concurrency
  readonly info: (what: string) => void
  readonly warn: Warn
}

/** How often the backlog is asked for times that have come nearer, in milliseconds. */
const askEvery = horizon
/** How often destinations that rest, and those left out for want of room, are looked at. */
const lookEvery = 1_000
/** Freshly queued deliveries kept awake for their first attempt. */
const mostAwake = 2_000
/** Milliseconds to wait when the log did not take a fact. */
const restAfterFault = 10_000
/** How often in a row something is asked of a delivery whose server records one fact after the other meanwhile. */
const mostAsked = 10

export class Courier {
  readonly #options: CourierOptions
  readonly #turns: Turns
  readonly #refill: Refill
  readonly #wires = new Wires()
  /** Attempts under way. */
  readonly #live = new Map<string, { readonly actor: DeliveryActor; readonly destination: Destination }>()
  readonly #awake = new Map<string, DeliveryActor>()
  /** The log did not take a fact of theirs: they are looked at again, by one. */
  readonly #troubled = new Set<string>()
  readonly #policy: (name: string) => Promise<unknown>
  readonly #timers: NodeJS.Timeout[] = []
  #isStopped = false
  #isHurried = false
  #emptied: (() => void) | null = null

  constructor(options: CourierOptions) {
    const { tools, backlog, concurrency } = options
    this.#options = options
    this.#policy = policiesOf(options.log)
    this.#turns = new Turns({
      ...{ concurrency, wires: this.#wires, now: tools.now },
      destinationOf: (nextHop) => tools.routes.destination(nextHop),
      paceOf: (destination) => backlog.pace(destination),
      mayStart: () => tools.members.isAlive(),
      start: (due, destination) => void this.#start(due, destination),
    })
    this.#refill = new Refill({ backlog, tools, turns: this.#turns, isBusy: (id) => this.#isBusy(id) })
  }

  /** Takes up what an earlier run left, and goes on from there. */
  async begin(): Promise<void> {
    this.#timers.push(
      setInterval(() => this.#ask(() => this.#refill.ask()), askEvery).unref(),
      setInterval(() => this.#ask(() => this.#look()), lookEvery).unref(),
    )
    await this.takeOver()
  }

  /** Goes on with what was left by this server's earlier run, and by servers that live no more. */
  async takeOver(): Promise<void> {
    const { backlog, info } = this.#options
    const left = backlog
      .underWay()
      .filter(({ node }) => this.#isLeftBy(node))
      .filter(({ id }) => !this.#isBusy(id))
    let made = 0
    for (const { id } of left) if (await this.#retake(id)) made++
    if (made > 0) info(`attempts that were cut off are made again: ${made}`)
    this.#ask(() => this.#refill.ask())
  }

  /** What this server had under way and has no more, or what one had that lives no more: nobody makes it. */
  #isLeftBy(node: string): boolean {
    const { members, node: own } = this.#options.tools
    const others = members.others()
    return node === own || (others !== null && !others.includes(node))
  }

  #warn(delivery: string, what: string, error: unknown): void {
    const about = { message: messageOf(delivery), delivery }
    this.#options.warn(`the delivery ${delivery} ${what}`, asError(error), about)
  }

  /** One that cannot be relived must not keep the others. */
  #retake(id: string): Promise<boolean> {
    return this.#recover(id, true).then(
      (standing) => standing === 'lost',
      (error) => {
        this.#warn(id, 'was cut off earlier, and cannot be taken up now', error)
        this.#again(id)
        return false
      },
    )
  }

  #look(): void {
    this.#turns.look()
    this.#refill.askAgain()
  }

  /** Writes a new delivery down; it is tried as soon as there is room, or held. One that exists already is left alone. */
  queue(id: string, policy: unknown, queued: DeliveryQueued, over: SendingOver | null = null): void {
    if (this.#live.has(id) || this.#turns.has(id) || this.#awake.has(id)) return
    const actor = this.#actor(id, { policy, past: [], queued })
    // Kept awake for its first attempt, where there is room.
    if (over === null && this.#awake.size < mostAwake) this.#awake.set(id, actor)
    actor.queue(queued, over)
  }

  /** What somebody asks of a delivery. @throws where the log does not take it */
  async act(id: string, act: Act, by: string): Promise<Done> {
    for (let asked = 1; ; asked++)
      try {
        return await this.#act(id, act, by)
      } catch (error) {
        // An attempt began at the same moment, here or elsewhere: then it is asked.
        if (!(error instanceof WrongRevision) || asked === mostAsked) throw error
      }
  }

  /** Ways lead elsewhere now, and there is other room. */
  reroute(concurrency: Concurrency): void {
    this.#turns.reroute(concurrency)
  }

  get now(): Turns['now'] {
    return this.#turns.now
  }

  /** Starts nothing more; attempts under way may end within `grace` milliseconds, then they are given up to be taken up again. */
  async stop(grace: number): Promise<void> {
    this.#isStopped = true
    this.#turns.stop()
    for (const timer of this.#timers) clearInterval(timer)
    // Where nothing was sent yet there is nothing to wait for.
    for (const { actor } of this.#live.values()) if (actor.state !== 'sending') actor.stop()
    await this.#options.tools.outbox.settled()
    if (this.#live.size > 0) {
      this.#options.info(this.#waitingText(grace))
      await this.#emptyWithin(this.#isHurried ? 0 : grace)
    }
    for (const { actor } of this.#live.values()) actor.stop()
    await this.#options.tools.outbox.settled()
    await this.#wires.close()
  }

  /** Waits for no attempt any longer. */
  hurry(): void {
    this.#isHurried = true
    if (this.#isStopped) this.#emptied?.()
  }

  #waitingText(grace: number): string {
    const to = [...new Set([...this.#live.values()].map(({ destination }) => destination.name))]
    const named = to.length > 3 ? `${to.length} destinations` : to.join(', ')
    return `mail is on its way to ${named}: waiting for its answer, ${Math.round(grace / 1000)} s at most`
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

  async #act(id: string, act: Act, by: string): Promise<Done> {
    const live = this.#live.get(id)?.actor
    if (live) return doneTo(live, { act, by })
    this.#turns.forget(id)
    const queued = this.#awake.get(id)
    this.#awake.delete(id)
    await queued?.written()
    const past = await readDelivery(this.#options.log, id)
    const standing = standingOf(past)
    return standing === null ? null : this.#actOn({ id, past, standing }, act, by)
  }

  async #actOn({ id, past, standing }: Found, act: Act, by: string): Promise<Done> {
    const { state: before, queued, dueAt } = standing
    if (isOver(before)) return { before, after: before }
    const actor = this.#actor(id, { policy: await this.#policy(queued.policy), past, queued })
    // An attempt that nobody makes any more: it was cut off.
    if (isUnderWay(before) && this.#isLeftBy(standing.node)) actor.recover(true)
    if (act === 'RETRY' || act === 'RELEASE') this.#turns.rouse(queued.nextHop)
    const done = await doneTo(actor, { act, by, before })
    // What was refused waits for the time it had.
    if (actor.state === before && dueAt !== null && !this.#turns.has(id))
      this.#turns.add(dueOf(id, standing, dueAt))
    return done
  }

  #isBusy(id: string): boolean {
    return this.#live.has(id) || this.#troubled.has(id)
  }

  // When.

  #ask(ask: () => void): void {
    if (this.#isStopped) return
    try {
      ask()
    } catch (error) {
      this.#options.warn('what is due could not be read; it is tried again', asError(error))
    }
  }

  /** Puts it to the timetable; without room there it sleeps, and the backlog knows it. */
  #schedule(due: Due): void {
    if (!this.#turns.add(due)) this.#awake.delete(due.id)
  }

  // What.

  async #start(due: Due, destination: Destination): Promise<void> {
    const { id } = due
    try {
      const actor = this.#awake.get(id) ?? (await this.#wake(due))
      this.#awake.delete(id)
      if (actor === null || this.#isStopped) {
        this.#turns.left(destination)
        return
      }
      this.#live.set(id, { actor, destination })
      actor.start(destination)
    } catch (error) {
      this.#turns.left(destination)
      this.#warn(id, 'could not be taken up; it is tried again', error)
      this.#again(id)
    }
  }

  /** Null for one that is not to be tried now, whatever the views say. */
  async #wake({ id }: Due): Promise<DeliveryActor | null> {
    const past = await readDelivery(this.#options.log, id)
    const standing = standingOf(past)
    if (standing === null || standing.dueAt === null || isUnderWay(standing.state)) return null
    const { queued, dueAt } = standing
    if (dueAt > this.#options.tools.now()) {
      this.#schedule(dueOf(id, standing, dueAt))
      return null
    }
    return this.#actor(id, { past, policy: await this.#policy(queued.policy), queued })
  }

  /** Where it stands; `lost` where an attempt had been cut off, which is ended now. */
  async #recover(id: string, crashed: boolean): Promise<Standing | 'lost' | null> {
    const past = await readDelivery(this.#options.log, id)
    const standing = standingOf(past)
    if (standing === null || !isUnderWay(standing.state) || this.#live.has(id)) return standing
    const { queued } = standing
    this.#actor(id, { past, policy: await this.#policy(queued.policy), queued }).recover(crashed)
    return 'lost'
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
      read: () => readDelivery(this.#options.log, id),
      rested: (rest) => {
        const wasLive = this.#leave(id, actor)
        if ('error' in rest) this.#unrecorded(id, rest.error)
        else if (rest.dueAt !== null) {
          const due = { id, nextHop, sender, at: rest.dueAt, isRetry: wasLive || !isNew }
          if (due.isRetry || this.#awake.get(id) === actor) this.#schedule(due)
          // It sleeps, and is woken from the log: not before it is there.
          else void actor.written().then((isWritten) => isWritten && this.#schedule(due))
        }
      },
    })
    return actor
  }

  #unrecorded(id: string, error: Error): void {
    this.#awake.delete(id)
    // It was queued before; or somebody else was faster: what the log says counts.
    if (error instanceof WrongRevision) return
    this.#turns.forget(id)
    this.#warn(id, 'could not be recorded; it is taken up again', error)
    this.#again(id)
  }

  /** False where it was not under way: another actor of the same delivery may be. */
  #leave(id: string, actor: DeliveryActor): boolean {
    const live = this.#live.get(id)
    if (live?.actor !== actor) return false
    this.#live.delete(id)
    this.#turns.left(live.destination)
    if (this.#live.size === 0) this.#emptied?.()
    return true
  }

  /** From the log, a little later: what is in memory may be ahead of it. What never came there is owed, and queued anew. */
  #again(id: string): void {
    if (this.#isStopped || this.#troubled.has(id)) return
    this.#troubled.add(id)
    setTimeout(() => {
      void this.#recover(id, false)
        .then((standing) => {
          this.#troubled.delete(id)
          if (standing !== null && standing !== 'lost' && standing.dueAt !== null && !this.#turns.has(id))
            this.#schedule(dueOf(id, standing, standing.dueAt))
        })
        .catch((error) => {
          this.#warn(id, 'cannot be read', error)
          this.#troubled.delete(id)
          this.#again(id)
        })
    }, restAfterFault).unref()
  }
}

type Found = {
  readonly id: string
  readonly past: ActorOptions['past']
  readonly standing: Standing
}

const dueOf = (id: string, { queued, attempts }: Standing, at: number): Due => ({
  ...{ id, at, nextHop: queued.nextHop, sender: queued.sender },
  isRetry: attempts > 0,
})
