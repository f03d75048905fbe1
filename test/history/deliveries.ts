/**
 * Deliveries of the real machine, written short: `queue(bob@y eve@y/NEVER) start route connected end(bob@y=250 eve@y=550)`.
 * A word is an input, a second after the one before; `+30` lets 30 more pass, `+2h` two hours.
 *
 *     queue(address address/NOTIFY,NOTIFY)     start route connected connected(DSN) connected(STARTTLS) secured hostfailed(kind)
 *     end(address=code address=code)           the host answered for these
 *     fault(kind) fault(kind 451) gone(kind)     the attempt ended without an answer for anyone: for now, for good
 *     uncertain lost retry hold release cancel postpone
 */
import { randomUUID } from 'node:crypto'
import { delivery } from '../../machines/delivery/index.ts'
import type { DeliveryInput } from '../../machines/delivery/inputs.ts'
import type { DeliveryPolicy } from '../../machines/delivery/policy.ts'
import type { AttemptFault, RemoteHost, RemoteReply } from '../../machines/vocabulary/events.ts'
import type { Append, EventLog, NewEvent } from '../../src/log/port.ts'
import { appendOf, policyAppend, record, type Said } from './recorder.ts'

const minute = 60_000
export const deliveryPolicy: DeliveryPolicy = {
  retry: [5 * minute, 30 * minute],
  giveUpAfter: 10 * 60 * minute,
  warnAfter: 60 * minute,
}
export const deliveryPolicyHash = 'd1e2f3a4b5c60718'

export const host: RemoteHost = { name: 'mx.y', address: '192.0.2.25', port: 25 }
const tls = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', servername: null }

const words: Readonly<Record<string, readonly [enhanced: string, text: string]>> = {
  250: ['2.0.0', 'Thank you'],
  421: ['4.3.2', 'Closing'],
  451: ['4.7.1', 'Come back later'],
  550: ['5.1.1', 'No such user'],
}
const replyOf = (code: string, command: string): RemoteReply => {
  const [enhanced = '', text = ''] = words[code] ?? []
  return { code: Number(code), enhanced, text, command }
}
const resultOf = (code: string) =>
  code.startsWith('2') ? 'delivered' : code.startsWith('4') ? 'deferred' : 'failed'
const outcomeOf = (text: string) => {
  const [address = '', code = '250'] = text.split('=')
  return { address, result: resultOf(code), reply: replyOf(code, 'RCPT') } as const
}
const faultOf = (kind: string, code: string | undefined, temporary: boolean): AttemptFault => ({
  kind,
  during: 'connect',
  text: `${kind} at mx.y`,
  reply: code === undefined ? null : replyOf(code, 'connect'),
  temporary,
})
const recipientOf = (text: string) => {
  const [address = '', notify] = text.split('/')
  return { address, ...(notify !== undefined && { notify: notify.split(',') }) }
}

export type Life = {
  readonly message?: string
  readonly sender?: string
  readonly nextHop?: string
  readonly forwarder?: string
  /** Where it is tried, where that is not its next hop. */
  readonly destination?: string
  /** When the message was accepted, milliseconds since 1970. */
  readonly acceptedAt?: number
}

