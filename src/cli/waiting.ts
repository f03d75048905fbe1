/** Follows a message to its outcome: each recipient's mailbox or delivery, told when the log tells of a change. */
import { connectControl } from '../control.ts'
import type { StoredEvent } from '../log/port.ts'
import type { Delivery, RecipientStatus } from '../views/answers/deliveries.ts'
import { CommandFault } from './fault.ts'
import type { Reading } from './open.ts'
import { counted, ndjson, print, remark, visible } from './terminal.ts'

const ended: ReadonlySet<Delivery['status']> = new Set(['delivered', 'failed', 'expired', 'cancelled'])

/** What is to be said of one recipient; what was said last was said of an attempt before, where one is under way. */
const words = ({ status, reply }: RecipientStatus, { nextAttemptAt, fault }: Delivery): string => {
  const why = status === 'active' ? null : (reply ?? (status === 'delivered' ? null : fault))
  const next = status === 'deferred' && nextAttemptAt !== null ? `; next attempt ${nextAttemptAt}` : ''
  return `${status}${why === null ? '' : `: ${visible(why)}`}${next}`
}

const whom = ({ address }: RecipientStatus, { forwarder }: Delivery): string =>
  forwarder === null ? visible(address) : `${visible(forwarder)} -> ${visible(address)}`

/** Null while it goes on; else whether every recipient has the mail. */
type Outcome = boolean | null

/** One message, as far as it was told. */
class Following {
  readonly #opened: Reading
  readonly #message: string
  /** The last words, by delivery and address. */
  readonly #told = new Map<string, string>()

  constructor(opened: Reading, message: string) {
    this.#opened = opened
    this.#message = message
  }

  /** Tells what is new. @throws CommandFault where the log has no such message */
  async look(): Promise<Outcome> {
    const { views, config } = this.#opened
    await views.caughtUp({ names: ['messages', 'deliveries'] })
    const found = views.message(this.#message)
    if (found === null)
      throw new CommandFault(
        `there is no message ${this.#message} in ${config.data}: --wait follows mail that a server with this data took; name its data with --data`,
      )
    const deliveries = views.deliveriesOf(this.#message)
    for (const delivery of deliveries) this.#tell(delivery)
    // What is not routed yet has no delivery.
    return views.isRouted(this.#message) ? this.#outcome(found.mailboxes, deliveries) : null
  }

  /** Each recipient when it changes: they may fare differently. */
  #tell(delivery: Delivery): void {
    const changed = delivery.recipients.filter((recipient) => this.#isNew(recipient, delivery))
    if (this.#opened.json && changed.length > 0) ndjson(delivery)
    if (this.#opened.json) return
    for (const recipient of changed)
      print(`${delivery.id}  ${whom(recipient, delivery)}  ${words(recipient, delivery)}`)
  }

  #isNew(recipient: RecipientStatus, delivery: Delivery): boolean {
    const key = `${delivery.id} ${recipient.address}`
    const now = words(recipient, delivery)
    if (this.#told.get(key) === now) return false
    this.#told.set(key, now)
    return true
  }

  #outcome(mailboxes: number, deliveries: readonly Delivery[]): Outcome {
    const held = deliveries.filter(({ status }) => status === 'held')
    if (deliveries.some(({ status }) => !ended.has(status) && status !== 'held')) return null
    for (const { id } of held) remark(`${id} is held; release it with \`fsmtp release ${id}\``)
    if (!this.#opened.json && mailboxes > 0) print(`in ${counted(mailboxes, 'mailbox', 'mailboxes')} here`)
    return deliveries.every(({ status }) => status === 'delivered')
  }
}

/** Without a server nothing happens: the signal aborts when it goes away. */
const serving = async (directory: string): Promise<{ readonly signal: AbortSignal; end(): void } | null> => {
  const control = await connectControl(directory)
  if (control === null) return null
  const gone = new AbortController()
  void control.closed.then(() => gone.abort())
  return { signal: gone.signal, end: () => control.close() }
}

const isAbout = (message: string) => {
  // A delivery's id begins with its message's.
  const beginning = `delivery-${message}`
  return ({ stream }: StoredEvent): boolean => stream.startsWith(beginning)
}

/**
 * True when every recipient has the mail. Ends when nothing more will happen by itself: all is done, what is left is held, or
 * the server is gone.
 * @throws CommandFault where the log has no such message
 */
export const followed = async (opened: Reading, message: string): Promise<boolean> => {
  const { log, config } = opened
  const following = new Following(opened, message)
  const server = await serving(config.data)
  try {
    // From before the first look: what happens between is looked at again.
    const begin = await log.tail()
    const first = await following.look()
    if (first !== null || server === null) return first ?? stopped()
    const pages = log.subscribe(begin, { filter: { categories: ['delivery'] }, signal: server.signal })
    for await (const page of pages) {
      if (!page.some(isAbout(message))) continue
      const outcome = await following.look()
      if (outcome !== null) return outcome
    }
    return (await following.look()) ?? stopped()
  } finally {
    server?.end()
  }
}

const stopped = (): false => {
  remark('the server has stopped; it goes on with what is left when it is started again')
  return false
}
