/**
 * What can be known of a message from its content: its author, who signed it, whose chain it came along, what the author's domain asks
 * for. Fed as the content comes; holds the header, never the body. Loads mailauth: import it where mail from strangers is taken.
 */
import type { MessageFindings, SpfFinding } from '../../../machines/vocabulary/findings.ts'
import type { Resolver } from '../../dns/port.ts'
import { arcFinding } from './arc.ts'
import { readAuthor } from './author.ts'
import { BoundedResolver } from './bounded-resolver.ts'
import { dkimFindings } from './dkim.ts'
import { examineDmarc } from './dmarc.ts'
import { forgedFields } from './forged.ts'
import { type Head, HeadReader } from './head.ts'
import { Keys } from './keys.ts'
import { Verifier } from './verifier.ts'
import { type Vetted, vetted } from './vetting.ts'

export type ExaminerOptions = {
  readonly resolver: Resolver
  /** Our name, as it stands in Authentication-Results. */
  readonly hostname: string
  readonly spf?: SpfFinding | undefined
  /** From 0 to below 100: decides `pct=` of DMARC. Record it, or take it from what is recorded. */
  readonly draw: number
  /** Milliseconds since 1970, for `x=`; without it, now. */
  readonly at?: number
  /** Milliseconds that answers may take after the end. */
  readonly timeout?: number
}

const patience = 10_000

type Reading = { readonly head: Head; readonly vetted: Vetted; readonly verifier: Verifier | null }

export class MessageExaminer {
  readonly #options: ExaminerOptions
  readonly #reader = new HeadReader()
  readonly #dns: BoundedResolver
  readonly #keys: Keys
  readonly #timeout: number
  #reading: Reading | null = null

  constructor(options: ExaminerOptions) {
    this.#options = options
    this.#timeout = options.timeout ?? patience
    this.#dns = new BoundedResolver(options.resolver, Number.POSITIVE_INFINITY)
    this.#keys = new Keys(this.#dns)
  }

  /** The next piece of the content, as it is stored. The piece may be used again once the header is over. */
  push(piece: Buffer): void {
    const body = this.#reader.push(piece)
    if (this.#reader.head === null) return
    this.#reading ??= this.#read(this.#reader.head)
    if (body !== null && body.length > 0) this.#reading.verifier?.write(body)
  }

  /** After the last piece. Never throws for what is in a message or in DNS. */
  async end(): Promise<MessageFindings> {
    this.#dns.until = performance.now() + this.#timeout
    const { head, vetted: fields, verifier } = this.#reading ?? this.#read(this.#reader.end())
    const { spf, draw, hostname } = this.#options
    const author = readAuthor(head)
    const verified = verifier === null ? unsigned : await verifier.end()
    const dkim = head.tooLong ? tooLong.dkim : dkimFindings(verified.signatures, fields)
    const [arc, dmarc] = await Promise.all([
      head.tooLong ? tooLong.arc : arcFinding(verified.arc, fields, this.#keys),
      examineDmarc({ author, spf, dkim, resolver: this.#dns, draw }),
    ])
    const forged = forgedFields(head, hostname)
    return { author, dkim, arc, dmarc, ...(forged.length > 0 && { forged }) }
  }

  #read(head: Head): Reading {
    this.#dns.until = performance.now() + this.#timeout
    const fields = vetted(head)
    const isSigned = !head.tooLong && fields.signatures.length + fields.arc.length > 0
    const at = new Date(this.#options.at ?? Date.now())
    return {
      head,
      vetted: fields,
      verifier: isSigned ? new Verifier(head, fields, { keys: this.#keys, at }) : null,
    }
  }
}

const unsigned: Awaited<ReturnType<Verifier['end']>> = { signatures: [], arc: { chain: false } }
const about = 'the header is longer than what is read of it'
const tooLong = {
  dkim: [{ result: 'policy', domain: '', selector: '', about }],
  arc: { result: 'fail', sealers: [], about },
} as const
