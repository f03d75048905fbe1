/**
 * Rules for mail from strangers: what each finding leads to. Data only, so that they can be hashed, recorded and, for a
 * backtest, replaced (`policy.yaml` is read into this by `src/config/policy.ts`).
 */
import type { rateSubjects, SpfResult } from '../../vocabulary/findings.ts'

/** From the mildest to the strongest. */
export const outcomes = ['ignore', 'tag', 'greylist', 'defer', 'refuse'] as const
/**
 * `tag`: the mail goes to Junk, with a header line. `greylist`: put off until the sender has come back after a while.
 * `defer`: 451, come back later. `refuse`: 550.
 */
export type Outcome = (typeof outcomes)[number]

export type ListRule = {
  readonly zone: string
  /** What of: the peer's address, or the domains that a client and a message name. */
  readonly of: 'addresses' | 'domains'
  /** `allow`: who is listed is let past all other rules (RFC 5782 §2.1: a list of good ones). */
  readonly on: Outcome | 'allow'
  /** Answers that count, where not all that mean a listing do. */
  readonly codes?: readonly string[]
  /** No answer, or none that makes sense. */
  readonly error: Outcome
  /** Added to the score of a client that is listed. */
  readonly weight: number
}

export type RateRule = {
  readonly of: (typeof rateSubjects)[number]
  /** As many are let through in `per` milliseconds. */
  readonly messages: number
  readonly per: number
  readonly on: Outcome
}

/** Mail addresses and domains are those of the sender; a domain stands for all below it. */
export type NameList = {
  readonly addresses: readonly string[]
  readonly networks: readonly string[]
  readonly domains: readonly string[]
}

export type Rules = {
  readonly dnsbl: readonly ListRule[]
  /** Sums of weights from which a client is so treated; null: never. */
  readonly score: {
    readonly tag: number | null
    readonly defer: number | null
    readonly refuse: number | null
  }
  readonly spf: Readonly<Record<Exclude<SpfResult, 'pass'>, Outcome>>
  /** The best that any signature has; `none`: there is no signature. */
  readonly dkim: Readonly<Record<'none' | 'fail' | 'policy' | 'neutral' | 'temperror' | 'permerror', Outcome>>
  /** By what the owner of the author's domain asks for when DMARC fails. */
  readonly dmarc: Readonly<Record<'none' | 'quarantine' | 'reject' | 'temperror' | 'permerror', Outcome>>
  /** Sealers whose word counts where DMARC fails (RFC 8617 §7.2.1). */
  readonly arc: { readonly trusted: readonly string[] }
  readonly helo: Readonly<Record<'invalid' | 'ours' | 'unresolved' | 'temperror', Outcome>>
  readonly reverseName: Readonly<Record<'missing' | 'unconfirmed' | 'temperror', Outcome>>
  readonly author: Readonly<Record<'none' | 'several' | 'ambiguous' | 'poses', Outcome>>
  readonly rates: readonly RateRule[]
  readonly karma: { readonly below: number; readonly on: Outcome } | null
  readonly greylist: {
    /** Milliseconds after which the same sender is let in. */
    readonly delay: number
    /** Mails accepted from a sender after which it is not put off any more. */
    readonly accepted: number
  }
  readonly allow: NameList
  readonly block: NameList
}

const ignoring = <Name extends string>(...names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, 'ignore'])) as Record<Name, Outcome>
const nobody: NameList = { addresses: [], networks: [], domains: [] }

/** Everything is looked at, nothing leads to anything. */
export const lenient: Rules = {
  dnsbl: [],
  score: { tag: null, defer: null, refuse: null },
  spf: ignoring('none', 'neutral', 'fail', 'softfail', 'temperror', 'permerror'),
  dkim: ignoring('none', 'fail', 'policy', 'neutral', 'temperror', 'permerror'),
  dmarc: ignoring('none', 'quarantine', 'reject', 'temperror', 'permerror'),
  arc: { trusted: [] },
  helo: ignoring('invalid', 'ours', 'unresolved', 'temperror'),
  reverseName: ignoring('missing', 'unconfirmed', 'temperror'),
  author: ignoring('none', 'several', 'ambiguous', 'poses'),
  rates: [],
  karma: null,
  greylist: { delay: 300_000, accepted: 3 },
  allow: nobody,
  block: nobody,
}
