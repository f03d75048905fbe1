/** A subscription to everything: catches up, says so, goes live; falls behind when too much waits, and catches up again. */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { dropped } from './errors.ts'
import { type Filter, filterOf } from './filter.ts'
import type { Host } from './host.ts'
import type { LogRecord } from './log.ts'
import { type Streams, streams, timestamp } from './messages.ts'
import type { Outlet } from './outlet.ts'
import { allAfter, allForwards, type Page, type Place } from './pages.ts'
import { Wakes } from './wakes.ts'

const before: Place = { commit: -1, prepare: -1 }
const placed = (position: number): Place => ({ commit: position, prepare: position })

const startOf = (host: Host, options: Streams.ReadReq.Options): Place => {
  const all = options.getAll()
  const position = all?.getPosition()
  if (all?.hasStart()) return before
  if (position === undefined) return placed(host.log.records.at(-1)?.position ?? -1)
  return { commit: Number(position.getCommitPosition()), prepare: Number(position.getPreparePosition()) }
}

export const subscribeToAll = async (
  host: Host,
  outlet: Outlet,
  options: Streams.ReadReq.Options,
): Promise<void> => {
  const filter = filterOf(options)
  const subscription = new Following(host, outlet, filter, startOf(host, options))
  const forget = host.keepSubscription(() => outlet.fail(dropped()))
  try {
    await subscription.run()
  } finally {
    forget()
  }
}

class Following {
  readonly #host: Host
  readonly #outlet: Outlet
  readonly #filter: Filter | undefined
  readonly #wakes: Wakes
  /** The event or checkpoint last sent: what follows is after it. */
  #at: Place
  #lastCheckpoint = -1
  /** Events looked at since the last checkpoint. */
  #considered = 0

  constructor(host: Host, outlet: Outlet, filter: Filter | undefined, at: Place) {
    this.#host = host
    this.#outlet = outlet
    this.#filter = filter
    this.#at = at
    this.#wakes = new Wakes(host.log)
  }

  async run(): Promise<void> {
    try {
      await this.#send((said) =>
        said.setConfirmation(new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(randomUUID())),
      )
      while (!this.#outlet.gone) {
        if (this.#isBehind()) await this.#catchUp()
        await this.#sayCaughtUp()
        await this.#live()
        if (!this.#outlet.gone) await this.#sayFellBehind()
      }
    } finally {
      this.#wakes.stop()
    }
  }

  #isBehind(): boolean {
    return this.#at.commit < (this.#host.log.records.at(-1)?.position ?? -1)
  }

  async #catchUp(): Promise<void> {
    this.#considered = 0
    let from: Place | undefined = this.#at.commit < 0 ? placed(0) : this.#at
    while (from && !this.#outlet.gone) {
      if (this.#host.faults.readLatency > 0) await pause(this.#host.faults.readLatency)
      const page: Page = allForwards(this.#host.log, from)
      for (const record of page.records) {
        if (record.position > this.#at.commit) await this.#offer(record)
      }
      const last = page.records.at(-1)
      if (last && last.position > this.#at.commit) this.#at = placed(last.position)
      // Having reached the end counts as a checkpoint, whatever the interval.
      if (page.next === undefined || this.#isDue(page.records.length)) await this.#checkpoint()
      from = page.next
    }
  }

  async #live(): Promise<void> {
    this.#considered = 0
    for (;;) {
      await this.#outlet.until(this.#wakes.next())
      if (this.#outlet.gone) return
      if (this.#host.faults.silent) continue
      // A start beyond the end stays there: what is written before it is never shown.
      const page = allAfter(this.#host.log, this.#at.commit)
      if (page.next) return
      for (const record of page.records) {
        await this.#offer(record)
        this.#at = placed(record.position)
        if (this.#isDue(1)) await this.#checkpoint()
      }
    }
  }

  #isDue(more: number): boolean {
    if (this.#filter === undefined) return false
    this.#considered += more
    if (this.#considered < this.#filter.checkpointInterval) return false
    this.#considered %= this.#filter.checkpointInterval
    return true
  }

  async #offer(record: LogRecord): Promise<void> {
    if (this.#filter && !this.#filter.passes(record)) return
    this.#at = placed(record.position)
    await this.#outlet.event(record)
  }

  async #checkpoint(): Promise<void> {
    if (this.#filter === undefined || this.#at.commit <= this.#lastCheckpoint) return
    this.#lastCheckpoint = this.#at.commit
    const { commit, prepare } = this.#at
    await this.#send((said) =>
      said.setCheckpoint(
        new streams.ReadResp.Checkpoint()
          .setCommitPosition(String(commit))
          .setPreparePosition(String(prepare)),
      ),
    )
  }

  async #sayCaughtUp(): Promise<void> {
    const caughtUp = new streams.ReadResp.CaughtUp()
    if (this.#host.saysWhere) caughtUp.setTimestamp(now()).setPosition(this.#position())
    await this.#send((said) => said.setCaughtUp(caughtUp))
  }

  /** Servers before 25 keep it to themselves. */
  async #sayFellBehind(): Promise<void> {
    if (this.#host.saysWhere) {
      const fellBehind = new streams.ReadResp.FellBehind().setTimestamp(now()).setPosition(this.#position())
      await this.#send((said) => said.setFellBehind(fellBehind))
    }
    await this.#checkpoint()
  }

  #position(): Streams.ReadResp.Position {
    const at = String(Math.max(0, this.#at.commit))
    return new streams.ReadResp.Position().setCommitPosition(at).setPreparePosition(at)
  }

  async #send(fill: (said: Streams.ReadResp) => Streams.ReadResp): Promise<void> {
    await this.#outlet.send(fill(new streams.ReadResp()))
  }
}

export const now = () => timestamp.Timestamp.fromDate(new Date())
