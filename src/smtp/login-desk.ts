/** Logging in on a connection: asks for credentials line by line, has them checked, and tells the session what came of it. */
import type { Verdict } from '../authentication/login.ts'
import type { Conversation } from './conversation.ts'
import { type Credentials, CredentialsExchange, type Exchanged } from './credentials.ts'

type Talk = Pick<Conversation, 'connection' | 'reception' | 'input' | 'ask' | 'tell'>

export class LoginDesk {
  readonly #talk: Talk
  #exchange: CredentialsExchange | null = null
  #initialResponse: string | null = null
  /** Somebody is logged in. */
  loggedIn = false
  /** Whose logins are counted: the peer, or whom a trusted proxy speaks for. */
  client = ''

  constructor(talk: Conversation) {
    this.#talk = talk
  }

  /** The client's next line is part of a login. */
  get underWay(): boolean {
    return this.#exchange !== null
  }

  /** AUTH came, with this initial response; the session says whether it may begin. */
  keep(initialResponse: string | null): void {
    this.#initialResponse = initialResponse
  }

  begin(mechanism: string): void {
    this.#exchange = new CredentialsExchange(mechanism)
    const initial = this.#initialResponse
    this.#initialResponse = null
    this.#exchanged(this.#exchange.begin(initial))
  }

  answer(line: string): void {
    if (this.#exchange) this.#exchanged(this.#exchange.answer(line))
  }

  /** The answer was longer than any can be. */
  answerTooLong(): void {
    this.#exchanged({ kind: 'failed', verdict: 'login-malformed' })
  }

  #exchanged(step: Exchanged): void {
    if (step.kind === 'ask') {
      this.#talk.ask(`334 ${step.challenge}`)
      return
    }
    this.#exchange = null
    if (step.kind === 'failed')
      this.#talk.tell({ type: 'CREDENTIALS', verdict: step.verdict, user: null, addresses: [] })
    else this.#verify(step.credentials)
  }

  #verify({ user, password }: Credentials): void {
    const { reception, input } = this.#talk
    input.hold()
    reception
      .verify({ user, password, peer: this.client })
      .then(
        (verdict) => this.#verified(verdict),
        (error: Error) => {
          reception.complain('a password could not be checked', error, { session: this.#talk.connection.id })
          this.#talk.tell({ type: 'CREDENTIALS', verdict: 'login-unavailable', user: null, addresses: [] })
        },
      )
      .finally(() => this.#talk.input.release())
  }

  #verified(answer: Verdict): void {
    this.loggedIn = answer.verdict === 'ok'
    const addresses = answer.verdict === 'ok' ? answer.addresses : []
    const verdict = answer.verdict === 'throttled' ? 'login-throttled' : answer.verdict
    this.#talk.tell({ type: 'CREDENTIALS', verdict, user: answer.user, addresses })
  }
}
