/**
 * A log full of deliveries that wait: sessions, messages, deliveries and their first attempt, lived by the machines and written by
 * the gate, the router and the log that the server has. Only the sockets are left out, and the far hosts: all rest. `verify` finds
 * nothing wrong with it.
 */
import { hash } from 'node:crypto'
import { delivery } from '../machines/delivery/index.ts'
import type { DeliveryInput } from '../machines/delivery/inputs.ts'
import type { DeliveryPolicy } from '../machines/delivery/policy.ts'
import { session } from '../machines/session/index.ts'
import type { SessionInput } from '../machines/session/inputs.ts'
import type { SessionPolicy } from '../machines/session/policy.ts'
import type { AttemptFault, DeliveryQueued } from '../machines/vocabulary/events.ts'
import type { MachineModule } from '../machines/vocabulary/machine.ts'
import { ActorHost } from '../src/actors/host.ts'
import { newId, now } from '../src/actors/identity.ts'
import { Outbox } from '../src/actors/outbox.ts'
import { Router } from '../src/delivery/router.ts'
import { tapped } from '../src/delivery/tap.ts'
import type { EventLog } from '../src/log/port.ts'
import { openSqliteLog } from '../src/log/sqlite/index.ts'
import { adoptPolicy } from '../src/policies.ts'
import { policy as onMx } from '../test/history/sessions.ts'

const node = 'mx.bench.example'
const hour = 3_600_000
/** Nothing is tried again while it is measured. */
const patience: DeliveryPolicy = { retry: [6 * hour], giveUpAfter: 120 * hour, warnAfter: 24 * hour }
const submission: SessionPolicy = {
  ...onMx,
  service: 'submissions',
  hostname: node,
  authentication: 'required',
}

/** How the mail is spread, at most; a smaller log has fewer of them. */
const senders = 5_000
const domains = 1_000
/** Deliveries to one address. */
const perAddress = 50
const recipientsOfMail = 10
const mailsOfSession = 10
const perSession = recipientsOfMail * mailsOfSession
const sessionsAtOnce = 20

/** Who sent the delivery number `at`. */
export const senderAt = (at: number): string => `sender${Math.floor(at / perSession) % senders}@bench.example`
const domainAt = (at: number): string => `d${at % domains}.example`
/** Addresses in all; the recipients of one mail are of as many domains. */
const addressesIn = (count: number): number => {
  const wanted = Math.max(2 * recipientsOfMail, Math.ceil(count / perAddress))
  return wanted <= domains ? wanted : Math.ceil(wanted / domains) * domains
}
/** The recipient of the delivery number `at` among `count`. */
export const recipientAt = (at: number, count: number): string => {
  const number = at % addressesIn(count)
  return `box${number}@${domainAt(number)}`
}

const body = Buffer.from(`Subject: Later\r\nFrom: bench@bench.example\r\n\r\n${'x'.repeat(70)}\r\n`)
const sha256 = hash('sha256', body, 'hex')

const fault: AttemptFault = {
  kind: 'connection-timeout',
  during: 'connect',
  text: 'the host did not answer within 30 seconds',
  reply: null,
  temporary: true,
}

type Step = { readonly input: { readonly type: string }; readonly message?: string }
type Life = { readonly id: string; readonly policy: object; readonly steps: readonly Step[] }

/** Those who live at the same time; the first that fails, fails all. */
class Company {
  readonly #outbox: Outbox
  readonly #failure = Promise.withResolvers<never>()
  #hosts: [host: ActorHost, end: string][] = []

  constructor(log: EventLog) {
    this.#outbox = new Outbox({ log })
  }

