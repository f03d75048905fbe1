/**
 * Looking at strangers: before the first recipient of a transaction that could be accepted the input waits until it is known who
 * is asking; a message of theirs is looked at while it comes in.
 */
import type { SessionContext } from '../../machines/session/context.ts'
import { isLetInByNetwork } from '../../machines/session/rules/names.ts'
import type { Place } from '../../machines/vocabulary/events.ts'
import type { Findings } from '../../machines/vocabulary/findings.ts'
import { asError } from '../as-error.ts'
import type { MessageLook, Stranger } from '../authentication/port.ts'
import type { Conversation } from './conversation.ts'

type Talk = Pick<Conversation, 'connection' | 'reception' | 'host' | 'input' | 'tell'>

export class Examining {
  readonly #talk: Talk
  /** Messages of the session when its client was last looked at; null before. */
  #messages: number | null = null
  /** Ends the look under way. */
  #look = new AbortController()

  constructor(talk: Conversation) {
    this.#talk = talk
  }

  /** Cheap refusals come first: for a recipient that is not here nobody is looked at. */
  isDueFor({ kind }: Place): boolean {
    const { reception, host } = this.#talk
    const { rules } = reception.policy
    if (!reception.examiner || rules === undefined) return false
    if (host.state !== 'addressing' || (kind !== 'mailbox' && kind !== 'alias')) return false
    const { findings, user, peer } = this.#context
    return findings === null && user === null && !isLetInByNetwork(rules, peer.address)
  }

  /** Tells the session what was found out, then goes on with `then`. The input is held meanwhile. */
  begin(then: () => void): void {
    const { reception, connection } = this.#talk
    const { input } = this.#talk
    this.#look = new AbortController()
    const { signal } = this.#look
    this.settle()
    this.#messages = this.#context.messages
    input.hold()
    reception
      .examiner!.client({ ...this.#stranger(), signal })
      .catch((error: unknown): Findings => {
        reception.complain(`the client of session ${connection.id} could not be looked at`, asError(error), {
          session: connection.id,
        })
        return {}
      })
      .then((findings) => {
        // What was broken off says nothing about the client.
        if (signal.aborted) return
        this.#talk.tell({ type: 'EXAMINED', session: connection.id, ...findings })
        then()
      })
      .finally(() => this.#talk.input.release())
  }

  /** Nobody waits for what a look would find. */
  abandon(): void {
    this.#look.abort()
  }

  /** For a message of an examined client that is about to come; null for all others. */
  lookAt(message: string): MessageLook | null {
    const { findings } = this.#context
    const { examiner } = this.#talk.reception
    if (findings === null || !examiner) return null
    return examiner.message({ ...this.#stranger(), message, findings })
  }

  /** The transaction for which the client was looked at is over, or the session is. */
  settle(): void {
    if (this.#messages === null) return
    const accepted = this.#context.messages > this.#messages
    this.#messages = null
    this.#talk.reception.examiner?.settle(this.#talk.connection.id, { accepted })
  }

  get #context(): SessionContext {
    return this.#talk.host.context as SessionContext
  }

  #stranger(): Stranger {
    const { peer, helo, transaction } = this.#context
    const sender = transaction?.sender ?? ''
    return { session: this.#talk.connection.id, address: peer.address, helo: helo ?? '', sender }
  }
}
