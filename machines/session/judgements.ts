/**
 * Decisions: pure functions of facts and policy. Each gives a verdict with a reason; the machine's guards ask what the
 * verdict is, its actions say it. Nothing here knows a state.
 */

import { addressKey, sameAddress, splitAddress, withoutTag } from '../vocabulary/address.ts'
import type { Place } from '../vocabulary/events.ts'
import { type RefusalName, refusals } from '../vocabulary/reasons.ts'
import type { ContentFacts } from './inputs.ts'
import type { SessionPolicy } from './policy.ts'

export type Verdict =
  | {
      readonly kind: 'accept'
      readonly reason: string
      readonly delay?: number
      /** The rule of the policy that let it in, or that tags it. */
      readonly rule?: string
    }
  | {
      readonly kind: 'refuse'
      readonly reason: string
      readonly code: number
      readonly enhanced: string
      readonly text: string
      /** The rule of the policy that decided, and what it was about. */
      readonly rule?: string
      readonly about?: string
    }
  | { readonly kind: 'drop'; readonly reason: string }

export type RefusedVerdict = Extract<Verdict, { kind: 'refuse' }>

const refusedBy = new Map(
  Object.entries(refusals).map(([reason, { code, enhanced, peer }]): [string, RefusedVerdict] => [
    reason,
    { kind: 'refuse', reason, code, enhanced, text: peer },
  ]),
)

export const refuse = (reason: RefusalName): RefusedVerdict => refusedBy.get(reason)!
const accept = (reason: string): Verdict => ({ kind: 'accept', reason })

const accepted = accept('accepted')
const localMailbox = accept('local-mailbox')
const localAlias = accept('local-alias')
const foreignDomain = accept('foreign-domain')
const routedAway = accept('routed-away')
const pretendedDomain = accept('pretended-domain')

/** Who is speaking, as far as judgements look. */
export type Speaker = {
  readonly secure: boolean
  readonly user: string | null
  readonly addresses: readonly string[]
}

/** True when `address` is one of the account's: itself, a sub-address of it, or of a domain the account catches. */
export const ownsAddress = (address: string, { addresses }: Pick<Speaker, 'addresses'>): boolean => {
  const { local, domain } = splitAddress(addressKey(address))
  const meant = [`${local}@${domain}`, `${withoutTag(local)}@${domain}`, `@${domain}`]
  return addresses.some((own) => meant.includes(own.startsWith('@') ? own.toLowerCase() : addressKey(own)))
}

/** Every author must be the account's; a From field in which nobody can be recognised is nobody's. */
const authorsAreOwn = (speaker: Speaker, { from, authors }: ContentFacts): boolean => {
  if (authors === undefined || from === null) return true
  return authors.length > 0 && authors.every((author) => ownsAddress(author, speaker))
}

/** MAIL (RFC 5321 §4.1.1.2, RFC 1870 §6.1, RFC 6409 §4.3, §6.1). */
export const judgeSender = (
  facts: Speaker & {
    readonly sender: string
    readonly size?: number | undefined
    readonly requiretls?: true | undefined
    readonly route?: string | undefined
    /** XROUTE is offered. */
    readonly mayRoute: boolean
  },
  policy: SessionPolicy,
): Verdict => {
  if (policy.authentication === 'required' && facts.user === null)
    return refuse(facts.secure || !policy.startTls ? 'login-required' : 'tls-required')
  if (facts.requiretls && !facts.secure) return refuse('requiretls-without-tls') // RFC 8689 §2
  if (facts.route !== undefined && !facts.mayRoute) return refuse('route-not-offered')
  if (facts.size !== undefined && facts.size > policy.limits.messageSize) return refuse('message-too-big')
  // The null sender stays possible for accounts: read receipts (RFC 8098 §2.1) use it.
  if (
    policy.ownAddressesOnly &&
    facts.user !== null &&
    facts.sender !== '' &&
    !ownsAddress(facts.sender, facts)
  )
    return refuse('sender-not-yours')
  return accepted
}

const beyondAscii = /[^\0-\x7f]/
const magicCode = /^[45]\d\d$/

