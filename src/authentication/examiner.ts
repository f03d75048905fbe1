/** Looking at strangers: what the client, SPF, lists, rates and the past say, all asked at once; and at their messages. */
import { hash } from 'node:crypto'
import { dkimVouches, spfVouches } from '../../machines/session/rules/vouching.ts'
import { splitAddress } from '../../machines/vocabulary/address.ts'
import type { Findings, Listing, MessageFindings } from '../../machines/vocabulary/findings.ts'
import type { Resolver } from '../dns/index.ts'
import type { Known } from '../reputation/known.ts'
import { domainOf, type Entered, type Rates } from '../reputation/rates.ts'
import { examineClient, type Lists, type Ourselves } from './client/index.ts'
import { MessageExaminer } from './message/examiner.ts'
import { examineSpf } from './message/spf.ts'
import type { Examiner, MessageLook, Stranger } from './port.ts'

export type ExaminerParts = {
  readonly resolver: Resolver
  readonly lists: Lists
  readonly rates: Rates
  readonly known: Pick<Known, 'karmaOf' | 'acquaintanceOf'>
  readonly ourselves: Ourselves
  /** Our name, as we sign what we found. */
  readonly hostname: string
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Milliseconds. A client waits five minutes for an answer to RCPT (RFC 5321 §4.5.3.2.3). */
const patience = 15_000

/** From 0 to below 100, from the message's id alone: the same when it is judged again. */
export const drawOf = (message: string): number =>
  (Number.parseInt(hash('sha256', message, 'hex').slice(0, 8), 16) / 2 ** 32) * 100

export class StrangerExaminer implements Examiner {
  readonly #parts: ExaminerParts
  readonly #entered = new Map<string, Entered>()

  constructor(parts: ExaminerParts) {
    this.#parts = parts
  }

  async client({
    session,
    address,
    helo,
    sender,
    signal,
  }: Stranger & { readonly signal?: AbortSignal }): Promise<Findings> {
    const { resolver, lists, ourselves, hostname, rates, known, now } = this.#parts
    const entered = rates.enter({ address, account: null, sender }, now())
    if (entered.counts.length > 0) this.#entered.set(session, entered)
    const senderDomain = splitAddress(sender).domain
    const broken = signal && { signal }
    const [client, spf] = await Promise.all([
      examineClient(
        { address, helo, senderDomain, ...broken },
        { resolver, lists, ourselves, timeout: patience },
      ),
      examineSpf({ address, helo, sender, resolver, receiver: hostname, timeout: patience, ...broken }),
    ])
    if (spfVouches(spf)) entered.vouch()
    const acquaintance = known.acquaintanceOf(address, sender)
    const karma = known.karmaOf(address)
    return {
      ...client,
      spf,
      ...(entered.counts.length > 0 && { rates: entered.counts }),
      ...(acquaintance && { acquaintance }),
      ...(karma && { karma }),
    }
  }

  message({
    message,
    findings,
    session,
    sender,
  }: Stranger & { message: string; findings: Findings }): MessageLook {
    const { resolver, hostname, now } = this.#parts
    const draw = drawOf(message)
    let look: MessageExaminer | null = new MessageExaminer({
      ...{ resolver, hostname, draw, at: now(), spf: findings.spf, timeout: patience },
    })
    return {
      push: (octets) => {
        look?.push(octets)
        return undefined
      },
      end: async () => {
        const found = (await look?.end()) ?? {}
        if (dkimVouches(found.dkim ?? [], domainOf(sender))) this.#entered.get(session)?.vouch()
        return { ...found, listings: await this.#listings(found, findings) }
      },
      forget: () => {
        look = null
      },
    }
  }

  settle(session: string, { accepted }: { readonly accepted: boolean }): void {
    if (!accepted) this.#entered.get(session)?.leave()
    this.#entered.delete(session)
  }

  /** Of the author's domains that nobody has asked about yet. */
  async #listings({ author }: MessageFindings, { listings = [] }: Findings): Promise<readonly Listing[]> {
    const domains = author?.domains ?? []
    const asked = listings.filter((listing) => listing.of === 'domain' && domains.includes(listing.subject))
    const left = domains.filter((domain) => asked.every(({ subject }) => subject !== domain))
    return left.length === 0 ? asked : [...asked, ...(await this.#parts.lists.ask({ domains: left }))]
  }
}