  /** Begins a life that is to end in the state `end`. */
  begin(module: MachineModule, end: string, { id, policy, steps }: Life): void {
    const host = new ActorHost({
      ...{ module, id, input: { policy }, outbox: this.#outbox, node },
      perform: () => {},
      passed: () => {},
      failed: this.#failure.reject,
    })
    this.#hosts.push([host, end])
    for (const { input, message } of steps)
      host.send(input, message === undefined ? {} : { contents: [{ id: message, bytes: body }] })
  }

  /** Resolves when what all of them had to say is on disk. @throws where one did not come to its end */
  async ended(): Promise<void> {
    await Promise.race([this.#outbox.settled(), this.#failure.promise])
    for (const [{ stream, state }, end] of this.#hosts)
      if (state !== end) throw new Error(`${stream} came to ${state}, not to ${end}`)
    this.#hosts = []
  }
}

type Said = { readonly input: SessionInput; readonly message?: string }

const opening = (policy: string, user: string): readonly Said[] => [
  {
    input: {
      ...{
        type: 'OPEN',
        service: 'submissions',
        proxy: null,
        policy,
        trusted: false,
        node: 'mx',
        door: 'open',
      },
      local: { address: '127.0.0.1', port: 465 },
      peer: { address: '127.0.0.1', port: 40_000, name: null },
      tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', servername: null },
    },
  },
  { input: { type: 'EHLO', helo: 'client.bench.example' } },
  { input: { type: 'AUTH', mechanism: 'PLAIN' } },
  { input: { type: 'CREDENTIALS', verdict: 'ok', user, addresses: [user] } },
]

const recipient = (at: number, count: number): Said => {
  const address = recipientAt(at, count)
  const nextHop = address.slice(address.indexOf('@') + 1)
  return { input: { type: 'RCPT', recipient: address, place: { kind: 'foreign', nextHop } } }
}

const mail = (sender: string, recipients: readonly Said[]): readonly Said[] => {
  const message = newId()
  const facts = { message, size: body.length, sha256, received: 0, subject: 'Later', messageId: null }
  return [
    { input: { type: 'MAIL', sender } },
    ...recipients,
    { input: { type: 'DATA' } },
    { input: { type: 'CONTENT', ...facts, from: sender, authors: [sender] }, message },
  ]
}

/** The mails of one session, for deliveries from number `first` on. */
const sessionSteps = (
  { first, last, count }: { first: number; last: number; count: number },
  policy: string,
): readonly Said[] => {
  const user = senderAt(first)
  const steps: Said[] = [...opening(policy, user)]
  for (let at = first; at < last; at += recipientsOfMail) {
    const numbers = Array.from({ length: Math.min(recipientsOfMail, last - at) }, (_, on) => at + on)
    steps.push(
      ...mail(
        user,
        numbers.map((number) => recipient(number, count)),
      ),
    )
  }
  return [...steps, { input: { type: 'QUIT' } }]
}

const attempt = (queued: DeliveryQueued): readonly { readonly input: DeliveryInput }[] => {
  const at = now()
  return [
    { input: { type: 'QUEUE', ...queued } },
    { input: { type: 'START', startedAt: at, destination: queued.nextHop, node, leaseUntil: at + hour } },
    { input: { type: 'ATTEMPT_ENDED', endedAt: at, outcomes: [], fault, uncertain: false, answered: false } },
  ]
}

/** Writes `count` deferred deliveries into the log of a server that does not run. */
export const fillDeferred = async (directory: string, count: number): Promise<void> => {
  const routed: Promise<void>[] = []
  const log = tapped(await openSqliteLog({ directory }), (accepted) => routed.push(router.route(accepted)))
  const company = new Company(log)
  const router = new Router({
    courier: {
      queue: (id, policy, queued) =>
        company.begin(delivery, 'waiting', { id, policy: policy as object, steps: attempt(queued) }),
    },
    node,
    policy: { value: patience, hash: await adoptPolicy(log, patience, node) },
    sign: async () => '',
    warn: (_, error) => {
      throw error ?? new Error('a message was not routed')
    },
  })
  const policy = await adoptPolicy(log, submission, node)
  try {
    for (let first = 0; first < count; first += perSession * sessionsAtOnce) {
      const next = Math.min(first + perSession * sessionsAtOnce, count)
      for (let at = first; at < next; at += perSession) {
        const steps = sessionSteps({ first: at, last: Math.min(at + perSession, next), count }, policy)
        company.begin(session, 'closed', { id: newId(), policy: submission, steps })
      }
      await company.ended()
      await Promise.all(routed.splice(0))
      await company.ended()
    }
  } finally {
    await log.close()
  }
}
