/**
 * The short way through a session of the usual shape: every recipient of a mail fares alike, and there are so few facts that no count
 * of errors or commands can end the session. Then nothing but the rules can make a difference, and the machine need not be asked.
 * `test/backtest` holds it against the long way.
 */
import { judgeClient, judgeMessage, refusalBy } from '../../machines/session/rules/judge.ts'
import type { Examined, Judgement } from '../../machines/session/rules/question.ts'
import type { Rules } from '../../machines/session/rules/rules.ts'
import { mayAlwaysWriteTo, refuses, tagsBy } from '../../machines/session/strangers.ts'
import type { Place } from '../../machines/vocabulary/events.ts'
import type { MessageFindings } from '../../machines/vocabulary/findings.ts'
import type { StoredEvent } from '../log/port.ts'
import { findingsOf, isOurs } from './rerun.ts'
import { type Court, type Fared, Trial } from './trial.ts'

type Data = StoredEvent['data']

export type QuickOptions = {
  readonly court: Court
  /** Facts from which on something may end the session. */
  readonly most: number
  readonly fared: (mail: Fared) => void
}

/** What is done with a fact; false: the session is not of the usual shape. Facts that are not here change nothing. */
type Step = (quick: Quick, event: StoredEvent) => boolean
const unusual: Step = () => false

const steps: Readonly<Record<string, Step>> = {
  SessionOpened: (quick, event) => quick.open(event),
  ClientIdentified: (quick, event) => quick.identify(event),
  SenderAccepted: (quick, event) => quick.begin(event),
  ClientExamined: (quick, event) => quick.examined(event),
  RecipientAccepted: (quick, event) => quick.recipient(event),
  RecipientRefused: (quick, event) => quick.recipient(event),
  MessageAccepted: (quick, event) => quick.content(event),
  MessageRefused: (quick, event) => quick.content(event),
  SessionClosed: (quick, event) => quick.close(event),
  SenderRefused: unusual,
  ClientRenamed: unusual,
  AuthenticationStarted: unusual,
}

const ordinaryEnds = new Set(['quit', 'timeout', 'disconnected', 'cut-off', 'shutting-down'])

export class Quick {
  readonly #court: Court
  readonly #rules: Rules
  readonly #options: QuickOptions
  #address = ''
  #helo = ''
  #sender = ''
  #trial: Trial | null = null
  /** Of the mail under way, once somebody asked. */
  #examined: Examined | null = null
  #judged: Judgement | null = null
  /** Recipients that are let in now, and whether all of them fare as then. */
  #letIn = 0
  #alike: boolean | null = null

  constructor(options: QuickOptions) {
    this.#options = options
    this.#court = options.court
    this.#rules = options.court.rules
  }

  /** False: this way leads no further, and the session is to be judged by the machine from its first fact on. */
  take(event: StoredEvent): boolean {
    if (event.revision >= this.#options.most) return false
    const step = steps[event.type]
    return step === undefined || step(this, event)
  }

  end(): void {
    const trial = this.#trial
    if (trial === null) return
    this.#trial = null
    this.#options.fared(trial.finish())
  }

  open({ data }: StoredEvent): boolean {
    this.#address = (data.peer as { readonly address: string }).address
    return data.door === 'open'
  }

  identify({ data }: StoredEvent): boolean {
    this.#helo = String(data.helo)
    return true
  }

  begin({ data, revision }: StoredEvent): boolean {
    this.end()
    this.#sender = String(data.sender)
    this.#trial = new Trial(this.#court, { sender: this.#sender, revision })
    this.#examined = this.#judged = this.#alike = null
    this.#letIn = 0
    return true
  }

  examined({ data, at }: StoredEvent): boolean {
    if (this.#trial === null) return false
    this.#look(this.#trial, findingsOf(data), at)
    return true
  }

  recipient(event: StoredEvent): boolean {
    const { type, data, at } = event
    const trial = this.#trial
    if (trial === null) return false
    trial.was.take(type, data)
    const wasAccepted = type === 'RecipientAccepted'
    if (!isOurs(data.place as Place) || (!wasAccepted && data.rule === undefined)) {
      trial.now.take(type, data)
      return !wasAccepted
    }
    const judged = this.#judgeClient(trial, at)
    const isAccepted = !refuses(judged) || mayAlwaysWriteTo(String(data.recipient))
    if (isAccepted) trial.now.take('RecipientAccepted', data)
    else trial.now.take('RecipientRefused', refusalBy(judged.by!, ''))
    if (isAccepted) this.#letIn += 1
    return this.#isAlike(isAccepted === wasAccepted)
  }

  content({ type, data }: StoredEvent): boolean {
    const trial = this.#trial
    if (trial === null) return false
    trial.was.take(type, data)
    if (this.#letIn === 0) return true
    if (type === 'MessageRefused' && data.rule === undefined) trial.now.take(type, data)
    else this.#judgeMessage(trial, data)
    return true
  }

  close({ data }: StoredEvent): boolean {
    if (!ordinaryEnds.has(String(data.reason))) return false
    this.end()
    return true
  }

  /** All recipients fare as they did, or all fare otherwise. */
  #isAlike(alike: boolean): boolean {
    const before = this.#alike
    this.#alike = alike
    return before === null || before === alike
  }

  #look(trial: Trial, findings: ReturnType<typeof findingsOf> | null, at: number): Examined {
    const [address, sender] = [this.#address, this.#sender]
    const found = trial.examine({ address, sender, at, findings })
    const examined = { address, sender, helo: this.#helo, findings: found }
    this.#examined = examined
    return examined
  }

  #judgeClient(trial: Trial, at: number): Judgement {
    if (this.#judged !== null) return this.#judged
    const examined = this.#examined ?? this.#look(trial, null, at)
    const judged = judgeClient(examined, this.#rules)
    trial.clientJudged(examined, judged)
    this.#judged = judged
    return judged
  }

  #judgeMessage(trial: Trial, { message, authentication }: Data): void {
    const whole = { ...this.#examined!, message: (authentication ?? {}) as MessageFindings }
    // Only an author that is vouched for can change what is said of the client.
    const client = this.#rules.allow.domains.length === 0 ? this.#judged! : judgeClient(whole, this.#rules)
    const judged = judgeMessage(whole, this.#rules)
    trial.messageJudged(whole, judged)
    if (judged.by !== null && refuses(judged))
      trial.now.take('MessageRefused', { message, ...refusalBy(judged.by, '') })
    else trial.now.take('MessageAccepted', { message, tags: tagsBy({ client, message: judged }) })
  }
}
