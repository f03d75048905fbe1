/** How long the far side may take, milliseconds. */
export type Patience = {
  readonly connect: number
  readonly greeting: number
  /** EHLO, HELO, LHLO. */
  readonly hello: number
  readonly startTls: number
  readonly handshake: number
  /** Each step of a login. */
  readonly login: number
  readonly mail: number
  readonly rcpt: number
  readonly data: number
  /** The host takes nothing more of the content, or our own store gives nothing more. */
  readonly block: number
  readonly final: number
  readonly reset: number
  readonly quit: number
}

const seconds = 1000
const minutes = 60 * seconds

// RFC 5321 §4.5.3.2.1 to §4.5.3.2.6: at least these. What it does not name is ours.
export const patience: Patience = {
  connect: 30 * seconds,
  greeting: 5 * minutes,
  hello: 5 * minutes,
  startTls: 2 * minutes,
  handshake: 1 * minutes,
  login: 2 * minutes,
  mail: 5 * minutes,
  rcpt: 5 * minutes,
  data: 2 * minutes,
  block: 3 * minutes,
  final: 10 * minutes,
  reset: 30 * seconds,
  quit: 2 * seconds,
}