const inputOf = (word: string, args: readonly string[], at: number, life: Life): DeliveryInput => {
  const { message = 't1', sender = 'alice@example.net', nextHop = 'y', acceptedAt = at, forwarder } = life
  const { destination = nextHop } = life
  const [first = ''] = args
  const ended = (fault: AttemptFault | null, uncertain = false): DeliveryInput => ({
    ...{ type: 'ATTEMPT_ENDED', endedAt: at, fault, uncertain, answered: fault === null },
    outcomes: fault === null ? args.map(outcomeOf) : [],
  })
  switch (word) {
    case 'queue': {
      const recipients = (args.length === 0 ? ['bob@y'] : args).map(recipientOf)
      const given = {
        ...{ message, sender, nextHop, acceptedAt, recipients, node: 'mx' },
        ...(forwarder !== undefined && { forwarder }),
      }
      return { type: 'QUEUE', ...given, size: 1000, prefix: '', policy: deliveryPolicyHash }
    }
    case 'start':
      return { type: 'START', startedAt: at, destination, node: 'mx', leaseUntil: at + 30 * minute }
    case 'postpone':
      return { type: 'POSTPONE', postponedAt: at, destination, restingUntil: at + 10 * minute }
    case 'route':
      return { type: 'ROUTE', route: { kind: 'mx', protocol: 'smtp', tls: 'opportunistic', hosts: [host] } }
    case 'connected': {
      const extensions = ['PIPELINING', ...args]
      const securing = args.includes('STARTTLS')
      return {
        type: 'CONNECTED',
        host,
        greeting: 'mx.y ESMTP',
        extensions,
        reused: false,
        securing,
        tls: null,
      }
    }
    case 'secured':
      return { type: 'SECURED', tls, extensions: ['PIPELINING', ...args] }
    case 'hostfailed':
      return { type: 'HOST_FAILED', host, fault: faultOf(first, args[1], true) }
    case 'end':
      return ended(null)
    case 'fault':
      return ended(faultOf(first, args[1], true))
    case 'gone':
      return ended(faultOf(first, args[1], false))
    case 'uncertain':
      return ended(faultOf('connection-lost', undefined, true), true)
    case 'lost':
      return { type: 'LOST', foundAt: at, crashed: false }
    case 'retry':
    case 'hold':
    case 'release':
    case 'cancel':
      return { type: word.toUpperCase() as 'RETRY', actedAt: at, by: 'operator' }
    default:
      throw new Error(`there is no word ${word}`)
  }
}

/** What was said with it, as the courier would hand it over. */
const spoken: Readonly<Record<string, string>> = {
  connected: 'S: 220 mx.y ESMTP\nC: EHLO mx.example.org\nS: 250-mx.y\nS: 250 PIPELINING',
  end: 'C: MAIL FROM:<alice@example.net>\nC: RCPT TO:<bob@y>\nS: 250 2.1.0 Ok\nS: 451 4.7.1 Come back later',
}

const units: Readonly<Record<string, number>> = { '': 1_000, m: minute, h: 60 * minute }

/** The events of one delivery's life. `start` is the time of its first word. */
export const deliveryEvents = (line: string, life: Life = {}, start = Date.UTC(2026, 0, 1)): NewEvent[] => {
  let at = start - 1_000
  const times: number[] = []
  const said: (Said & { readonly word: string })[] = []
  for (const [, wait, unit = '', word = '', args = ''] of line.matchAll(
    /\+(\d+)([mh]?)|([a-z]+)(?:\(([^)]*)\))?/g,
  )) {
    at += wait === undefined ? 1_000 : Number(wait) * units[unit]!
    if (wait !== undefined) continue
    times.push(at)
    said.push({ word, input: inputOf(word, args.split(' ').filter(Boolean), at, life) })
  }
  const events = record(delivery, deliveryPolicy, said)
  return events.map((event, place) => {
    const dialogue = spoken[said[place]!.word]
    return { ...event, id: randomUUID(), at: times[place]!, ...(dialogue && { meta: { dialogue } }) }
  })
}

export const deliveryAppend = (id: string, events: readonly NewEvent[]): Append =>
  appendOf(`delivery-${id}`, events)

/** Writes the policy and one delivery's life. */
export const tellDelivery = async (
  log: EventLog,
  id: string,
  line: string,
  { start, ...life }: Life & { readonly start?: number } = {},
): Promise<void> => {
  const known = await log.streams(`policy-${deliveryPolicyHash}`)
  if (known.length === 0) await log.append([policyAppend(deliveryPolicyHash, deliveryPolicy)])
  await log.append([deliveryAppend(id, deliveryEvents(line, life, start))])
}
