/** The questions that one evaluation of SPF may ask, and how many of them (RFC 7208 §4.6.4). */
import type { Ask } from 'mailauth/lib/spf/spf-verify.js'
import type { Resolver } from '../../dns/port.ts'
import { isNothing } from './bounded-resolver.ts'

// RFC 7208 §4.6.4: terms that ask, answers that are empty, names of one MX or PTR answer.
export const most = { terms: 10, voids: 2, names: 10 } as const
/** Records and addresses of one answer that are looked at. The records that real domains publish are a tenth of it. */
const longestRecord = 16 * 1024
const mostAddresses = 500

/** Ends an evaluation. The evaluator looks at `spfResult` and, in a PTR lookup, at the code. */
export class SpfEnd extends Error {
  override readonly name = 'SpfEnd'
  readonly spfResult: { error: 'none' | 'permerror' | 'temperror'; text: string }
  /** Nothing that follows may be asked: what one mechanism cannot know, no other is to decide. */
  readonly code = 'ESPFTIMELIMIT'
  constructor(error: 'permerror' | 'temperror', text: string) {
    super(text)
    this.spfResult = { error, text }
  }
}
/** No answer for one question; `ptr` goes on after it (RFC 7208 §5.5), everything else ends. */
class Unanswered extends Error {
  override readonly name = 'Unanswered'
  readonly spfResult = { error: 'temperror' as 'none' | 'permerror' | 'temperror', text: this.message }
}

/** Copies, since the evaluator sorts what it gets. */
const bounded = (type: string, answers: readonly unknown[]): unknown[] => {
  if (type !== 'TXT') return answers.slice(0, mostAddresses)
  const lengths = answers.map((strings) => (Array.isArray(strings) ? strings.join('').length : 0))
  if (lengths.some((length) => length > longestRecord))
    throw new SpfEnd('permerror', 'a record that is longer than any that is meant well')
  return answers.slice()
}

export class SpfLookups {
  readonly #resolver: Resolver
  readonly #signal: AbortSignal | undefined
  readonly #until: number
  #terms = -1 // The record itself is not counted.
  #voids = 0

  constructor(
    resolver: Resolver,
    options: { readonly until: number; readonly signal?: AbortSignal | undefined },
  ) {
    this.#resolver = resolver
    this.#until = options.until
    this.#signal = options.signal
  }

  /** For terms. Names come out of macros: a backslash in one is a backslash. */
  readonly term: Ask = async (name, type) => {
    if (++this.#terms > most.terms) throw new SpfEnd('permerror', `more than ${most.terms} terms ask DNS`)
    try {
      return await this.#ask(name.replaceAll('\\', '\\\\'), type)
    } catch (error) {
      if (!isNothing(error)) throw error
      if (++this.#voids > most.voids) throw new SpfEnd('permerror', `more than ${most.voids} empty answers`)
      return []
    }
  }
  /** For the text of `exp=`, which nothing is counted for. */
  readonly explanation: Ask = (name, type) => this.#ask(name.replaceAll('\\', '\\\\'), type)
  /** For the addresses of the names in one answer. */
  readonly names = (): Ask => {
    let asked = 0
    return async (name, type) => {
      if (++asked > most.names) throw new SpfEnd('permerror', `more than ${most.names} hosts in one answer`)
      try {
        return await this.#ask(name, type)
      } catch (error) {
        if (isNothing(error)) return []
        throw error
      }
    }
  }

  async #ask(name: string, type: Parameters<Ask>[1]): Promise<unknown[]> {
    const timeout = this.#until - performance.now()
    if (timeout <= 0 || this.#signal?.aborted) throw new SpfEnd('temperror', 'no result in time')
    try {
      const signal = this.#signal === undefined ? {} : { signal: this.#signal }
      return bounded(type, await this.#resolver.resolve(name, type, { timeout, ...signal }))
    } catch (error) {
      if (isNothing(error) || error instanceof SpfEnd) throw error
      throw new Unanswered(error instanceof Error ? error.message : 'no answer')
    }
  }
}
