/** Stories of sessions and deliveries, as short as retention reads them. */
import { randomUUID } from 'node:crypto'
import type { FactName } from '../../machines/vocabulary/events.ts'
import { deliveryIds } from '../../src/delivery/ids.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { type EventLog, kindOf } from '../../src/log/port.ts'

export const start = 1_700_000_000_000

export type Fact = {
  readonly type: FactName
  readonly data?: object
  /** State after it. */
  readonly to?: string
  /** Milliseconds after `start`. */
  readonly at?: number
}

export const stories = (log: EventLog = openMemoryLog()) => {
  const revisions = new Map<string, number>()
  const tell = async (stream: string, ...facts: readonly Fact[]): Promise<void> => {
    const expected = revisions.get(stream) ?? -1
    const events = facts.map(({ type, data = {}, to = '', at = 0 }) => ({
      ...{ id: randomUUID(), kind: kindOf(type, 1, { to }), at: start + at, data },
    }))
    revisions.set(stream, expected + events.length)
    await log.append([{ stream, expected, events }])
  }
  return { log, tell }
}

export const opened = (door = 'open'): Fact => ({
  type: 'SessionOpened',
  data: {
    ...{ service: 'mx', door, node: 'a', policy: 'p', proxy: null, tls: null, trusted: false },
    local: { address: '127.0.0.1', port: 25 },
    peer: { address: '192.0.2.1', port: 4000, name: null },
  },
})
export const closed = (at: number): Fact => ({
  type: 'SessionClosed',
  at,
  data: { reason: 'quit', during: 'greeted', messages: 0 },
})
export const refused: Fact = {
  type: 'MessageRefused',
  data: { sender: 'a@b.example', recipients: [], size: 1, code: 550, enhanced: '5.0.0', reason: 'no' },
}

export const mailbox = (address: string, more: object = {}) => ({
  ...{ address, destination: { kind: 'mailbox', mailbox: address } },
  ...more,
})
export const elsewhere = (address: string) => ({
  ...{ address, destination: { kind: 'nextHop', nextHop: 'far.example' } },
})

export const accepted = (
  message: string,
  recipients: readonly object[],
  { at = 0, sender = 'ann@example.net' }: { readonly at?: number; readonly sender?: string } = {},
): Fact => ({
  type: 'MessageAccepted',
  at,
  data: {
    ...{ message, sender, user: null, recipients, received: 0, size: 10, sha256: 'ab'.repeat(32) },
    ...{ subject: null, from: null, messageId: null },
    trace: {
      ...{ by: 'mx.example.org', helo: 'h', protocol: 'ESMTP', tls: null },
      peer: { address: '192.0.2.1', port: 4000, name: null },
    },
  },
})

/** The stream of the one delivery of a message to `far.example`. */
export const deliveryOf = (message: string): string => {
  const way = { nextHop: 'far.example', forwarder: null, recipients: [] }
  return `delivery-${deliveryIds(message, [way])[0]}`
}
