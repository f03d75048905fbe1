/**
 * Whether an event of a file can be believed: that the views can fold it, that its machine does the same again, and that
 * it stands in a stream where such a fact belongs. What is imported stays for good, so this is asked before.
 */
import { z } from 'zod'
import { parseAddress } from '../../machines/vocabulary/address.ts'
import type { EventOf, FactName, NoticeCause } from '../../machines/vocabulary/events.ts'
import type { MachineModule } from '../../machines/vocabulary/machine.ts'
import { noticeKinds, noticeStream } from '../../machines/vocabulary/notices.ts'
import type { Projection, RowChange, TableSchema } from '../../projections/projection.ts'
import { isId } from '../content/places.ts'
import { categoryOf, type LogReader, type StoredEvent } from '../log/port.ts'
import { findingText, type StreamFinding } from './findings.ts'
import { Folding } from './folding.ts'

export type BeliefOptions = {
  /** What the target log has: policies, and the beginnings of streams that go on in the file. */
  readonly log: Pick<LogReader, 'readStream'>
  readonly machines: readonly MachineModule[]
  readonly projections: readonly Projection[]
}

const name = z.string().min(1)
const addresses = z.array(name)
const address = z.string().refine((given) => parseAddress(given) !== null, {
  error: ({ input }) => `${JSON.stringify(input)} is no mail address`,
})
const cause: z.ZodType<NoticeCause> = z.union([
  z.object({
    delivery: name,
    kind: z.enum(noticeKinds),
    attempt: z.number().int().positive().exactOptional(),
  }),
  z.object({ message: name, kind: z.literal('delivered') }),
])

/** Facts that no machine writes, and what they must hold. */
const plainFacts: Readonly<Partial<Record<FactName, { category: string; shape: z.ZodType }>>> = {
  AccountAdded: {
    category: 'account',
    shape: z.object({ account: address, password: z.string(), addresses: z.array(address) }),
  },
  AccountPasswordChanged: { category: 'account', shape: z.object({ account: name, password: z.string() }) },
  AccountRemoved: { category: 'account', shape: z.object({ account: name }) },
  NoticeDropped: { category: 'notice', shape: z.object({ cause, sender: z.string(), reason: name }) },
  DomainAdded: { category: 'domain', shape: z.object({ domain: name, catchAll: name.nullable() }) },
  DomainRemoved: { category: 'domain', shape: z.object({ domain: name }) },
  SuppressionAdded: { category: 'suppression', shape: z.object({ address: name, by: name }) },
  SuppressionCleared: { category: 'suppression', shape: z.object({ address: name, by: name }) },
  HistoryForgotten: {
    category: 'retention',
    shape: z.object({
      rule: z.enum(['sessions', 'refusedSessions']),
      before: z.number(),
      streams: addresses,
    }),
  },
  ContentForgotten: {
    category: 'retention',
    shape: z.object({ before: z.number(), messages: addresses }),
  },
  MessageFlagged: {
    category: 'mailbox_message',
    shape: z.object({ id: name, mailbox: name, flags: addresses, by: name }),
  },
  MessageMoved: {
    category: 'mailbox_message',
    shape: z.object({
      ...{ id: name, mailbox: name, to: name, as: name, message: name, by: name, flags: addresses },
      ...{ from: z.string().nullable(), subject: z.string().nullable(), size: z.number().int() },
    }),
  },
  MessageExpunged: {
    category: 'mailbox_message',
    shape: z.object({ id: name, mailbox: name, size: z.number().int(), by: name }),
  },
  SubmissionBegun: {
    category: 'submission',
    shape: z.object({ account: name, request: name, session: name }),
  },
  SubmissionAccepted: {
    category: 'submission',
    shape: z.object({
      ...{ account: name, message: name },
      refused: z.array(z.object({ address: z.string(), reply: z.string() })),
    }),
  },
  PolicyChanged: {
    category: 'policy_change',
    shape: z.object({
      service: z.enum(['mx', 'submission', 'submissions']),
      policy: name,
      previous: name.nullable(),
      node: name,
    }),
  },
  PolicyAdopted: { category: 'policy', shape: z.object({ policy: z.record(z.string(), z.unknown()) }) },
}

/** In which nothing else stands. A stream of a notice may hold the notice. */
const plainCategories = new Set(
  Object.values(plainFacts).flatMap(({ category }) => (category === 'notice' ? [] : [category])),
)

type Issue = Pick<z.core.$ZodIssue, 'path' | 'message'>
/** Where several shapes would do, what keeps it from the first. */
const innermost = (issue: z.core.$ZodIssue): Issue => {
  const inner = issue.code === 'invalid_union' ? issue.errors[0]?.[0] : undefined
  return inner === undefined ? issue : { message: inner.message, path: [...issue.path, ...inner.path] }
}

