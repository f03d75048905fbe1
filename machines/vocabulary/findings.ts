/**
 * What was found out about a client, a sender, a message: facts without a judgement (`machines/session/rules.ts` judges).
 * Result words are those of RFC 8601 §2.7 where it has them. Absent: nobody looked.
 */

/** RFC 7208 §2.6. */
export const spfResults = ['none', 'neutral', 'pass', 'fail', 'softfail', 'temperror', 'permerror'] as const
export type SpfResult = (typeof spfResults)[number]

export type SpfFinding = {
  /** Whose domain was asked: the sender's, or where there is none the one of EHLO (RFC 7208 §2.4). */
  readonly identity: 'mailfrom' | 'helo'
  readonly domain: string
  readonly result: SpfResult
  /** The mechanism that decided, as the record has it: `ip4:192.0.2.0/24`. */
  readonly mechanism?: string
  /** What the domain says about it, or what is wrong with its record; one line of at most 255 printable ASCII characters. */
  readonly about?: string
}

/** The name of the peer's address (RFC 8601 §2.7.3). */
export const reverseNameResults = ['confirmed', 'unconfirmed', 'missing', 'temperror'] as const
export type ReverseName = {
  /** `confirmed`: the name leads back to the address. `unconfirmed`: none of its names does. */
  readonly result: (typeof reverseNameResults)[number]
  readonly name: string | null
}

/** What came after EHLO or HELO. */
export const helloResults = ['resolved', 'unresolved', 'literal', 'invalid', 'ours', 'temperror'] as const
export type HelloName = {
  /**
   * `literal`: an address literal that is the peer's. `invalid`: no name of a host on the Internet, or another's literal.
   * `ours`: our own name or address, said by somebody else. `unresolved`: a name without address or MX records.
   */
  readonly result: (typeof helloResults)[number]
  readonly name: string
}

/** What a list that is asked over DNS says (RFC 5782). */
export type Listing = {
  /** The zone, without a key that may be part of the name that is asked. */
  readonly zone: string
  readonly of: 'address' | 'domain'
  /** The address or domain that was looked up. */
  readonly subject: string
  /** `error`: no answer, or one that the list does not document. `set-aside`: the list failed its self-test. */
  readonly result: 'listed' | 'clear' | 'error' | 'set-aside'
  /** Addresses that it answered, sorted: `127.0.0.2`. */
  readonly codes?: readonly string[]
  /** What they mean, where the list says so: `SBL`, `PBL`. */
  readonly meanings?: readonly string[]
  /** What went wrong, in a few words. */
  readonly about?: string
}

export const rateSubjects = ['address', 'network', 'account', 'senderDomain'] as const
/** How many messages came from somebody within a time, with the one that is being asked about. */
export type RateCount = {
  readonly of: (typeof rateSubjects)[number]
  /** The address, network (IPv4 /24, IPv6 /64), account or domain that is counted. */
  readonly subject: string
  readonly messages: number
  /** Milliseconds. */
  readonly per: number
  /**
   * Of a sender's domain: whether SPF vouches for this message. Messages that nobody vouches for are counted apart. Absent for all
   * other subjects, and where all were counted together.
   */
  readonly vouched?: boolean
  /** Of a message that is not vouched for: how many it would be among those that are, should DKIM vouch for it. */
  readonly ifVouched?: number
}

/** How well we know this sender from this network. */
export type Acquaintance = {
  /** Milliseconds since the first time the pair was put off; null the first time. */
  readonly waited: number | null
  /** Messages accepted from the pair. */
  readonly accepted: number
}

/** How the peer's network behaved: accepted mail counts for it, refusals and faults against it. */
export type Karma = { readonly network: string; readonly score: number }

/** What is known before a recipient is judged. */
export type Findings = {
  readonly reverseName?: ReverseName
  readonly helo?: HelloName
  readonly spf?: SpfFinding
  readonly listings?: readonly Listing[]
  readonly rates?: readonly RateCount[]
  readonly acquaintance?: Acquaintance
  readonly karma?: Karma
}

/** RFC 8601 §2.7.1. */
export const dkimResults = ['none', 'pass', 'fail', 'policy', 'neutral', 'temperror', 'permerror'] as const
/** One signature (RFC 6376). */
export type DkimFinding = {
  readonly result: (typeof dkimResults)[number]
  /** `d=`, in lower case. */
  readonly domain: string
  readonly selector: string
  /** `rsa-sha256`, `ed25519-sha256`. */
  readonly algorithm?: string
  /** Of an RSA key. */
  readonly bits?: number
  /** `i=`, where it says more than `d=`. */
  readonly identity?: string
  /** The first characters of `b=` (RFC 6008), to tell signatures of one domain apart. */
  readonly signature?: string
  readonly about?: string
}

/** The author's domain, and what its owner asks for (RFC 7489). */
export type DmarcFinding = {
  readonly result: 'none' | 'pass' | 'fail' | 'temperror' | 'permerror'
  /** Of the one author; null where there is none to speak of. */
  readonly domain: string | null
  /** Where the record was found: the domain, or its organizational domain. */
  readonly record?: string
  /** What the owner asks for when it fails (`p=` or `sp=`). */
  readonly policy?: 'none' | 'quarantine' | 'reject'
  /** `pct=`, where it is not 100. */
  readonly pct?: number
  /** `pct=` leaves this message out: the next milder policy holds for it (RFC 7489 §6.6.4). */
  readonly leftOut?: true
  /** What it passed by. */
  readonly by?: readonly ('spf' | 'dkim')[]
  readonly about?: string
}

/** The chain of those who handed it on (RFC 8617). */
export type ArcFinding = {
  readonly result: 'none' | 'pass' | 'fail'
  /** `d=` of each seal, the newest first. */
  readonly sealers: readonly string[]
  /** What the newest sealer had found for DMARC, where the chain passes. */
  readonly dmarc?: 'pass' | 'fail' | 'none' | 'temperror' | 'permerror'
  readonly about?: string
}

/** Whom the message says it is from (RFC 5322 §3.6.2), and whether all readers would say the same. */
export type AuthorFinding = {
  /** `ambiguous`: different readers may see different authors. */
  readonly result: 'one' | 'several' | 'none' | 'ambiguous'
  /** In lower case, A-labels; each once, a bounded number. */
  readonly domains: readonly string[]
  /** A display name that reads like an address of another domain: that domain. */
  readonly poses?: string
  readonly about?: string
}

/** What is known of a message whose final dot has come. */
export type MessageFindings = {
  readonly author?: AuthorFinding
  readonly dkim?: readonly DkimFinding[]
  readonly arc?: ArcFinding
  readonly dmarc?: DmarcFinding
  /** Of domains that the message names. */
  readonly listings?: readonly Listing[]
  /**
   * Fields at the top of which somebody else wrote our name (RFC 8601 §5): where each begins and ends, in octets of the content
   * as stored. They are left out when the message is read.
   */
  readonly forged?: readonly (readonly [start: number, end: number])[]
}
