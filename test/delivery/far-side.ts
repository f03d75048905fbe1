/** A far side without sockets: routes and connections that do what a test says, and a courier over a log in memory. */
import { setImmediate as soon } from 'node:timers/promises'
import { delivery } from '../../machines/delivery/index.ts'
import type { DeliveryPolicy } from '../../machines/delivery/policy.ts'
import type {
  AttemptFault,
  DeliveryQueued,
  RecipientOutcome,
  RemoteHost,
  SendingOver,
} from '../../machines/vocabulary/events.ts'
import { Outbox } from '../../src/actors/outbox.ts'
import type { Backlog } from '../../src/delivery/backlog.ts'
import { Courier } from '../../src/delivery/courier.ts'
import {
  type ConnectOptions,
  type Envelope,
  HostFailed,
  NoRoute,
  type Sent,
  type Wire,
} from '../../src/delivery/port.ts'
import type { Suppression } from '../../src/delivery/withheld.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import type { StoredEvent } from '../../src/log/port.ts'
import type { Membership } from '../../src/nodes/membership.ts'
import { sole } from '../../src/nodes/sole.ts'
import { adoptPolicy } from '../../src/policies.ts'

export const policy: DeliveryPolicy = { retry: [60_000], giveUpAfter: 3_600_000, warnAfter: 1_800_000 }
export const begun = 1_800_000_000_000

export const faultOf = (kind: string, more: Partial<AttemptFault> = {}): AttemptFault => ({
  ...{ kind, during: 'connect', text: `${kind} it was`, reply: null, temporary: true },
  ...more,
})
export const outcomeOf = (
  address: string,
  result: RecipientOutcome['result'],
  code = { delivered: 250, deferred: 451, failed: 550 }[result],
): RecipientOutcome => ({ address, result, reply: { code, enhanced: '', text: 'so it is', command: 'RCPT' } })

export const accepts = ({ recipients }: Envelope): Sent => ({
  outcomes: recipients.map(({ address }) => outcomeOf(address, 'delivered')),
  fault: null,
  uncertain: false,
})

export type Script = {
  readonly hosts?: readonly RemoteHost[]
  readonly noRoute?: AttemptFault
  readonly resolve?: (signal: AbortSignal) => Promise<void> | void
  readonly connect?: (options: ConnectOptions) => Promise<void> | void
  /** Before the content is taken; what it throws is what came of the mail. */
  readonly envelope?: (signal: AbortSignal) => Promise<void> | void
  readonly send?: (envelope: Envelope, wire: { usable: boolean }, signal: AbortSignal) => Promise<Sent> | Sent
}

export const hostOf = (name: string): RemoteHost => ({ name, address: '192.0.2.1', port: 25 })

export type FarSide = Awaited<ReturnType<typeof farSide>>
export const farSide = async (
  script: (nextHop: string) => Script,
  {
    concurrency = { total: 10, perDestination: 5 },
    backlog = {} as Partial<Backlog>,
    log = openMemoryLog(),
    destinationOf = (nextHop: string) => nextHop,
    node = 'mx.test',
    members = sole(node) as Membership,
    suppression = undefined as Suppression | undefined,
  } = {},
) => {
  let time = begun
  const outbox = new Outbox({ log, patience: 1 })
  const hash = await adoptPolicy(log, policy, 'test')
  const notified: string[] = []
  const warnings: string[] = []
  const sent: { readonly nextHop: string; readonly envelope: Envelope; readonly content: string }[] = []
  const connections: ConnectOptions[] = []
  const active = { now: 0, most: 0 }
  const hopOf = new Map<RemoteHost, string>()
  const courier = new Courier({
    log,
    concurrency,
    info: () => {},
    warn: (what, error) => warnings.push(`${what}: ${error?.message ?? ''}`),
    backlog: {
      caughtUp: async () => {},
      unrouted: () => [],
      underWay: () => [],
      due: () => [],
      pace: () => null,
      noticesDue: () => [],
      ...backlog,
    },
    tools: {
      ...{ outbox, node, hostname: node, members, now: () => time },
      ...(suppression && { suppression }),
      notify: ({ delivery: id, kind }) => notified.push(`${kind} ${id}`),
      content: { stream: async () => (await import('node:stream')).Readable.from([Buffer.from('body\r\n')]) },
      routes: {
        resolve: async (nextHop, signal) => {
          await script(nextHop).resolve?.(signal)
          const { noRoute, hosts = [hostOf(`mx.${nextHop}`)] } = script(nextHop)
          if (noRoute) throw new NoRoute(noRoute)
          for (const host of hosts) hopOf.set(host, nextHop)
          return { kind: 'mx', protocol: 'smtp', tls: 'opportunistic', hosts }
        },
        destination: (nextHop) => destinationOf(nextHop),
        login: () => null,
      },
      connect: async (options) => {
        connections.push(options)
        const nextHop = hopOf.get(options.host)!
        await script(nextHop).connect?.(options)
        options.connected({ greeting: '220 hello', extensions: [], securing: false, tls: null })
        const state = { usable: true }
        const wire: Wire = {
          ...{ host: options.host, tls: null, greeting: '220 hello', extensions: [] },
          get usable() {
            return state.usable
          },
          send: async (envelope, content, { signal }) => {
            active.now++
            active.most = Math.max(active.most, active.now)
            try {
              await script(nextHop).envelope?.(signal)
            } catch (error) {
              if (!(error instanceof HostFailed)) throw error
              state.usable = false
              return { outcomes: [], fault: error.fault, uncertain: false }
            }
            const chunks: Uint8Array[] = []
            for await (const chunk of content) chunks.push(chunk)
            const answered = await (script(nextHop).send ?? accepts)(envelope, state, signal)
            active.now--
            sent.push({ nextHop, envelope, content: Buffer.concat(chunks).toString() })
            return answered
          },
          quit: async () => {
            state.usable = false
          },
          destroy: () => {
            state.usable = false
          },
        }
        return wire
      },
    },
  })
  const events = async (id: string): Promise<readonly StoredEvent[]> => {
    const found: StoredEvent[] = []
    for await (const page of log.readStream(`delivery-${id}`)) found.push(...page)
    return found
  }
  const untilOne = async (id: string, types: readonly string[]): Promise<void> => {
    for (let turn = 0; turn < 10_000; turn++) {
      if (types.includes((await events(id)).at(-1)?.type ?? '')) {
        // What follows from the fact has been done, too.
        await outbox.settled()
        await soon()
        return
      }
      await soon()
    }
    throw new Error(`${id} never came to ${types}: ${(await events(id)).map((event) => event.type)}`)
  }
  return {
    ...{ courier, log, outbox, notified, warnings, sent, connections, active, events },
    types: async (id: string) => (await events(id)).map(({ type }) => type),
    advance: (by: number) => {
      time += by
    },
    queue: (id: string, more: Partial<DeliveryQueued> = {}, over: SendingOver | null = null) => {
      const queued = {
        ...{ message: id, sender: 'ann@example.org', nextHop: 'example.net', size: 6, prefix: '' },
        ...{ recipients: [{ address: 'bob@example.net' }], acceptedAt: begun, node, policy: hash },
        ...more,
      }
      courier.queue(id, policy, queued, over)
    },
    /** Resolves when the delivery's history ends with this fact. */
    until: (id: string, type: string): Promise<void> => untilOne(id, [type]),
    /** Resolves when it ends with one of these. */
    untilOne,
  }
}
export { delivery }
