/** Batches of spans to the collector, one after the other. Whatever it does, mail does not wait for it, and memory does not grow. */
import { type Resource, requestOf } from './otlp.ts'
import { type Posted, post } from './post.ts'
import type { Span } from './span.ts'

export type Collector = {
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds. */
  readonly timeout: number
  readonly service: string
}

export type ExporterOptions = {
  readonly collector: Collector
  readonly node: string
  readonly info: (what: string) => void
  readonly warn: (what: string) => void
  /** Spans that wait at most; by default 10,000, which is about 15 MiB. */
  readonly most?: number
  /** Milliseconds between two batches, where there is little to tell. */
  readonly every?: number
}

export type Exported = {
  /** Spans the collector took. */
  readonly exported: number
  /** Spans it said are wrong. */
  readonly refused: number
  /** Spans for which there was no room. */
  readonly dropped: number
  readonly waiting: number
  /** Requests that failed, by how. */
  readonly failures: ReadonlyMap<string, number>
}

/** Spans in one request. */
const inBatch = 512
const firstPause = 1_000
const longestPause = 60_000
/** Milliseconds for what is left at the end. */
const lastWords = 2_000

export class Exporter {
  readonly #options: ExporterOptions
  readonly #most: number
  readonly #every: number
  readonly #stopping = new AbortController()
  readonly #failures = new Map<string, number>()
  #collector: Collector
  #waiting: Span[] = []
  #exported = 0
  #refused = 0
  #dropped = 0
  #failed = 0
  #timer: NodeJS.Timeout | null = null
  #sending: Promise<void> | null = null

  constructor(options: ExporterOptions) {
    this.#options = options
    this.#collector = options.collector
    this.#most = options.most ?? 10_000
    this.#every = options.every ?? 2_000
  }

  get figures(): Exported {
    return {
      ...{ exported: this.#exported, refused: this.#refused, dropped: this.#dropped },
      ...{ waiting: this.#waiting.length, failures: this.#failures },
    }
  }

  /** For requests to come. */
  use(collector: Collector): void {
    this.#collector = collector
    if (this.#failed > 0) this.#sendIn(0)
  }

  offer(spans: readonly Span[]): void {
    if (spans.length === 0) return
    const room = Math.max(0, this.#most - this.#waiting.length)
    this.#waiting.push(...spans.slice(0, room))
    this.#dropped += Math.max(0, spans.length - room)
    if (this.#sending !== null) return
    const isMuch = this.#waiting.length >= inBatch
    // Who failed is given the time that is left.
    if (this.#timer === null) this.#sendIn(isMuch ? 0 : this.#every)
    else if (isMuch && this.#failed === 0) this.#sendIn(0)
  }

  /** Tells what is left, for a moment; not to a collector that does not answer. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#failed > 0) this.#stopping.abort()
    const clock = setTimeout(() => this.#stopping.abort(), lastWords)
    await this.#sending
    while (this.#waiting.length > 0 && !this.#stopping.signal.aborted) {
      const before = this.#exported + this.#refused
      await this.#send()
      if (this.#exported + this.#refused === before) break
    }
    clearTimeout(clock)
    this.#stopping.abort()
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #sendIn(milliseconds: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#stopping.signal.aborted) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#sending ??= this.#send().finally(() => {
        this.#sending = null
        if (this.#waiting.length > 0 && this.#timer === null)
          this.#sendIn(this.#waiting.length >= inBatch ? 0 : this.#every)
      })
    }, milliseconds)
    this.#timer.unref()
  }

  async #send(): Promise<void> {
    const batch = this.#waiting.slice(0, inBatch)
    if (batch.length === 0) return
    const { endpoint, headers, timeout, service } = this.#collector
    const body = requestOf(batch, { service, node: this.#options.node } satisfies Resource)
    const posted = await post({ endpoint, headers, body, timeout, signal: this.#stopping.signal })
    if (posted.kind === 'later') this.#later(posted)
    else this.#done(batch.length, posted)
  }

  #done(count: number, posted: Exclude<Posted, { readonly kind: 'later' }>): void {
    this.#waiting = this.#waiting.slice(count)
    if (posted.kind === 'taken') {
      const refused = Math.min(count, posted.rejected)
      this.#exported += count - refused
      this.#refused += refused
      if (this.#failed > 0) this.#options.info(`the collector ${this.#name} takes traces again`)
      this.#failed = 0
      return
    }
    this.#refused += count
    this.#complain(posted.error, 'does not want them')
  }

  #later({ error, retryAfter }: Extract<Posted, { readonly kind: 'later' }>): void {
    if (this.#stopping.signal.aborted) return
    this.#complain(error, 'they wait, and the newest are dropped where there are too many')
    const own = Math.min(longestPause, firstPause * 2 ** (this.#failed - 1))
    this.#sendIn(Math.min(longestPause, Math.max(own, retryAfter ?? 0)))
  }

  /** Once, until it goes well again. */
  #complain(error: string, follows: string): void {
    this.#failures.set(error, (this.#failures.get(error) ?? 0) + 1)
    this.#failed++
    if (this.#failed === 1)
      this.#options.warn(
        `the collector ${this.#name} takes no traces (${error}): ${follows}; mail is not concerned`,
      )
  }

  /** Without what may be secret in a URL. */
  get #name(): string {
    const { origin, pathname } = new URL(this.#collector.endpoint)
    return `${origin}${pathname}`
  }
}
