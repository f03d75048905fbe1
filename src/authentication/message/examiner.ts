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
import { forgedFields, type Range, withRange } from './forged.ts'
import { type Head, HeadReader } from './head.ts'
import { Keys } from './keys.ts'
import { LateFields } from './late-fields.ts'
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

type Reading = {
  readonly head: Head
  readonly vetted: Vetted
  readonly verifier: Verifier | null
  readonly late: LateFields | null
}

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
    if (this.#reading === null) this.#reading = this.#read(this.#reader.head)
    else this.#reading.late?.push(piece)
    if (body !== null && body.length > 0) this.#reading.verifier?.write(body)
  }

  /** After the last piece. Never throws for what is in a message or in DNS. */
  async end(): Promise<MessageFindings> {
    this.#dns.until = performance.now() + this.#timeout
    const { head, vetted: fields, verifier, late } = this.#reading ?? this.#read(this.#reader.end())
    const { spf, draw, hostname } = this.#options
    const author = readAuthor(head)
    const verified = verifier === null ? unsigned : await verifier.end()
    const dkim = head.tooLong ? tooLong.dkim : dkimFindings(verified.signatures, fields)
    const [arc, dmarc] = await Promise.all([
      head.tooLong ? tooLong.arc : arcFinding(verified.arc, fields, this.#keys),
      examineDmarc({ author, spf, dkim, resolver: this.#dns, draw }),
    ])
    const forged = forgedIn(head, late, hostname)
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
      late: lateIn(head, this.#options.hostname),
      verifier: isSigned ? new Verifier(head, fields, { keys: this.#keys, at }) : null,
    }
  }
}

/** The field that was cut is not whole here: it is looked at with what follows. */
const lateIn = ({ fields, text, behind }: Head, hostname: string): LateFields | null => {
  if (behind === null) return null
  const { start } = fields.at(-1) ?? { start: 0 }
  const late = new LateFields(hostname, { text: text.slice(start), start })
  late.push(behind)
  return late
}
const forgedIn = ({ fields }: Head, late: LateFields | null, hostname: string): readonly Range[] =>
  late === null
    ? forgedFields({ fields }, hostname)
    : late.end().reduce(withRange, forgedFields({ fields: fields.slice(0, -1) }, hostname))

const unsigned: Awaited<ReturnType<Verifier['end']>> = { signatures: [], arc: { chain: false } }
const about = 'the header is longer than what is read of it'
const tooLong = {
  dkim: [{ result: 'policy', domain: '', selector: '', about }],
  arc: { result: 'fail', sealers: [], about },
} as const
