/** The SASL side of AUTH: asks for what is missing, line by line, and ends with credentials or a reason (RFC 4954 §4). */
import { decodeLoginPart, decodePlain } from '../authentication/sasl.ts'

export type Credentials = { readonly user: string; readonly password: string }
export type Exchanged =
  | { readonly kind: 'ask'; readonly challenge: string }
  | { readonly kind: 'given'; readonly credentials: Credentials }
  | { readonly kind: 'failed'; readonly verdict: 'login-cancelled' | 'login-malformed' }

const cancelled: Exchanged = { kind: 'failed', verdict: 'login-cancelled' }
const malformed: Exchanged = { kind: 'failed', verdict: 'login-malformed' }
const ask = (challenge: string): Exchanged => ({ kind: 'ask', challenge })

export class CredentialsExchange {
  readonly #mechanism: string
  #user: string | null = null

  constructor(mechanism: string) {
    this.#mechanism = mechanism
  }

  /** Begins with the initial response of AUTH, or null for none. */
  begin(initial: string | null): Exchanged {
    if (initial !== null) return this.answer(initial)
    return ask(this.#mechanism === 'LOGIN' ? 'VXNlcm5hbWU6' : '')
  }

  /** Takes one line of the client. */
  answer(line: string): Exchanged {
    if (line === '*') return cancelled
    return this.#mechanism === 'LOGIN' ? this.#login(line) : plain(line)
  }

  #login(line: string): Exchanged {
    const part = decodeLoginPart(line)
    if (part === null) return malformed
    if (this.#user !== null) return { kind: 'given', credentials: { user: this.#user, password: part } }
    this.#user = part
    return ask('UGFzc3dvcmQ6')
  }
}

const plain = (line: string): Exchanged => {
  const decoded = decodePlain(line)
  return decoded.ok
    ? { kind: 'given', credentials: { user: decoded.user, password: decoded.password } }
    : malformed
}
