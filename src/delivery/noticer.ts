/**
 * Tells senders what became of their mail (RFC 3464): a notice is a message of its own, accepted from nobody, with the
 * delivery as its cause. Its stream must not exist yet, so each notice is made once, whatever crashes when.
 */
import { hash } from 'node:crypto'
import type {
  AttemptFault,
  DeliveryQueued,
  MessageAccepted,
  RecipientOutcome,
  RemoteHost,
  Route,
} from '../../machines/vocabulary/events.ts'
import { newEventId, newId, now } from '../actors/identity.ts'
import type { Directory } from '../authentication/directory.ts'
import { type ContentStore, smallContent } from '../content/port.ts'
import { type Append, type EventLog, kindOf, type StoredEvent, WrongRevision } from '../log/port.ts'
import { composeNotice } from './notices/index.ts'
import { readDelivery, standingOf } from './standing.ts'

export type NoticerOptions = {
  readonly log: EventLog
  readonly content: ContentStore
  readonly directory: Pick<Directory, 'place'>
  readonly hostname: string
  /** Milliseconds after which a delivery is given up. */
  readonly giveUpAfter: number
  /** What the views know of a message. */
  readonly original: (
    message: string,
  ) => Promise<{ readonly subject: string | null; readonly messageId: string | null } | null>
  readonly warn: (what: string, error?: Error) => void
}
export type NoticeKind = 'failed' | 'delayed' | 'delivered'

/** Whether anybody may want it: most mail is delivered, and nobody asked to hear of that (RFC 3461 §4.1). */
export const isWanted = (kind: NoticeKind, { sender, recipients }: DeliveryQueued): boolean =>
  sender !== '' &&
  (kind !== 'delivered' || recipients.some(({ notify }) => notify?.includes('SUCCESS') === true))

const noticeStream = (delivery: string, kind: NoticeKind): string => `notice-${delivery}_${kind}`

type Latest = {
  readonly outcome: RecipientOutcome | null
  readonly host: RemoteHost | null
  /** The host reports what becomes of the mail itself (RFC 3461 §5.2.2). */
  readonly reports: boolean
}

/** The last word on each recipient, and the host that said it. */
const latestOf = (events: readonly StoredEvent[]): ReadonlyMap<string, Latest> => {
  const latest = new Map<string, Latest>()
  let host: RemoteHost | null = null
  let reports = false
  for (const { type, data } of events) {
    // What this machine recorded is what the vocabulary says.
    if (type === 'Connected') host = data.host as RemoteHost
    if (Array.isArray(data.extensions))
      reports = data.extensions.some((keyword) => /^DSN\b/i.test(String(keyword)))
    if (Array.isArray(data.outcomes))
      for (const outcome of data.outcomes as RecipientOutcome[])
        latest.set(outcome.address, { outcome, host, reports })
  }
  return latest
}

export class Noticer {
  readonly #options: NoticerOptions
  readonly #underWay = new Set<Promise<void>>()

  constructor(options: NoticerOptions) {
    this.#options = options
  }

  /** Composes and accepts the notice, in its own time. */
  notify(delivery: string, kind: NoticeKind): void {
    const work = this.#notify(delivery, kind)
      .catch((error: Error) =>
        this.#options.warn(
          `the notice about delivery ${delivery} could not be made; it will be after the next start`,
          error,
        ),
      )
      .finally(() => this.#underWay.delete(work))
    this.#underWay.add(work)
  }

  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  async #notify(delivery: string, kind: NoticeKind): Promise<void> {
    const events = await readDelivery(this.#options.log, delivery)
    const standing = standingOf(events)
    if (standing === null || standing.queued.sender === '') return
    const id = newId()
    const notice = await this.#compose({ id, kind, events, queued: standing.queued })
    if (notice === null) return
    await this.#accept({ id, delivery, kind, notice, sender: standing.queued.sender })
  }

