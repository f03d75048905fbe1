/**
 * Whether an address elsewhere is not written to: asked before each attempt, out of the view `suppressions`. A view that lags, or cannot
 * be read, suppresses nobody: the address is tried once more.
 */
import { addressKey } from '../../machines/vocabulary/address.ts'
import { suppressions } from '../../projections/suppressions.ts'
import {
  heldUntil,
  isSuppressed,
  type Suppressing,
  type Suppression,
  suppressionOf,
} from '../views/answers/suppressions.ts'
import { ViewFile } from './view-file.ts'

export type Suppressed = {
  /** Its enhanced status code. */
  readonly enhanced: string
  /** In words for the sender. */
  readonly why: string
}

const version = `SELECT version FROM views WHERE name = :name AND role = 'live'`

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

const wordsOf = (row: Suppression, until: number | null | undefined): string => {
  const begun = `mail to this address is suppressed since ${dayOf(row.addedAt ?? row.at ?? 0)}`
  if (row.addedAt !== null) return `${begun}, by those who run this system`
  const end = until == null ? '' : `; it may be tried again after ${dayOf(until)}`
  return `${begun}, when the other side said: ${row.reply ?? ''}${end}`
}

export class SuppressionList {
  readonly #views: ViewFile<'one' | 'version'>
  readonly #now: () => number
  /** As the configuration has it. */
  suppressing: Suppressing

  constructor(options: {
    readonly directory: string
    readonly suppressing: Suppressing
    readonly now: () => number
  }) {
    this.#views = new ViewFile(options.directory, { one: suppressionOf, version })
    this.#now = options.now
    this.suppressing = options.suppressing
  }

  /** Null where it may be tried. */
  readonly find = (address: string): Suppressed | null => {
    try {
      this.#views.open()
      const [live] = this.#views.ask<{ version: number }>('version', { name: suppressions.name })
      if (live?.version !== suppressions.version) return null
      const [row] = this.#views.ask<Suppression>('one', { address: addressKey(address) })
      if (row === undefined || !isSuppressed(row, this.suppressing, this.#now())) return null
      // RFC 3463 §3.2: an address that somebody here gave up says nothing else about itself.
      const enhanced = row.addedAt === null ? (row.enhanced ?? '5.1.1') : '5.1.0'
      return { enhanced, why: wordsOf(row, heldUntil(row, this.suppressing)) }
    } catch {
      this.#views.close()
      return null
    }
  }

  close(): void {
    this.#views.close()
  }
}