/** Playground recipients that ask for an outcome by their name. */
const judgeMagic = (recipient: string): Verdict | null => {
  const at = recipient.indexOf('@')
  const local = at < 0 ? recipient : recipient.slice(0, at)
  if (local === 'slow') return { kind: 'accept', reason: 'magic-delay', delay: 20_000 }
  if (local === 'drop') return { kind: 'drop', reason: 'magic-drop' }
  if (!magicCode.test(local)) return null
  const code = Number(local)
  return {
    kind: 'refuse',
    reason: 'magic-reply',
    code,
    enhanced: `${local[0]}.0.0`,
    text: `You asked for a ${local}`,
  }
}

/** RCPT (RFC 5321 §4.1.1.3, §3.6.2, §7.9). */
export const judgeRecipient = (
  facts: {
    readonly recipient: string
    readonly place: Place
    readonly user: string | null
    /** SMTPUTF8 was asked for with MAIL. */
    readonly smtputf8: boolean
    /** Accepted in this transaction. */
    readonly recipients: number
    /** XROUTE was asked for with MAIL. */
    readonly route?: string | undefined
  },
  policy: SessionPolicy,
): Verdict => {
  if (facts.recipients >= policy.limits.recipients) return refuse('too-many-recipients') // RFC 5321 §4.5.3.1.10
  if (!facts.smtputf8 && beyondAscii.test(facts.recipient)) return refuse('needs-smtputf8') // RFC 6531 §3.5
  if (facts.route !== undefined) return routedAway
  const magic = policy.magicRecipients ? judgeMagic(facts.recipient) : null
  if (magic) return magic
  if (facts.place.kind === 'mailbox') return localMailbox
  // RFC 5321 §3.9.1: whoever may write to us may write to an alias, wherever it leads.
  if (facts.place.kind === 'alias') return localAlias
  if (facts.place.kind === 'unknown') return refuse(facts.place.because ?? 'no-such-mailbox')
  // In a playground only domains that are pretended are foreign: nothing leaves.
  if (policy.magicRecipients) return pretendedDomain
  return facts.user === null ? refuse('relaying-denied') : foreignDomain
}

/** An alias of ours has forwarded this very mail before: it would go round and round. */
const hasComeBack = (aliases: readonly string[], { deliveredTo = [] }: ContentFacts): boolean =>
  aliases.some((alias) => deliveredTo.some((address) => sameAddress(alias, address)))

/** The final dot (RFC 5321 §4.1.1.4, §6.3; RFC 6409 §6.1, §8). */
export const judgeContent = (
  facts: Speaker & {
    readonly content: ContentFacts
    /** Aliases among its recipients. */
    readonly aliases: readonly string[]
  },
  policy: SessionPolicy,
): Verdict => {
  const { content } = facts
  if (content.size > policy.limits.messageSize) return refuse('message-too-big')
  if (content.bare && policy.bareNewlines === 'refuse') return refuse('bare-newlines')
  if (content.nul) return refuse('nul-in-content') // RFC 5322 §4
  if ((content.longestLine ?? 0) > policy.limits.contentLine) return refuse('content-line-too-long')
  if (content.received > policy.limits.received) return refuse('mail-loop')
  if (hasComeBack(facts.aliases, content)) return refuse('forwarding-loop') // RFC 5321 §6.3
  if (policy.ownAddressesOnly && facts.user !== null && !authorsAreOwn(facts, content))
    return refuse('author-not-yours')
  return accepted
}

/** AUTH (RFC 4954 §4). */
export const judgeLogin = (
  facts: Speaker & { readonly mechanism: string; readonly extended: boolean },
  policy: SessionPolicy,
): Verdict => {
  if (policy.authentication === 'none') return refuse('login-not-offered')
  if (!facts.extended) return refuse('hello-first')
  if (facts.user !== null) return refuse('already-logged-in')
  if (!facts.secure) return refuse('login-needs-tls')
  if (facts.mechanism !== 'PLAIN' && facts.mechanism !== 'LOGIN') return refuse('mechanism-unknown')
  return accepted
}

/** STARTTLS (RFC 3207 §4). */
export const judgeStartTls = (facts: { readonly secure: boolean }, policy: SessionPolicy): Verdict => {
  if (facts.secure) return refuse('already-secure')
  return policy.startTls ? accepted : refuse('tls-not-offered')
}
