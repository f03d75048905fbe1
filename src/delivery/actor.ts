/**
 * One delivery while it is awake: its machine, and what its effects do in the world. It wakes to be queued, tried, or acted
 * upon, and rests again: what it must remember is in the log.
 */
import type { DeliveryContext } from '../../machines/delivery/context.ts'
import { delivery } from '../../machines/delivery/index.ts'
import type { Act, DeliveryInput } from '../../machines/delivery/inputs.ts'
import { mayWait } from '../../machines/delivery/judgements.ts'
import type {
  AttemptFault,
  DeliveryQueued,
  NoticeOwed,
  RecipientOutcome,
  RemoteHost,
  Route,
  SendingOver,
} from '../../machines/vocabulary/events.ts'
import type { EffectEmitted } from '../../machines/vocabulary/machine.ts'
import { ActorHost } from '../actors/host.ts'
import { type ActorOptions, heldFor, type Rest } from './awake.ts'
import type { Destination } from './destination.ts'
import { envelopeOf, hasRecipients } from './envelope.ts'
import { bounded, contentOf, unforeseen } from './faults.ts'
import { findRoute } from './finding.ts'
import { Lease } from './lease.ts'
import { HostFailed, NoRoute, type Wire } from './port.ts'
import { becauseOfPolicy, mustBeSecure, suits } from './secure-way.ts'
import { isAside, isUnderWay, settledIn, standingOf, withSettled } from './standing.ts'
import type { Tools } from './tools.ts'
import { withheldFrom } from './withheld.ts'

export type { ActorOptions, Rest }

/** Effects by which it rests. */
const rests: ReadonlySet<string> = new Set(['startTimer', 'rest', 'finish'])

export class DeliveryActor {
  readonly id: string
  readonly #tools: Tools
  readonly #rested: (rest: Rest) => void
  readonly #host: ActorHost
  readonly #abort = new AbortController()
  #queued: DeliveryQueued | null
  #settled: ReadonlySet<string>
  #withheld: readonly RecipientOutcome[] = []
  readonly #heard: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []
  #lines: string[] = []
  #startedAt = 0
  #life = 0
  #lease: Lease | null = null
  #destination: Destination | null = null
  #route: Route | null = null
  #hosts: RemoteHost[] = []
  /** Hosts with which TLS failed, and which may be spoken to without. */
  readonly #inClear = new Set<RemoteHost>()
  #wire: Wire | null = null
  #isReused = false
  /** What kept us from a host that may take the mail another time. */
  #passing: AttemptFault | null = null
  #mayKeepWires = true
  #isToSend = false
  #isStopped = false
  #isHeldBack = false