/** A file must not say who may ask over HTTP here, nor what webhooks were told. */
const neverTaken = new Set(['web_login', 'api_key', 'webhook'])

/** What is wrong with a fact that no machine will be asked about, or null. */
const plainFault = ({ type, stream, data }: StoredEvent): string | null => {
  const category = categoryOf(stream)
  if (neverTaken.has(category)) return `${stream} is of another log: it is not taken from a file`
  const known = Object.hasOwn(plainFacts, type) ? plainFacts[type as FactName] : undefined
  if (known === undefined)
    return plainCategories.has(category) ? `${type} does not belong into a stream of ${category}` : null
  if (known.category !== category) return `${type} does not belong into a stream of ${category}`
  const read = known.shape.safeParse(data)
  if (read.success) return null
  const { path, message } = innermost(read.error.issues[0]!)
  return `${type}: ${path.join('.')}: ${message}`
}

/** A notice that the server composed itself, from nobody, and so without a session. */
const isNotice = ({ stream, data }: StoredEvent): boolean => {
  const read = cause.safeParse(data.cause)
  if (!read.success || data.sender !== '') return false
  return stream === noticeStream(read.data)
}

/** Facts that only a machine may tell, for the views believe them wherever they stand. */
const machineFault = (event: StoredEvent): string | null => {
  const { type, stream, data, meta } = event
  if (type !== 'MessageAccepted') return null
  if (meta.machine === undefined && !isNotice(event))
    return `MessageAccepted in ${stream} was not told by a machine`
  return typeof data.message === 'string' && isId(data.message) ? null : 'message must be a message id'
}

const fits = (value: unknown, type: string | undefined): boolean =>
  value === null || (type === 'text' ? typeof value === 'string' : Number.isFinite(value))

/** A column that a change would give what cannot stand there. */
const misfit = (change: RowChange, { key, columns }: TableSchema): string | undefined => {
  if (!('key' in change)) return undefined
  // What another row holds was looked at when it came there.
  const begun = 'behind' in change ? (change.behind?.columns.length ?? 0) : 0
  const keys = key.slice(begun).map((column, at) => [column, change.key[at]] as const)
  const values = 'set' in change ? Object.entries(change.set ?? {}) : []
  const wrong = [...keys, ...values].find(([column, value]) => !fits(value, columns[column]))
  return wrong?.[0]
}

const foldFault = (event: StoredEvent, { name: view, tables, fold }: Projection): string | null => {
  try {
    for (const change of fold(event as EventOf)) {
      const column = misfit(change, tables[change.table]!)
      if (column !== undefined) return `${event.type} gives the view ${view} no ${column}`
    }
    return null
  } catch (error) {
    return `the view ${view} cannot take ${event.type}: ${error instanceof Error ? error.message : String(error)}`
  }
}

export class Belief {
  readonly #projections: readonly Projection[]
  readonly #policies = new Map<string, StoredEvent>()
  readonly #folding: Folding
  #finding: StreamFinding | null = null
  /** Histories of machines this release does not have: only the views were asked about them. */
  unreplayed = 0

  constructor({ log, machines, projections }: BeliefOptions) {
    this.#projections = projections
    this.#folding = new Folding({
      log: { readStream: (stream, options) => this.#readStream(log, stream, options) },
      machines,
      found: (finding) => this.#found(finding),
      open: Number.POSITIVE_INFINITY,
    })
  }

  /** Takes the next new event, in the order of the file. Says why it cannot be believed, or null. */
  async fault(event: StoredEvent): Promise<string | null> {
    const wrong = plainFault(event) ?? machineFault(event) ?? this.#viewFault(event)
    if (wrong !== null) return wrong
    if (event.type === 'PolicyAdopted') this.#policies.set(event.stream, event)
    await this.#folding.take(event)
    return this.#finding === null ? null : findingText(this.#finding)
  }

  #viewFault(event: StoredEvent): string | null {
    for (const projection of this.#projections) {
      const fault = foldFault(event, projection)
      if (fault !== null) return fault
    }
    return null
  }

  #found(finding: StreamFinding): void {
    if (finding.kind === 'unknownVersion') this.unreplayed += 1
    else this.#finding = finding
  }

  async *#readStream(
    log: BeliefOptions['log'],
    stream: string,
    options?: Parameters<LogReader['readStream']>[1],
  ): AsyncGenerator<readonly StoredEvent[]> {
    const policy = this.#policies.get(stream)
    if (policy === undefined) yield* log.readStream(stream, options)
    else yield [policy]
  }
}
