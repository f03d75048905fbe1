/**
 * One recorded session under other rules: the machine is given what the client said, as far as a client that hears our answers would
 * still have said it, and what was found out then.
 */
import type { AnyMachineSnapshot } from 'xstate'
import type { SessionContext } from '../../machines/session/context.ts'
import { session } from '../../machines/session/index.ts'
import { judgeClient, judgeMessage } from '../../machines/session/rules/judge.ts'
import { examinedBy } from '../../machines/session/strangers.ts'
import type { Place } from '../../machines/vocabulary/events.ts'
import type { Findings, MessageFindings } from '../../machines/vocabulary/findings.ts'
import { inputAgain } from '../../machines/vocabulary/machine.ts'
import { stateName } from '../history/replayer.ts'
import type { Stage } from '../history/stage.ts'
import type { StoredEvent } from '../log/port.ts'
import { type Court, type Fared, Trial } from './trial.ts'

type Input = { readonly type: string } & Readonly<Record<string, unknown>>

export type RerunOptions = {
  /** Of the machine under the session's policy with the other rules in it. */
  readonly stage: Stage
  readonly court: Court
  readonly fared: (mail: Fared) => void
}

/** Mail for these comes to us: its sender is looked at. */
export const isOurs = ({ kind }: Place): boolean => kind === 'mailbox' || kind === 'alias'

const beginsMail = ({ type }: StoredEvent): boolean => type === 'SenderAccepted' || type === 'SenderRefused'

export class Rerun {
  readonly #options: RerunOptions
  #snapshot: AnyMachineSnapshot
  /** Null between two mails, and for mail of those who logged in: the rules are about strangers. */
  #trial: Trial | null = null
  /** Why we end the session now where it went on then. */
  #thrownOut: string | null = null
  #endedBy = ''

  constructor(options: RerunOptions) {
    this.#options = options
    this.#snapshot = options.stage.initial
  }

  /** The next fact of the session. */
  take(event: StoredEvent): void {
    const input = inputAgain(session.inputs, event)
    if (typeof input === 'string') return
    if (beginsMail(event)) this.#begin(event)
    this.#trial?.was.take(event.type, event.data)
    if (!this.#isOver) this.#say(input as Input, event)
    if (event.type === 'SessionClosed') this.end()
    else if (this.#isOver) this.#thrownOut = this.#endedBy
  }

  /** Its history does not go on. */
  end(): void {
    const trial = this.#trial
    if (trial === null) return
    this.#trial = null
    if (this.#thrownOut !== null) trial.now.cutOff(this.#thrownOut)
    this.#options.fared(trial.finish())
  }

  #begin({ data, revision }: StoredEvent): void {
    this.end()
    if (this.#context.user !== null) return
    this.#trial = new Trial(this.#options.court, { sender: String(data.sender ?? ''), revision })
  }

  get #isOver(): boolean {
    return this.#snapshot.status !== 'active'
  }
  get #state(): string {
    return stateName(this.#snapshot.value)
  }
  get #context(): SessionContext {
    return this.#snapshot.context as SessionContext
  }

  #say(input: Input, event: StoredEvent): void {
    const state = this.#state
    if (input.type === 'DATA') {
      // In vain then and not in vain now: what would have come is not known. In vain only now: the client knows better.
      if ((state === 'addressed') === (event.type === 'ContentStarted')) this.#move(input)
    } else if (input.type === 'CONTENT') {
      if (state === 'receiving') this.#content(input)
    } else if (input.type === 'CONTENT_LOST') {
      if (state === 'receiving') this.#move(input)
    } else if (input.type === 'EXAMINED') {
      if (state === 'addressing') this.#examined(event)
    } else if (input.type === 'RCPT') this.#recipient(input, event)
    else {
      // The mail before came to its end then; one that is refused now is given up.
      if (beginsMail(event) && (state === 'addressing' || state === 'addressed')) this.#move({ type: 'RSET' })
      this.#move(input)
    }
  }

  #move(input: Input): void {
    if (this.#isOver) return
    const { snapshot, facts } = this.#options.stage.move(this.#snapshot, input)
    this.#snapshot = snapshot
    for (const { name, data } of facts) {
      const told = data as Readonly<Record<string, unknown>>
      this.#trial?.now.take(name, told)
      if (name === 'SessionClosed') this.#endedBy = String(told.reason)
    }
  }

  #recipient(input: Input, event: StoredEvent): void {
    if (this.#trial !== null && isOurs(input.place as Place)) this.#judgeClient(this.#trial, event)
    this.#move(input)
  }

  #judgeClient(trial: Trial, event: StoredEvent): void {
    // Nobody looked then: the rules are asked all the same, for what they say of names and networks.
    if (this.#context.findings === null && this.#state === 'addressing') this.#examined(event)
    const examined = examinedBy(this.#context)
    if (examined !== null) trial.clientJudged(examined, judgeClient(examined, this.#options.court.rules))
  }

  #examined({ type, data, at }: StoredEvent): void {
    const { peer, transaction } = this.#context
    const session = this.#options.court.session
    const findings = type === 'ClientExamined' ? findingsOf(data) : null
    const asking = { address: peer.address, sender: transaction?.sender ?? '', at, findings }
    this.#move({ type: 'EXAMINED', session, ...this.#trial?.examine(asking) })
  }

  #content(input: Input): void {
    const examined = examinedBy(this.#context)
    const trial = this.#trial
    if (examined === null || trial === null) {
      this.#move(input)
      return
    }
    const message = (input.authentication ?? {}) as MessageFindings
    this.#move({ ...input, authentication: message })
    // What is refused for its size, say, is refused whatever rules there are.
    if (trial.now.isRefusedAnyway) return
    const whole = { ...examined, message }
    trial.messageJudged(whole, judgeMessage(whole, this.#options.court.rules))
  }
}

/** Of `ClientExamined`. */
export const findingsOf = (data: StoredEvent['data']): Findings => data
