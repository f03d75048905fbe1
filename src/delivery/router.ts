/**
 * Turns accepted messages into deliveries: one for each next hop, and one more for each alias that forwards there, under an id
 * that follows from the message, the hop and the alias and on a stream that must not exist yet, so exactly one each, whatever
 * crashes when.
 */
import type { MessageAccepted, SendingOver } from '../../machines/vocabulary/events.ts'
import { type Onward, onwardOf } from '../../machines/vocabulary/recipients.ts'
import type { ReturnPath } from '../forwarding/index.ts'
import type { Warn } from '../notices.ts'
import { deliveredToLine, traceLines } from '../smtp/trace.ts'
import type { Courier } from './courier.ts'
import { deliveryIds } from './ids.ts'

export type Accepted = {
  readonly message: MessageAccepted
  readonly at: number
  /** Where it is at hand; what it says is stored. */
  readonly body?: Uint8Array
}

export type RouterOptions = {
  readonly courier: Pick<Courier, 'queue'>
  /** This server's name. */
  readonly node: string
  /** The policy in force, and its hash. */
  readonly policy: { readonly hash: string; readonly value: unknown }
  /** Signature lines for the content with these lines in front; '' where nothing is signed. */
  readonly sign: (accepted: MessageAccepted, prefix: string) => Promise<string>
  /** Lines that seal what is handed on for an alias, with these lines in front; '' where nothing is sealed. */
  readonly seal?: (accepted: MessageAccepted, forwarder: string, prefix: string) => Promise<string>
  /** The envelope sender with which mail of `sender` is forwarded for `alias`; without it, the one it has. */
  readonly returnPath?: ReturnPath | undefined
  /** What a message of an account is over, so that it is held; without it nothing is. `isNew`: it was accepted just now. */
  readonly sending?: (accepted: Accepted, asked: { readonly isNew: boolean }) => SendingOver | null
  readonly warn: Warn
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

  /** Queues what this message owes: to all its hops, or to those named. What was queued before is not queued again. */
  async route({ message, at }: Accepted, only?: ReadonlySet<string>): Promise<void> {
    const { courier, node, warn } = this.#options
    const policy = this.policy
    const trace = withoutReturnPath(traceLines(message, at))
    const signature = await this.#options.sign(message, trace).catch((error: Error) => {
      warn(`the message ${message.message} leaves unsigned`, error, { message: message.message })
      return ''
    })
    const over = this.#options.sending?.({ message, at }, { isNew: only === undefined }) ?? null
    const onward = onwardOf(message.recipients)
    const ids = deliveryIds(message.message, onward)
    for (const [place, way] of onward.entries()) {
      if (only !== undefined && !only.has(way.nextHop)) continue
      const onItsWay = await this.#wayOf(way, { message, at }, `${signature}${trace}`)
      const queued = {
        ...envelopeOf(message),
        ...onItsWay,
        ...{ acceptedAt: at, node, policy: policy.hash },
      }
      courier.queue(ids[place]!, policy.value, queued, over)
    }
  }

  /** What differs between what leaves of one message. A signature is of the message, whoever forwards it; a seal is the forwarder's. */
  async #wayOf({ nextHop, forwarder, recipients }: Onward, { message, at }: Accepted, prefix: string) {
    if (forwarder === null) return { nextHop, recipients, prefix }
    const { returnPath = (sender) => sender } = this.#options
    const sender = returnPath(message.sender, forwarder, at)
    // Its tracks, by which the mail is known should it come back (RFC 5321 §6.3).
    const tracked = `${deliveredToLine(forwarder)}${prefix}`
    const seal = await this.#sealOf(message, forwarder, tracked)
    return { nextHop, forwarder, recipients, sender, prefix: `${seal}${tracked}` }
  }
  async #sealOf(message: MessageAccepted, forwarder: string, prefix: string): Promise<string> {
    const { seal, warn } = this.#options
    if (seal === undefined) return ''
    return seal(message, forwarder, prefix).catch((error: Error) => {
      warn(`the message ${message.message} is handed on unsealed`, error, { message: message.message })
      return ''
    })
  }
}

const envelopeOf = (accepted: MessageAccepted) => {
  const forged = accepted.authentication?.forged
  const { message, sender, size, body, smtputf8, ret, envid, requiretls, tlsOptional, route } = accepted
  return {
    ...{ message, sender, size },
    ...(body && { body }),
    ...(smtputf8 && { smtputf8 }),
    ...(ret && { ret }),
    ...(envid !== undefined && { envid }),
    // RFC 8689 §4.1: REQUIRETLS counts, whatever the header says.
    ...(requiretls ? { requiretls } : tlsOptional && { tlsOptional }),
    ...(route !== undefined && { route }),
    ...(forged && { forged }),
  }
}
