/**
 * One message coming in. Small ones are kept in memory and stored in the same transaction as their `MessageAccepted`;
 * larger ones go to a file as they come, so that memory stays bounded whatever the size.
 */
import { hash } from 'node:crypto'
import type { ContentFacts } from '../../machines/session/inputs.ts'
import type { SessionPolicy } from '../../machines/session/policy.ts'
import { now } from '../actors/identity.ts'
import type { MessageLook } from '../authentication/port.ts'
import { type ContentWriter, smallContent } from '../content/port.ts'
import type { ContentReader } from './dot.ts'
import { Gathering } from './gathering.ts'
import { type HeaderFacts, headerFacts, headerWindow } from './header-facts.ts'
import { NewlineRepairer, repairNewlines } from './newlines.ts'
import { spendChunk } from './spent-chunks.ts'
import { mailDate } from './trace.ts'

export type Received = { readonly facts: ContentFacts; readonly bytes: Buffer | null }

type IncomingOptions = {
  readonly id: string
  readonly policy: SessionPolicy
  readonly begin: (id: string) => Promise<ContentWriter>
  /** A header that lacks a Date or Message-ID gets one (RFC 6409 §8.1, §8.2). */
  readonly complete: boolean
  /** Somebody is logged in: whose addresses stand in From matters. */
  readonly askAuthors: boolean
  /** Who looks at a stranger's message while it comes in. */
  readonly look: MessageLook | null
}

/** When both have room again. */
const together = (
  one: Promise<void> | undefined,
  other: Promise<void> | undefined,
): Promise<void> | undefined => (one && other ? Promise.all([one, other]).then(() => {}) : (one ?? other))

export class IncomingMessage {
  readonly id: string
  readonly #options: IncomingOptions
  /** In memory: all of a small message, or what of a large one is not worth a write yet. */
  readonly #gathered = new Gathering()
  #size = 0
  #writer: ContentWriter | null = null
  /** Resolves when the file is there and has what came meanwhile. */
  #opening: Promise<void> | null = null
  #repairer: NewlineRepairer | null = null
  /** Repaired, and on its way to the file. */
  readonly #repaired = new Gathering()
  /** As much of a large message as its header can be in. */
  readonly #head = new Gathering()
  #discarded = false

  constructor(options: IncomingOptions) {
    this.id = options.id
    this.#options = options
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size
  }

  /**
   * Takes a slice. Resolves when more may come, where the store cannot keep up.
   * @throws ContentFull and whatever else the store throws
   */
  push(slice: Buffer): Promise<void> | undefined {
    this.#size += slice.length
    // RFC 1870 §6.3: what is over the limit is read to its end, and refused there.
    if (this.#size > this.#options.policy.limits.messageSize) this.discard()
    if (this.#discarded) return undefined
    this.#gathered.add(slice)
    if (this.#gathered.length <= smallContent) return undefined
    if (this.#writer) return this.#write(this.#writer)
    this.#opening ??= this.#openFile()
    return this.#opening
  }

  /** What is known of the whole message, and its bytes where they are not in a file. */
  finish({ notes }: ContentReader): Received | Promise<Received> {
    const flaws = this.#flaws(notes)
    if (this.#discarded) return { facts: this.#discardedFacts(), bytes: null }
    if (this.#opening) return this.#finishFile(this.#opening, flaws)
    const whole = this.#gathered.take()
    const bytes = flaws.repaired ? repairNewlines(whole) : whole
    const facts = this.#facts({ size: bytes.length, sha256: hash('sha256', bytes, 'hex') }, bytes, flaws)
    const { look } = this.#options
    if (look === null) return { facts, bytes }
    void look.push(bytes)
    return look.end().then((authentication) => ({ facts: { ...facts, authentication }, bytes }))
  }

  /** Forgets the content. */
  discard(): void {
    this.#discarded = true
    this.#gathered.take()
    this.#options.look?.forget()
    const writer = this.#writer
    this.#writer = null
    if (writer) void writer.discard()
  }

  #flaws(notes: ContentReader['notes']): Pick<ContentFacts, 'nul' | 'longestLine' | 'bare' | 'repaired'> {
    const repair = this.#options.policy.bareNewlines === 'repair'
    return {
      ...(notes.nul && { nul: true as const }),
      ...(notes.longestLine > 998 && { longestLine: notes.longestLine }),
      ...(notes.bare && (repair ? { repaired: true as const } : { bare: true as const })),
    }
  }

  #facts(
    stored: { readonly size: number; readonly sha256: string },
    head: Buffer,
    flaws: Partial<ContentFacts>,
  ): ContentFacts {
    const { received, deliveredTo, subject, from, messageId, ...rest } = this.#read(head)
    const seen = { received, ...deliveredTo, subject, from, messageId }
    const { authors, tlsOptional, added } = rest
    return { message: this.id, ...stored, ...seen, ...authors, ...tlsOptional, ...added, ...flaws }
  }

  #read(head: Buffer) {
    const { policy, complete, askAuthors } = this.#options
    const header = headerFacts(head)
    const messageId = header.messageId ?? (complete ? `<${this.id}@${policy.hostname}>` : null)
    const lines = complete ? this.#missing(header, messageId) : ''
    return {
      received: header.receivedLines,
      deliveredTo: header.deliveredTo.length > 0 ? { deliveredTo: header.deliveredTo } : {},
      subject: header.subject,
      from: header.from,
      messageId,
      authors: askAuthors ? { authors: header.fromAddresses } : {},
      tlsOptional: header.tlsOptional ? { tlsOptional: true as const } : {},
      added: lines === '' ? {} : { added: lines },
    }
  }

  #missing(header: HeaderFacts, messageId: string | null): string {
    const date = header.date ? '' : `Date: ${mailDate(now())}\r\n`
    return header.messageId === null ? `${date}Message-ID: ${messageId}\r\n` : date
  }

  async #openFile(): Promise<void> {
    const { begin, policy } = this.#options
    const writer = await begin(this.id)
    if (this.#discarded) {
      await writer.discard()
      return
    }
    this.#writer = writer
    if (policy.bareNewlines === 'repair')
      this.#repairer = new NewlineRepairer((slice) => this.#repaired.add(slice))
    await this.#write(writer)
  }

  /** Writes what is gathered. */
  #write(writer: ContentWriter): Promise<void> | undefined {
    const slice = this.#gathered.take()
    this.#repairer?.push(slice)
    return this.#writeBytes(writer, this.#repairer ? this.#repaired.take() : slice)
  }

  #writeBytes(writer: ContentWriter, bytes: Buffer): Promise<void> | undefined {
    const missing = headerWindow - this.#head.length
    if (missing > 0) this.#head.add(bytes.subarray(0, missing))
    spendChunk(bytes.length)
    return together(writer.write(bytes) ?? undefined, this.#options.look?.push(bytes))
  }

  async #finishFile(opening: Promise<void>, flaws: Partial<ContentFacts>): Promise<Received> {
    await opening
    const writer = this.#writer
    if (writer === null) return { facts: this.#discardedFacts(), bytes: null }
    await this.#write(writer)
    this.#repairer?.end()
    if (this.#repaired.length > 0) await this.#writeBytes(writer, this.#repaired.take())
    const stored = await writer.finish()
    const facts = this.#facts(stored, this.#head.take(), flaws)
    const authentication = await this.#options.look?.end()
    return { facts: { ...facts, ...(authentication && { authentication }) }, bytes: null }
  }

  #discardedFacts(): ContentFacts {
    const unknown = { sha256: '', received: 0, subject: null, from: null, messageId: null }
    return { message: this.id, size: this.#size, ...unknown }
  }
}
