/** What may be said about the engine; times in milliseconds, sizes in bytes. */
export type KurrentOptions = {
  /** `kurrentdb://user:password@host:2113?tls=false`, or `esdb://`, or `kurrentdb+discover://`; see `address.ts`. */
  readonly url: string
  /** How long an append may stay undecided before it is given up with LogUnavailable; default 10 s. */
  readonly answerWithin?: number
  /** How long one append may be without an answer before the connection is taken for lost; default 3 s. */
  readonly silentAfter?: number
  /** How long one page of a read may take; default 30 s, since a filter can make the server look at much. */
  readonly readWithin?: number
  /** How long the first connection may take; default 10 s. */
  readonly connectWithin?: number
  /** Bytes that may wait; beyond them, appends are refused with LogOverloaded; default 64 MiB. */
  readonly waitingLimit?: number
  /** An idle subscription looks this often whether it missed something; default 15 s. */
  readonly lookEvery?: number
}

export type Settings = Required<Omit<KurrentOptions, 'url'>>

export const settingsOf = ({ url: _, ...given }: KurrentOptions): Settings => ({
  answerWithin: given.answerWithin ?? 10_000,
  silentAfter: given.silentAfter ?? Math.min(3_000, (given.answerWithin ?? 10_000) / 2),
  readWithin: given.readWithin ?? 30_000,
  connectWithin: given.connectWithin ?? 10_000,
  waitingLimit: given.waitingLimit ?? 64 * 1024 * 1024,
  lookEvery: given.lookEvery ?? 15_000,
})

/** How often a connection is asked whether it lives, and how long it may take to say so; milliseconds, never where negative. */
export type Pulse = { readonly every: number; readonly within: number }