  async #compose({
    id,
    kind,
    events,
    queued,
  }: {
    readonly id: string
    readonly kind: NoticeKind
    readonly events: readonly StoredEvent[]
    readonly queued: DeliveryQueued
  }): ReturnType<typeof composeNotice> {
    const { hostname, original, content, giveUpAfter } = this.#options
    const latest = latestOf(events)
    const last = events.at(-1)!
    const known = await original(queued.message)
    const route = events.findLast(({ type }) => type === 'RouteResolved')?.data.route as Route | undefined
    const isLmtp = route?.protocol === 'lmtp'
    const giveUpAt = queued.acceptedAt + giveUpAfter
    return composeNotice({
      kind,
      id,
      reportingHost: hostname,
      postmaster: `postmaster@${hostname}`,
      at: now(),
      original: {
        ...queued,
        subject: known?.subject ?? null,
        messageId: known?.messageId ?? null,
        recipients: queued.recipients.map((recipient) => {
          const { outcome = null, host = null, reports = false } = latest.get(recipient.address) ?? {}
          return {
            ...recipient,
            status: statusOf(outcome, kind),
            reply: outcome?.reply ?? null,
            host: host?.name ?? null,
            lastAttemptAt: last.at,
            fault: faultOf(last)?.text ?? null,
            faultKind: faultOf(last)?.kind ?? null,
            final: isLmtp,
            giveUpAt: kind === 'delayed' ? giveUpAt : null,
            passedOn: reports,
            nextAttemptAt: typeof last.data.nextAttemptAt === 'number' ? last.data.nextAttemptAt : null,
          }
        }),
      },
      originalContent: async () => (await content.stream(queued.message)) ?? [],
    })
  }

  async #accept({
    id,
    delivery,
    kind,
    notice,
    sender,
  }: {
    readonly id: string
    readonly delivery: string
    readonly kind: NoticeKind
    readonly notice: NonNullable<Awaited<ReturnType<typeof composeNotice>>>
    readonly sender: string
  }): Promise<void> {
    const { log, content, directory, hostname } = this.#options
    const place = directory.place(sender)
    // Nobody of that name: the postmaster hears of it (RFC 5321 §4.5.1).
    const found = place.kind === 'unknown' ? directory.place('postmaster') : place
    if (found.kind === 'unknown') return
    const at = now()
    const data: MessageAccepted = {
      message: id,
      sender: '',
      user: null,
      recipients: [
        {
          address: sender,
          destination:
            found.kind === 'mailbox'
              ? { kind: 'mailbox', mailbox: found.mailbox }
              : { kind: 'nextHop', nextHop: found.nextHop },
        },
      ],
      received: 0,
      size: notice.bytes.length,
      sha256: hash('sha256', notice.bytes, 'hex'),
      ...(notice.body === '8BITMIME' && { body: notice.body }),
      ...(notice.smtputf8 && { smtputf8: true }),
      subject: notice.subject,
      from: notice.from,
      messageId: `<${id}@${hostname}>`,
      cause: { delivery, kind },
      trace: {
        by: hostname,
        helo: hostname,
        peer: { address: '127.0.0.1', port: 0, name: hostname },
        protocol: 'local',
        tls: null,
      },
    }
    const isSmall = notice.bytes.length <= smallContent
    if (!isSmall) {
      const writer = await content.begin(id)
      await writer.write(notice.bytes)
      await writer.finish()
    }
    const append: Append = {
      stream: noticeStream(delivery, kind),
      expected: -1,
      events: [
        {
          id: newEventId(at),
          kind: kindOf('MessageAccepted', 1, { node: hostname }),
          at,
          data,
          meta: { $correlationId: id, $causationId: delivery },
        },
      ],
      ...(isSmall && { contents: [{ id, bytes: notice.bytes }] }),
    }
    try {
      await log.append([append])
    } catch (error) {
      if (!isSmall) await content.remove(id)
      // It was made before.
      if (!(error instanceof WrongRevision)) throw error
    }
  }
}

const statusOf = (outcome: RecipientOutcome | null, kind: NoticeKind): 'delivered' | 'failed' | 'waiting' => {
  if (outcome?.result === 'delivered') return 'delivered'
  if (outcome?.result === 'failed') return 'failed'
  return kind === 'failed' ? 'failed' : 'waiting'
}

const faultOf = ({ data: { fault } }: StoredEvent): AttemptFault | null =>
  // What this machine recorded is what the vocabulary says.
  typeof fault === 'object' ? (fault as AttemptFault | null) : null
