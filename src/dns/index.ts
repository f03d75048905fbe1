/** The resolver: what is known already, what is being asked, and asking the servers. */
import { Cache } from './cache.ts'
import { wireName, withoutCase } from './names.ts'
import { type Answers, type AskOptions, DnsFault, type RecordType, type Resolver } from './port.ts'
import { askToTheEnd, type Outcome } from './question.ts'
import { copyOf } from './records.ts'
import { Room } from './room.ts'
import { NameServers } from './servers.ts'
import { Shared } from './shared.ts'

export {
  type Answers,
  type AskOptions,
  type DnsCode,
  DnsFault,
  dnsWords,
  type RecordType,
  type Resolver,
  saysNothing,
} from './port.ts'

/** One question that was answered, or not; it never holds the name. */
export type Asked = {
  readonly type: RecordType
  readonly result: 'found' | 'nothing' | 'failed'
  /** `shared`: somebody else was asking the same. */
  readonly from: 'cache' | 'shared' | 'servers'
  readonly milliseconds: number
}

export type Bounds = {
  /** Questions to servers at one time, and how many wait for that. */
  readonly questions: number
  readonly waiting: number
  /** Answers that are kept, and about how many octets they may take. */
  readonly entries: number
  readonly octets: number
}

export type ResolverOptions = {
  /** `192.0.2.1`, `[2001:db8::1]:5353`; none: those of the system. */
  readonly servers: readonly string[]
  /** Milliseconds, for the whole of a question. */
  readonly timeout: number
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number
  /** Told of each question, for counting. */
  readonly report?: (asked: Asked) => void
  readonly bounds?: Partial<Bounds>
}

const usual: Bounds = { questions: 200, waiting: 5_000, entries: 20_000, octets: 16 * 1024 * 1024 }

/** Seconds. What a TTL promises is believed for a day at most; that there is nothing, for a quarter of an hour (RFC 2308 §5). */
const longest = { found: 86_400, nothing: 900 } as const
/** RFC 2308 §7: a failure is not asked for again and again; seconds. */
const afterFailure = 5

const secondsOf = (outcome: Outcome): number => {
  if (outcome.kind === 'failed') return outcome.code === 'ECANCELLED' ? 0 : afterFailure
  return Math.min(outcome.ttl ?? 0, longest[outcome.kind])
}

/** What an entry takes besides its message. */
const overhead = 300

const sizeOf = (key: string, outcome: Outcome): number =>
  overhead + key.length + (outcome.kind === 'found' ? outcome.size * 2 : 0)

type Answered = { readonly outcome: Outcome; readonly from: Asked['from'] }

class OurResolver implements Resolver {
  readonly #timeout: number
  readonly #now: () => number
  readonly #report: (asked: Asked) => void
  readonly #servers: NameServers
  readonly #cache: Cache<Outcome>
  readonly #room: Room
  readonly #asking = new Shared<Outcome>()

  constructor({ servers, timeout, now, report, bounds }: ResolverOptions) {
    const { questions, waiting, entries, octets } = { ...usual, ...bounds }
    this.#timeout = timeout
    this.#now = now ?? (() => performance.now())
    this.#report = report ?? (() => undefined)
    this.#servers = new NameServers(servers, this.#now)
    this.#cache = new Cache({ now: this.#now, entries, octets })
    this.#room = new Room({ places: questions, waiting })
  }

  async resolve<Type extends RecordType>(
    name: string,
    type: Type,
    options: AskOptions = {},
  ): Promise<Answers[Type]> {
    const asked = `${type} of ${name}`
    const octets = wireName(name)
    if (octets === null) throw new DnsFault('ENOTFOUND', asked)
    if (options.signal?.aborted) throw new DnsFault('ECANCELLED', asked)
    const began = this.#now()
    const { outcome, from } = await this.#answer(octets, type, options)
    this.#report({ type, result: outcome.kind, from, milliseconds: this.#now() - began })
    if (outcome.kind !== 'found') throw new DnsFault(outcome.code, asked)
    // `readRecord` made them, by their type.
    return outcome.records.map(copyOf) as Answers[Type]
  }

  async #answer(name: Buffer, type: RecordType, { signal, timeout }: AskOptions): Promise<Answered> {
    const key = `${type} ${withoutCase(name).toString('latin1')}`
    const known = this.#cache.get(key)
    if (known !== null) return { outcome: known, from: 'cache' }
    const from = this.#asking.has(key) ? 'shared' : 'servers'
    const ask = (ended: AbortSignal) => this.#ask(key, name, type, ended)
    const came = await this.#asking.wait(key, ask, { signal, timeout })
    if ('result' in came) return { outcome: came.result, from }
    return { outcome: { kind: 'failed', code: came.left === 'late' ? 'ETIMEOUT' : 'ECANCELLED' }, from }
  }

  async #ask(key: string, name: Buffer, type: RecordType, signal: AbortSignal): Promise<Outcome> {
    const until = this.#now() + this.#timeout
    const question = { name, type, servers: this.#servers, signal, now: this.#now }
    const outcome = await this.#room.within(
      // Its turn may come with the last of its time.
      () => askToTheEnd({ ...question, timeout: Math.max(1, until - this.#now()) }),
      { signal, timeout: this.#timeout },
    )
    // No room: nobody was asked, so there is nothing to keep, and to whoever waits it is as if nobody had answered.
    if (outcome === null) return { kind: 'failed', code: 'ETIMEOUT' }
    this.#cache.set(key, outcome, { time: secondsOf(outcome) * 1000, size: sizeOf(key, outcome) })
    return outcome
  }
}

/** Asks `servers`, keeps what they say for as long as it holds, and asks the same thing once at a time. */
export const openResolver = (options: ResolverOptions): Resolver => new OurResolver(options)
