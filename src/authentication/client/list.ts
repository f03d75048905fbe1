/** One list that is asked over DNS (RFC 5782): what it says of a name, and whether it can be believed. */
import type { Listing } from '../../../machines/vocabulary/findings.ts'
import { DnsFault, dnsWords, type Resolver, saysNothing } from '../../dns/index.ts'
import { type Codes, codesOf, complaint } from './zones.ts'

/** As `policy.dnsbl` has it. */
export type ListSettings = {
  readonly zone: string
  readonly of: 'addresses' | 'domains'
  /** Answers that count: they are listings, whatever else is known. */
  readonly codes?: readonly string[] | undefined
  /** Answers that are listings, and what each means. */
  readonly meanings?: Readonly<Record<string, string>> | undefined
  /** File of a key that becomes part of the name that is asked. */
  readonly keyFile?: string | undefined
}

/** What a list said of one thing. `alarming`: a person should look at it. */
export type Word = Pick<Listing, 'result' | 'codes' | 'meanings' | 'about'> & { readonly alarming: boolean }

export type Asking = { readonly signal: AbortSignal; readonly timeout: number }

/** More than any list answers. */
const mostCodes = 20

const listText = (codes: readonly string[]): string => codes.join(', ')

/** Reads a set of answers. Those outside 127/8 and complaints make all of it an error; undocumented ones count for nothing. */
export const readCodes = (answers: readonly string[], { meaning }: Codes): Word => {
  const codes = [...new Set(answers)].sort().slice(0, mostCodes)
  const wrong = codes.find((code) => complaint(code) !== null)
  if (wrong !== undefined)
    return { result: 'error', codes, about: `${complaint(wrong)} (${wrong})`, alarming: true }
  const listed = codes.filter((code) => meaning(code) !== null)
  const others = codes.filter((code) => meaning(code) === null)
  const odd = `answered ${listText(others)}, which is not documented`
  if (listed.length === 0) return { result: 'error', codes, about: odd, alarming: true }
  const meanings = [...new Set(listed.map((code) => meaning(code) ?? ''))].filter((word) => word !== '')
  return {
    ...{ result: 'listed', codes: listed, alarming: others.length > 0 },
    ...(meanings.length > 0 && { meanings }),
    ...(others.length > 0 && { about: `also ${odd}` }),
  }
}

/** Never its message, which holds the name that was asked and so the key. */
const failed = (error: DnsFault): Word => {
  const code = error.code === 'ECANCELLED' ? 'ETIMEOUT' : error.code
  return { result: 'error', about: dnsWords(code), alarming: code === 'EREFUSED' }
}

export class List {
  readonly settings: ListSettings
  readonly #resolver: Resolver
  readonly #codes: Codes

  constructor(settings: ListSettings, resolver: Resolver) {
    this.settings = settings
    this.#resolver = resolver
    this.#codes = codesOf(settings)
  }

  /** What it says of `labels`: an address back to front, or a domain. `key`: '' for a list without. Never rejects for what DNS does. */
  async ask(labels: string, key: string, asking: Asking): Promise<Word> {
    const name = [labels, key, this.settings.zone].filter((part) => part !== '').join('.')
    try {
      return readCodes(await this.#resolver.resolve(name, 'A', asking), this.#codes)
    } catch (error) {
      if (!(error instanceof DnsFault)) throw error
      return saysNothing(error) ? { result: 'clear', alarming: false } : failed(error)
    }
  }

  /** What must be listed and what must not, so that a list is one (RFC 5782 §5). */
  get #proofs(): readonly [listed: string, clear: string] {
    return this.settings.of === 'addresses' ? ['2.0.0.127', '1.0.0.127'] : ['TEST', 'INVALID']
  }

  /** RFC 5782 §5. `passed`, why it failed, or `unknown` where it did not answer. */
  async test(key: string, asking: Asking): Promise<TestResult> {
    const [listed, clear] = await Promise.all(this.#proofs.map((labels) => this.ask(labels, key, asking)))
    return judged(listed!, clear!, this.settings.of === 'addresses' ? '127.0.0.' : null)
  }
}

export type TestResult =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly about: string }
  | { readonly kind: 'unknown'; readonly about: string }

const judged = (listed: Word, clear: Word, addresses: string | null): TestResult => {
  const [good, bad] = addresses === null ? ['TEST', 'INVALID'] : [`${addresses}2`, `${addresses}1`]
  for (const [subject, word] of [
    [good, listed],
    [bad, clear],
  ] as const)
    if (word.result === 'error')
      return { kind: word.alarming ? 'failed' : 'unknown', about: `asked for ${subject}: ${word.about}` }
  if (clear.result === 'listed')
    return { kind: 'failed', about: `it lists ${bad}, as if it listed everybody` }
  return listed.result === 'listed'
    ? { kind: 'passed' }
    : { kind: 'failed', about: `it does not list ${good}, as if it were empty` }
}
