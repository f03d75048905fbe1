/** How much is measured: the whole thing, or a look that ends within two minutes. */
export type Size = {
  readonly rounds: number
  /** Longest wait for the machine to come to rest before each measurement, in milliseconds. */
  readonly rest: number
  /** Mails in one round. */
  readonly messages: { readonly ceiling: number; readonly fsmtp: number; readonly postfix: number }
  readonly latencyMessages: number
  readonly idleSessions: number
  /** Mails for other hosts. */
  readonly outgoing: number
  readonly events: number
  /** Deliveries that wait. */
  readonly deferred: number
  /** Recorded sessions. */
  readonly backtest: number
  /** Messages, sessions and deliveries for the Web API and the page. */
  readonly shown: number
  /** How long the Web API is asked. */
  readonly seconds: number
  /** How often each of its lists is looked at. */
  readonly looks: number
}

export const whole: Size = {
  rounds: 7,
  rest: 10_000,
  messages: { ceiling: 25_000, fsmtp: 15_000, postfix: 3_000 },
  latencyMessages: 30_000,
  outgoing: 10_000,
  idleSessions: 2_000,
  events: 1_000_000,
  deferred: 1_000_000,
  backtest: 100_000,
  shown: 1_000_000,
  seconds: 30,
  looks: 3,
}

export const smoke: Size = {
  rounds: 2,
  rest: 1_500,
  messages: { ceiling: 8_000, fsmtp: 5_000, postfix: 1_000 },
  latencyMessages: 5_000,
  outgoing: 2_000,
  idleSessions: 2_000,
  events: 100_000,
  deferred: 20_000,
  backtest: 20_000,
  shown: 10_000,
  seconds: 5,
  looks: 1,
}
