/**
 * Turns accepted messages into deliveries: one for each next hop, under an id that follows from the message and the hop and
 * on a stream that must not exist yet, so exactly one each, whatever crashes when.
 */
import type { DeliveryQueued, MessageAccepted } from '../../machines/vocabulary/events.ts'
import { traceLines } from '../smtp/trace.ts'
import type { Courier } from './courier.ts'
import { deliveryId } from './ids.ts'

export type Accepted = { readonly message: MessageAccepted; readonly at: number }

export type RouterOptions = {
  readonly courier: Pick<Courier, 'queue'>
  /** The policy in force, and its hash. */
  readonly policy: { readonly hash: string; readonly value: unknown }
  /** Signature lines for the content with these lines in front; '' where nothing is signed. */
  readonly sign: (accepted: MessageAccepted, prefix: string) => Promise<string>
  readonly warn: (what: string, error?: Error) => void
}

/** The hops of a message, in the order of its recipients, with the recipients of each. */
const byHop = ({ recipients }: MessageAccepted): ReadonlyMap<string, DeliveryQueued['recipients']> => {
  const hops = new Map<string, DeliveryQueued['recipients'][number][]>()
  for (const { destination, ...recipient } of recipients) {
    if (destination.kind !== 'nextHop') continue
    const known = hops.get(destination.nextHop)
    // Named twice, it gets the mail once: hosts may refuse the second naming.
    if (known?.some(({ address }) => address === recipient.address)) continue
    if (known) known.push(recipient)
    else hops.set(destination.nextHop, [recipient])
  }
  return hops
}

export const hasNextHop = ({ recipients }: MessageAccepted): boolean =>
  recipients.some(({ destination }) => destination.kind === 'nextHop')

/** A mail that leaves has no Return-Path (RFC 5321 §4.4). */
const withoutReturnPath = (lines: string): string => lines.slice(lines.indexOf('\r\n') + 2)

export class Router {
  readonly #options: RouterOptions
  /** For messages to come. */
  policy: RouterOptions['policy']

  constructor(options: RouterOptions) {
    this.#options = options
    this.policy = options.policy
  }

  /** Queues what this message owes: to all its hops, or to those named. */
  async route({ message, at }: Accepted, only?: ReadonlySet<string>): Promise<void> {
    const { courier, warn } = this.#options
    const policy = this.policy
    const trace = withoutReturnPath(traceLines(message, at))
    const signature = await this.#options.sign(message, trace).catch((error: Error) => {
      warn(`the message ${message.message} leaves unsigned`, error)
      return ''
    })
    for (const [nextHop, recipients] of byHop(message)) {
      if (only !== undefined && !only.has(nextHop)) continue
      courier.queue(deliveryId(message.message, nextHop), policy.value, {
        ...envelopeOf(message),
        ...{ nextHop, recipients, prefix: `${signature}${trace}`, acceptedAt: at, policy: policy.hash },
      })
    }
  }
}

const envelopeOf = ({ message, sender, size, body, smtputf8, ret, envid }: MessageAccepted) => ({
  ...{ message, sender, size },
  ...(body && { body }),
  ...(smtputf8 && { smtputf8 }),
  ...(ret && { ret }),
  ...(envid !== undefined && { envid }),
})
