/**
 * The policies of the domains that mail goes to. One that was fetched is in force for as long as it says, whatever becomes of its
 * record or its host meanwhile (RFC 8461 §5.1): who can break either must not be able to take the policy away.
 */
import { failureText, type Lookup, LookupFailed } from './lookup.ts'
import { type FetchPolicy, PolicyUnavailable } from './sts-fetch.ts'
import { publishedId, readPolicy, type StsPolicy } from './sts-policy.ts'

/** What holds for a domain now. */
export type InForce = {
  readonly policy: StsPolicy | null
  /** What kept us from asking whether it still holds, or from getting one; null where nothing did. */
  readonly fault: string | null
}

export type Asking = {
  /** For one look, ended by this signal and no other: several deliveries may wait for it. */
  readonly openLookup: (signal: AbortSignal) => Lookup
  readonly fetch: FetchPolicy
  readonly signal: AbortSignal
}

/** Times are milliseconds since 1970. */
type Known = {
  readonly kept: { readonly policy: StsPolicy; readonly freshUntil: number; readonly until: number } | null
  /** RFC 8461 §3.3: a policy that cannot be fetched is not asked for again and again. */
  readonly failed: { readonly id: string; readonly until: number; readonly fault: string } | null
}

type Look = { readonly answer: Promise<InForce>; readonly ended: AbortController; waiting: number }

const nothing: InForce = { policy: null, fault: null }
const unknown: Known = { kept: null, failed: null }
/** RFC 8461 §3.3: fetched again once a day, before it ends. */
const freshFor = 86_400_000
/** RFC 8461 §3.3: five minutes or longer. */
const pauseAfterFailure = 300_000

export class StsStore {
  readonly #now: () => number
  readonly #most: number
  /** By domain, the one asked for last at the end. */
  readonly #known = new Map<string, Known>()
  readonly #looks = new Map<string, Look>()

  /** Holds policies of `most` domains; beyond that, those not asked for longest are forgotten. */
  constructor({
    now = Date.now,
    most = 10_000,
  }: { readonly now?: () => number; readonly most?: number } = {}) {
    this.#now = now
    this.#most = most
  }

  get size(): number {
    return this.#known.size
  }

  /** `domain` in A-labels. Never rejects; deliveries that ask at the same time share one look. */
  async policyOf(domain: string, asking: Asking): Promise<InForce> {
    if (asking.signal.aborted) return nothing
    const look = this.#looks.get(domain) ?? this.#look(domain, asking)
    look.waiting += 1
    const { signal } = asking
    return new Promise((resolve) => {
      const leave = (): void => {
        look.waiting -= 1
        if (look.waiting === 0) this.#end(domain, look)
        resolve(nothing)
      }
      signal.addEventListener('abort', leave, { once: true })
      void look.answer.then((answer) => {
        signal.removeEventListener('abort', leave)
        resolve(answer)
      })
    })
  }

  #look(domain: string, asking: Asking): Look {
    const ended = new AbortController()
    const answer = this.#ask(domain, { ...asking, signal: ended.signal })
    const look = { answer, ended, waiting: 0 }
    this.#looks.set(domain, look)
    void answer.then(() => this.#forget(domain, look))
    return look
  }

  /** Nobody waits for it any longer. */
  #end(domain: string, look: Look): void {
    this.#forget(domain, look)
    look.ended.abort()
  }

  #forget(domain: string, look: Look): void {
    if (this.#looks.get(domain) === look) this.#looks.delete(domain)
  }

  async #ask(domain: string, { openLookup, fetch, signal }: Asking): Promise<InForce> {
    const known = this.#inForce(domain)
    const policy = known.kept?.policy ?? null
    const lookup = openLookup(signal)
    try {
      const id = await publishedId(domain, lookup)
      // RFC 8461 §3.1: a record that is gone takes no policy away.
      if (id === null)
        return policy === null ? nothing : { policy, fault: `_mta-sts.${domain} has no usable record` }
      if (policy?.id === id && this.#now() < known.kept!.freshUntil) return { policy, fault: null }
      if (known.failed?.id === id && this.#now() < known.failed.until)
        return { policy, fault: known.failed.fault }
      return await this.#fetch(domain, id, { known, signal, text: () => fetch(domain, { lookup, signal }) })
    } catch (error) {
      return { policy, fault: wordsOf(error) }
    }
  }

  async #fetch(
    domain: string,
    id: string,
    {
      known,
      signal,
      text,
    }: { readonly known: Known; readonly signal: AbortSignal; readonly text: () => Promise<string> },
  ): Promise<InForce> {
    try {
      const policy = readPolicy(id, await text())
      const now = this.#now()
      const length = policy.maxAge * 1000
      const kept = { policy, until: now + length, freshUntil: now + Math.min(freshFor, length / 2) }
      this.#keep(domain, { kept, failed: null })
      return { policy, fault: null }
    } catch (error) {
      const fault = wordsOf(error)
      const failed = { id, fault, until: this.#now() + pauseAfterFailure }
      // What we broke off ourselves says nothing of the domain.
      if (!signal.aborted) this.#keep(domain, { ...known, failed })
      return { policy: known.kept?.policy ?? null, fault }
    }
  }

  /** What is known and still holds. */
  #inForce(domain: string): Known {
    const known = this.#known.get(domain)
    if (known === undefined) return unknown
    const kept = known.kept !== null && this.#now() < known.kept.until ? known.kept : null
    const current = { ...known, kept }
    this.#keep(domain, current)
    return current
  }

  #keep(domain: string, known: Known): void {
    this.#known.delete(domain)
    this.#known.set(domain, known)
    const [oldest] = this.#known.keys()
    if (this.#known.size > this.#most) this.#known.delete(oldest!)
  }
}

const wordsOf = (error: unknown): string => {
  if (error instanceof LookupFailed) return failureText(error)
  if (error instanceof PolicyUnavailable) return error.message
  return `the policy cannot be read: ${error instanceof Error ? error.message : String(error)}`
}
