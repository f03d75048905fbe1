/**
 * One recorded session under other rules: the machine is given what the client said, as far as a client would still have said it,
 * and the facts that were found out then.
 */
import type { AnyMachineSnapshot } from 'xstate'
import type { SessionContext } from '../../machines/session/context.ts'
import { session } from '../../machines/session/index.ts'
import { judgeClient, judgeMessage } from '../../machines/session/rules/judge.ts'
import type { Rules } from '../../machines/session/rules/rules.ts'
import { examinedBy } from '../../machines/session/strangers.ts'
import type { MessageFindings, RateCount } from '../../machines/vocabulary/findings.ts'
import { inputAgain } from '../../machines/vocabulary/machine.ts'
import { stateName } from '../history/replayer.ts'
import type { Stage } from '../history/stage.ts'
import type { StoredEvent } from '../log/port.ts'
import { Course, type Mail } from './course.ts'

/** How many messages came from whom, counted as the other rules want it. */
export type Counting = (sender: string, peer: string, at: number) => readonly RateCount[]

export type Fared = {
  readonly then: Mail
  readonly now: Mail
  /** Rules that could have changed it, had anybody looked; `content` where none came. */
  readonly unanswered: readonly string[]
  readonly session: string
  readonly revision: number
}

type Input = { readonly type: string } & Readonly<Record<string, unknown>>

type Options = {
  readonly stage: Stage
  readonly rules: Rules
  readonly counting: Counting | null
  readonly fared: (mail: Fared) => void
}

/** There is no content to look at: what the message rules would have said is not known. */
export const noContent = 'content'

export class Rerun {
  readonly #options: Options
  readonly #then = new Course()
  readonly #now = new Course()
  readonly #session: string
  #snapshot: AnyMachineSnapshot
  #revision: number | null = null
  /** Now we end the session where it went on then. */
  #wasThrownOut = false
  #unanswered = new Set<string>()

  constructor(session: string, options: Options) {
    this.#session = session
    this.#options = options
    this.#snapshot = options.stage.initial
  }

  /** The next fact of the session. */
  take(event: StoredEvent): void {
    const { type, data } = event
    const input = inputAgain(session.inputs, event)
    if (typeof input === 'string') return
    if (type === 'SenderAccepted' || type === 'SenderRefused') this.#begin(event)
    this.#then.take(type, data)
    this.#say(input as Input, event)
    if (type === 'SessionClosed') this.#finish()
    else if (this.#isOver) this.#wasThrownOut = true
  }

  /** Its history does not go on. */
  end(): void {
    this.#finish()
  }

  #begin({ data, revision }: StoredEvent): void {
    this.#finish()
    this.#revision = revision
    const sender = typeof data.sender === 'string' ? data.sender : ''
    this.#then.begin(sender)
    this.#now.begin(sender)
    this.#unanswered = new Set()
  }

  #finish(): void {
    if (this.#revision === null) return
    const then = this.#then.mail
    if (this.#wasThrownOut) this.#now.cutOff('session-ended')
    this.#options.fared({
      ...{ then, now: this.#outcome(then) },
      ...{ session: this.#session, revision: this.#revision, unanswered: [...this.#unanswered] },
    })
    this.#revision = null
  }

  /** A mail that got as far as it went then has fared as then. */
  #outcome(then: Mail): Mail {
    const { mail } = this.#now
    if (mail.fate !== null || then.fate === null) return mail
    // Refused then, let in now: its content never came.
    if (judgesMessages(this.#options.rules)) this.#unanswered.add(noContent)
    return { ...mail, fate: 'accepted' }
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

  /** What a client says that hears our answers: it goes on only where it may. */
  #say(input: Input, event: StoredEvent): void {
    const state = this.#state
    if (input.type === 'DATA' && state !== 'addressed') return
    if ((input.type === 'CONTENT' || input.type === 'CONTENT_LOST') && state !== 'receiving') return
    if (input.type === 'MAIL' && (state === 'addressing' || state === 'addressed'))
      this.#move({ type: 'RSET' })
    if (input.type === 'EXAMINED') this.#move(this.#counted(input, event))
    else if (input.type === 'RCPT') this.#recipient(input)
    else if (input.type === 'CONTENT') this.#content(input)
    else this.#move(input)
  }

  #move(input: Input): void {
    if (this.#isOver) return
    const { snapshot, facts } = this.#options.stage.move(this.#snapshot, input)
    this.#snapshot = snapshot
    for (const { name, data } of facts) this.#now.take(name, data as Readonly<Record<string, unknown>>)
  }

  #recipient(input: Input): void {
    const { kind } = input.place as { readonly kind: string }
    const isStranger = this.#context.user === null && (kind === 'mailbox' || kind === 'alias')
    // Nobody looked then: the rules are asked all the same, for what they say of names and networks.
    if (isStranger && this.#state === 'addressing' && this.#context.findings === null)
      this.#move({ type: 'EXAMINED', session: this.#session })
    const examined = isStranger ? examinedBy(this.#context) : null
    if (examined !== null)
      for (const rule of judgeClient(examined, this.#options.rules).unanswered) this.#unanswered.add(rule)
    this.#move(input)
  }

  #content(input: Input): void {
    const examined = examinedBy(this.#context)
    if (examined !== null) {
      const message = (input.authentication ?? {}) as MessageFindings
      for (const rule of judgeMessage({ ...examined, message }, this.#options.rules).unanswered)
        this.#unanswered.add(rule)
      this.#move({ ...input, authentication: message })
    } else this.#move(input)
  }

  #counted(input: Input, { at }: StoredEvent): Input {
    const { counting } = this.#options
    if (counting === null) return input
    const { peer, transaction } = this.#context
    return { ...input, rates: counting(transaction?.sender ?? '', peer.address, at) }
  }
}

const nobody = { address: '', helo: '', sender: '', findings: {} }

/** Rules that say anything about content. */
const judgesMessages = (rules: Rules): boolean =>
  judgeMessage({ ...nobody, message: {} }, rules).unanswered.length > 0
