/**
 * Proves a log: every stream folded again, every body hashed again, every accepted recipient found, in one reading.
 */
import type { MachineModule } from '../../machines/vocabulary/machine.ts'
import type { LogReader, StoredEvent } from '../log/port.ts'
import type { Damaged, Finding, Summary, WrongView } from './findings.ts'
import { Folding } from './folding.ts'
import { type DeliveryBooks, type MailboxBooks, mailboxesNamed, unaccountedOf } from './ledger.ts'
import { soundPages } from './reading.ts'

/** Nobody promised that the body is there. */
export const notChecked = Symbol('not checked')
/** Says what is wrong with a stored body, or null. */
export type ContentCheck = (
  message: string,
  size: number,
  sha256: string,
) => Promise<string | typeof notChecked | null>

export type VerifyOptions = {
  readonly machines: readonly MachineModule[]
  readonly found: (finding: Finding) => void
  /** Null: bodies are not looked at. */
  readonly content: ContentCheck | null
  /** Null: the view of mailboxes is not looked at. */
  readonly books: MailboxBooks | null
  /** Absent or null: the view of deliveries is not looked at. */
  readonly deliveries?: DeliveryBooks | null
  /** What was found out about the views themselves. */
  readonly views?: readonly WrongView[]
  /** Called after each page with the position reached. */
  readonly progress?: (position: number) => void
}

type Tally = {
  messages: number
  unaccounted: number
  contentFaults: number
  unchecked: number
  damaged: number
  views: number
}

const isAccepted = ({ type }: StoredEvent): boolean => type === 'MessageAccepted'

const atAnyMoment = (ask: () => void): void => ask()

/** Bodies hashed at once. */
const atOnce = 64

const contentFault = async (
  event: StoredEvent,
  content: ContentCheck,
): Promise<Finding | typeof notChecked | null> => {
  const { message, size, sha256 } = event.data
  const detail = await content(String(message), Number(size), String(sha256)).catch(
    (error) => `its content cannot be read (${error instanceof Error ? error.message : String(error)})`,
  )
  return detail === null || detail === notChecked
    ? detail
    : { kind: 'content', message: String(message), position: event.position, detail }
}

class Proof {
  readonly folding: Folding
  readonly tally: Tally = {
    ...{ messages: 0, unaccounted: 0, contentFaults: 0, unchecked: 0 },
    ...{ damaged: 0, views: 0 },
  }
  readonly #options: VerifyOptions
  readonly #started = performance.now()
  /** Places in mailboxes of which the log tells, as far as the view has come. */
  #named = 0

  constructor(log: Pick<LogReader, 'readStream'>, options: VerifyOptions, open?: number) {
    const { machines, found } = options
    this.#options = options
    this.folding = new Folding({ log, machines, found, ...(open !== undefined && { open }) })
  }

  async take(page: readonly StoredEvent[]): Promise<void> {
    await this.#fold(page)
    await this.#account(page.filter(isAccepted))
    const last = page.at(-1)
    if (last !== undefined) this.#options.progress?.(last.position)
  }

  async #fold(page: readonly StoredEvent[]): Promise<void> {
    for (const event of page) {
      const waiting = this.folding.take(event)
      if (waiting !== undefined) await waiting
    }
  }

  /** Views that cannot be believed. */
  doubt(views: readonly WrongView[]): void {
    this.tally.views += views.length
    for (const view of views) this.#options.found(view)
  }

  damaged(finding: Damaged): void {
    this.tally.damaged += 1
    this.#options.found(finding)
  }

  /** The ledger and the bodies of accepted messages. */
  async #account(accepted: readonly StoredEvent[]): Promise<void> {
    const { content, books } = this.#options
    this.tally.messages += accepted.length
    const inMailboxes = books?.atOnce ?? atAnyMoment
    const onTheWay = this.#options.deliveries?.atOnce ?? atAnyMoment
    inMailboxes(() =>
      onTheWay(() => {
        for (const event of accepted) this.#inBooks(event)
      }),
    )
    for (let at = 0; content !== null && at < accepted.length; at += atOnce) {
      const faults = await Promise.all(
        accepted.slice(at, at + atOnce).map((event) => contentFault(event, content)),
      )
      for (const fault of faults)
        if (fault === notChecked) this.tally.unchecked += 1
        else if (fault !== null) this.#wrongContent(fault)
    }
  }

  #inBooks(event: StoredEvent): void {
    const { books, deliveries = null } = this.#options
    for (const finding of unaccountedOf(event, { mailboxes: books, deliveries })) this.#unaccounted(finding)
    if (books !== null && event.position <= books.position) this.#named += mailboxesNamed(event)
  }

  #unaccounted(finding: Finding): void {
    this.tally.unaccounted += 1
    this.#options.found(finding)
  }

  /** After everything: mail in a mailbox of which the log does not tell. */
  strangers(): void {
    const { books } = this.#options
    const strangers = (books?.filed ?? 0) - this.#named
    if (strangers <= 0) return
    const detail = `the view of mailboxes has ${strangers} more than the log tells of; \`fsmtp views rebuild\` makes it anew`
    this.#unaccounted({ kind: 'unaccounted', message: '', recipient: '', detail })
  }

  #wrongContent(fault: Finding): void {
    this.tally.contentFaults += 1
    this.#options.found(fault)
  }

  summary(): Summary {
    const { streams, transitions, ok, diverged, undecodable, unknownVersion } = this.folding
    const { messages, unaccounted, damaged, contentFaults, unchecked, views } = this.tally
    const ms = Math.round(performance.now() - this.#started)
    return {
      ...{ streams, transitions, ok, diverged, undecodable, unknownVersion },
      ...{ messages, unaccounted, damaged, contentFaults, unchecked, views, ms },
    }
  }
}

/** Proves the whole log. */
export const verifyLog = async (
  log: Pick<LogReader, 'readAll' | 'readStream' | 'tail'>,
  options: VerifyOptions & { readonly open?: number },
): Promise<Summary> => {
  const proof = new Proof(log, options, options.open)
  proof.doubt(options.views ?? [])
  for await (const page of soundPages({ log, damaged: (finding) => proof.damaged(finding) }))
    await proof.take(page)
  proof.strangers()
  return proof.summary()
}

/** Pages of whole streams, each from its beginning; what cannot be read is told to `damaged`. */
export type Pages = (damaged: (finding: Damaged) => void) => AsyncIterable<readonly StoredEvent[]>

/** Proves a part; `log` gives the policies. */
export const verifyPages = async (
  pages: Pages,
  log: Pick<LogReader, 'readStream'>,
  options: VerifyOptions,
): Promise<Summary> => {
  const proof = new Proof(log, options, Number.POSITIVE_INFINITY)
  for await (const page of pages((finding) => proof.damaged(finding))) {
    await proof.take(page)
  }
  return proof.summary()
}