  constructor({ id, policy, past, read, tools, rested }: ActorOptions) {
    this.id = id
    this.#tools = tools
    this.#rested = rested
    this.#queued = standingOf(past)?.queued ?? null
    this.#settled = settledIn(past)
    this.#host = new ActorHost({
      module: delivery,
      id,
      input: { policy: policy as object },
      outbox: tools.outbox,
      node: tools.node,
      past,
      others: { read, mayStand: isAside },
      perform: (effect) => this.#perform(effect),
      passed: () => this.#pass(),
      failed: (error) => {
        for (const { reject } of this.#heard.splice(0)) reject(error)
        this.#rest({ error })
      },
    })
  }

  get state(): string {
    return this.#host.state
  }

  /** What is to be done when the attempt under way has ended. */
  get noted(): 'hold' | 'cancel' | null {
    return this.#context.noted?.act ?? null
  }

  /** What this machine remembers is what it says. */
  get #context(): DeliveryContext {
    return this.#host.context as DeliveryContext
  }

  /** With `over` it is held in the same breath: it has no turn before somebody releases it. */
  queue(queued: DeliveryQueued, over: SendingOver | null = null): void {
    this.#queued = queued
    this.#isHeldBack = over !== null
    this.#tell({ type: 'QUEUE', ...queued })
    if (over !== null) this.#tell(heldFor(over, this.#tools.now()))
  }

  /** Hands over what it recorded; resolves when that is in the log, or was not taken (false). */
  async written(): Promise<boolean> {
    // Where others were faster it is handed over again.
    while (!(await this.#tools.outbox.commit(this.#host))) if (!(await this.#host.rejoined)) return false
    return true
  }

  /** Its turn has come: begins an attempt; or leaves the turn out, where the destination rests and nothing is to be said. */
  start(destination: Destination): void {
    this.#destination = destination
    const startedAt = this.#tools.now()
    const restingUntil = destination.restAt(startedAt)
    if (restingUntil !== null && mayWait(this.#context, startedAt)) {
      this.#tell({ type: 'POSTPONE', postponedAt: startedAt, destination: destination.name, restingUntil })
      return
    }
    this.#startedAt = startedAt
    this.#life = this.#tools.members.life()
    this.#lease = new Lease({ size: this.#queued!.size, end: () => this.#abort.abort() })
    this.#tell({
      ...{ type: 'START', startedAt, destination: destination.name },
      ...{ node: this.#tools.node, leaseUntil: startedAt + this.#lease.length },
    })
  }

  /** The attempt that its history ends with was cut off: by the end of a server, or because the log did not take what came of it. */
  recover(crashed: boolean): void {
    this.#lose(crashed)
  }

  #lose(crashed: boolean): void {
    this.#tell({ type: 'LOST', foundAt: this.#tools.now(), crashed })
  }

  /** Resolves when what came of it is recorded; where it ends the attempt, that too. @throws what kept the log from taking it */
  async act(act: Act, by: string): Promise<void> {
    this.#tell({ type: act, actedAt: this.#tools.now(), by })
    if (this.#isUnsettled) await new Promise<void>((resolve, reject) => this.#heard.push({ resolve, reject }))
  }

  /** Gives up the attempt under way, to be taken up again after the next start. */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#abort.abort()
    this.#wire?.destroy()
    if (isUnderWay(this.#host.state)) this.#lose(false)
  }

  #tell(input: DeliveryInput): void {
    const dialogue = this.#lines.join('\n')
    this.#lines = []
    this.#host.send(input, dialogue === '' ? {} : { dialogue })
  }

  #perform(effect: EffectEmitted): void {
    // What was begun before it was stopped is nobody's any more.
    if (this.#isStopped && !rests.has(effect.name)) return
    switch (effect.name) {
      case 'resolve':
        void this.#resolve()
        return
      case 'connect':
        this.#connectNext()
        return
      case 'secure':
        // The connection that is being made does so by itself, and tells when it is done.
        return
      case 'send':
        this.#isToSend = true
        if (this.#wire) void this.#send(this.#wire)
        return
      case 'startTimer':
        if (!this.#isHeldBack) this.#rest({ dueAt: Number(effect.dueAt) })
        return
      case 'notify':
        for (const { kind, attempt } of effect.notices as readonly NoticeOwed[])
          this.#tools.notify({ delivery: this.id, kind, attempt })
        return
      case 'breakOff':
        this.#lease?.callOff()
        return
      case 'rest':
      case 'finish':
        this.#rest({ dueAt: null })
        return
      default:
        throw new Error(`nobody performs the effect ${effect.name}`)
    }
  }

  /** Another barrier may stand behind this one. */
  #pass(): void {
    // Another server may have noted it.
    if (this.noted === 'cancel') this.#lease?.callOff()
    queueMicrotask(() => {
      if (!this.#isUnsettled) for (const { resolve } of this.#heard.splice(0)) resolve()
    })
  }

  /** A fact is on its way to the log; or an attempt that is cut short has still to say what came of it. */
  get #isUnsettled(): boolean {
    return this.#host.atBarrier || (this.#lease?.isCutShort === true && isUnderWay(this.#host.state))
  }

  #rest(rest: Rest): void {
    this.#lease?.stop()
    this.#rested(rest)
  }

  // The way.

  async #resolve(): Promise<void> {
    this.#withheld = withheldFrom(this.#queued!, this.#settled, this.#tools.suppression)
    this.#settled = withSettled(this.#settled, this.#withheld)
    if (this.#withheld.length > 0 && !hasRecipients(this.#queued!, this.#settled)) return this.#end([], null)
    try {
      const route = await findRoute(this.#queued!, {
        ...{ destination: this.#destination, tools: this.#tools, signal: this.#abort.signal },
      })
      if (this.#isStopped) return
      this.#route = route
      this.#hosts = [...route.hosts]
      this.#tell({ type: 'ROUTE', route })
    } catch (error) {
      this.#end([], error instanceof NoRoute ? error.fault : unforeseen(error, 'route'))
    }
  }

  #connectNext(): void {
    const kept = this.#mayKeepWires ? (this.#destination?.takeWire() ?? null) : null
    if (kept !== null && suits(kept, this.#route!, this.#queued!)) {
      this.#reuse(kept)
      return
    }
    void kept?.quit()
    void this.#connect(this.#hosts.shift()!)
  }

  #reuse(wire: Wire): void {
    const { host, greeting, tls, extensions } = wire
    this.#wire = wire
    this.#isReused = true
    this.#tell({ type: 'CONNECTED', host, greeting, extensions, reused: true, securing: false, tls })
  }

  async #connect(host: RemoteHost): Promise<void> {
    const { protocol, tls } = this.#route!
    try {
      const wire = await this.#tools.connect({
        host,
        protocol,
        tls: this.#inClear.has(host) ? 'never' : tls,
        requiretls: mustBeSecure(this.#queued!),
        hostname: this.#tools.hostname,
        login: this.#tools.routes.login(this.#queued!.nextHop),
        signal: this.#abort.signal,
        said: (line) => this.#lines.push(line),
        connected: (facts) => this.#tell({ type: 'CONNECTED', host, reused: false, ...facts }),
        secured: (facts) => this.#tell({ type: 'SECURED', ...facts }),
      })
      this.#wire = wire
      this.#isReused = false
      if (this.#isToSend) await this.#send(wire)
    } catch (error) {
      const fault = error instanceof HostFailed ? error.fault : unforeseen(error, 'connect')
      this.#passOver(host, becauseOfPolicy(fault, this.#route!))
    }
  }

  /** The next host, or the same one without TLS where that is no must; or the end of the attempt. */
  #passOver(host: RemoteHost, fault: AttemptFault): void {
    if (this.#isStopped) return
    this.#wire = null
    this.#isToSend = false
    if (this.#mayBeInClear(host, fault)) {
      this.#inClear.add(host)
      this.#hosts.unshift(host)
    } else if (fault.temporary) this.#passing = fault
    if (this.#hosts.length > 0 && !this.#lease?.isOver) this.#tell({ type: 'HOST_FAILED', host, fault })
    // RFC 5321 §4.2.1: a host says no for itself; the mail is not refused while another may take it.
    else this.#end([], fault.temporary ? fault : (this.#passing ?? fault))
  }

  /** A password is never sent in clear because TLS did not work. */
  #mayBeInClear(host: RemoteHost, { kind }: AttemptFault): boolean {
    if (kind !== 'tls-failed' || this.#route?.tls !== 'opportunistic' || this.#inClear.has(host)) return false
    return this.#tools.routes.login(this.#queued!.nextHop) === null
  }

  // The mail.

  async #send(wire: Wire): Promise<void> {
    this.#isToSend = false
    const queued = this.#queued!
    const said = (line: string) => this.#lines.push(line)
    const content = contentOf(this.#tools.content, queued, () => this.#mayFinish())
    const sent = await wire.send(envelopeOf(queued, this.#settled), content, {
      signal: this.#abort.signal,
      said,
    })
    if (this.#isStopped) return
    // A host may end an idle connection at any time: that says nothing of this mail.
    const wasOver = this.#isReused && sent.outcomes.length === 0 && sent.fault !== null && !sent.uncertain
    if (wasOver && !wire.usable && !this.#lease?.isOver) {
      this.#mayKeepWires = false
      this.#hosts = [...this.#route!.hosts]
      wire.destroy()
      this.#passOver(wire.host, sent.fault!)
      this.#passing = null
      return
    }
    this.#end(sent.outcomes, sent.fault, sent.uncertain)
  }

  /** No final dot before the log says that it may come, so that a crash leaves no doubt about what was not sent. */
  async #mayFinish(): Promise<boolean> {
    const { members } = this.#tools
    const isWritten = await this.written()
    // Alive again is not enough: who was taken for dead since the attempt began may have had it made again by another.
    const isOurs = members.isAlive() && members.life() === this.#life
    const mayFinish = isWritten && isOurs && this.#lease?.isOver !== true
    if (mayFinish) this.#lease?.finishing()
    return mayFinish
  }

  #end(answered: readonly RecipientOutcome[], met: AttemptFault | null, uncertain = false): void {
    if (this.#isStopped) return
    const fault = met && (this.#lease?.explained(met) ?? met)
    const outcomes = bounded([...this.#withheld, ...answered])
    const endedAt = this.#tools.now()
    this.#settled = withSettled(this.#settled, answered)
    const wasAsked = this.#route !== null || fault !== null
    const ended = { fault, endedAt, startedAt: this.#startedAt }
    const hasAnswered = wasAsked ? (this.#destination?.ended(ended) ?? null) : null
    if (this.#wire !== null) this.#destination?.keepWire(this.#wire)
    this.#wire = null
    this.#tell({ type: 'ATTEMPT_ENDED', endedAt, outcomes, fault, uncertain, answered: hasAnswered })
  }
}
