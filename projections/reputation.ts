/**
 * Who are they, going by what they did? For each network (IPv4 /24, IPv6 /64) and day: mail accepted, and what was refused, by
 * what speaks against a network (see `karma.ts`). For each network and sender: since when it was put off, and how much of its mail was
 * taken.
 *
 * A refusal does not say whose it is: where a session comes from, and who sends in it, is kept while it is open.
 *
 * What is not seen for a time is forgotten: with the first session of a day, going by the times of the events.
 */
import { addressKey, splitAddress } from '../machines/vocabulary/address.ts'
import type { EventOf } from '../machines/vocabulary/events.ts'
import { networkAround } from '../machines/vocabulary/network.ts'
import { ruleReasons } from '../machines/vocabulary/rule-reasons.ts'
import { dayOf, type Fault, faults, rememberedDays } from './karma.ts'
import { type Kept, nothing, type Projection, type RowChange, sessionOf } from './projection.ts'

const day = 86_400_000
/** Milliseconds for which a sender that is known stays so, from its last mail. */
export const knownFor = 35 * day
/** Milliseconds in which one that is put off has to come back, from its last attempt. */
export const awaitedFor = 3 * day
/** Sessions last hours at most; one that a crash left open is ended at the next start. */
const openFor = 3 * day

/**
 * What senders that write each mail under another address have in common: no tag, no numbers (VERP), no `prvs=` (BATV), no hash and time
 * of a rewritten sender (SRS).
 */
export const senderKey = (sender: string): string => {
  const { local, domain } = splitAddress(addressKey(sender))
  const lasting = local
    .replace(/^prvs=[^=]*=/, '')
    .replace(/^srs0[=+-][^=]*=[^=]*=/, 'srs=')
    .replace(/^srs1[=+-][^=]*=([^=]*)==[^=]*=[^=]*=/, 'srs=$1=')
    .replace(/(?<=.)\+.*$/s, '')
    .replace(/\d+/g, '#')
  return domain === '' ? lasting : `${lasting}@${domain}`
}

type Counted = Fault | 'accepted' | 'putOff'

const unknown: ReadonlySet<string> = new Set(['no-such-mailbox', 'return-path-forged', 'return-path-expired'])
const protocol: ReadonlySet<string> = new Set([
  'bare-newlines',
  'nul-in-content',
  'talked-too-soon',
  'too-many-errors',
  'not-smtp',
  'endless-line',
])
/** What follows from a bad name must not make it worse; what we chose to block says nothing new. */
const neutral: ReadonlySet<string> = new Set([
  'karma-low',
  'rate-exceeded',
  'blocked-address',
  'blocked-network',
  'blocked-domain',
])

/** What a refusal says of the network; null where it says nothing of it. Exported for its table. */
export const faultOf = (code: number, reason: string): Fault | 'putOff' | null => {
  if (neutral.has(reason)) return null
  const isByRule = Object.hasOwn(ruleReasons, reason)
  if (code < 500) return isByRule ? 'putOff' : null
  if (unknown.has(reason)) return 'unknown'
  if (protocol.has(reason)) return 'protocol'
  if (reason === 'relaying-denied') return 'relaying'
  return isByRule ? 'policy' : null
}

const sessionRow = (session: string, set: Readonly<Record<string, string | number>>): RowChange => ({
  ...{ kind: 'upsert', table: 'reputation_sessions', key: [session], set },
})
const keptOf = (session: string, columns: readonly string[]): Kept => ({
  ...{ table: 'reputation_sessions', key: [session], columns },
})

const dayRow = (counted: Counted, at: number) => ({
  ...({ kind: 'upsert', table: 'reputation_days' } as const),
  ...{ add: { [counted]: 1 }, once: { firstAt: at }, set: { lastAt: at } },
})
/** By whoever the session is from. */
const counted = (session: string, what: Counted, at: number): RowChange => ({
  ...dayRow(what, at),
  ...{ key: [dayOf(at)], behind: keptOf(session, ['network']) },
})

const putOff = (session: string, at: number): readonly RowChange[] => [
  counted(session, 'putOff', at),
  {
    ...{ kind: 'upsert', table: 'acquaintances', key: [] },
    behind: keptOf(session, ['network', 'sender']),
    ...{ once: { putOffAt: at }, set: { lastAt: at, forgetAt: at + awaitedFor } },
  },
]

const refused = (session: string, at: number, code: number, reason: string): readonly RowChange[] => {
  if (reason === 'greylisted') return putOff(session, at)
  const what = faultOf(code, reason)
  return what === null ? nothing : [counted(session, what, at)]
}

/** Of strangers: what accounts send says nothing of a network. */
const accepted = ({ at, data }: EventOf & { type: 'MessageAccepted' }): readonly RowChange[] => {
  const { user, tags = [], trace, sender } = data
  if (user !== null) return nothing
  const network = networkAround(trace.peer.address)
  const isJunk = tags.length > 0
  const counting: RowChange = { ...dayRow(isJunk ? 'junk' : 'accepted', at), key: [network, dayOf(at)] }
  if (isJunk) return [counting]
  const met: RowChange = {
    ...{ kind: 'upsert', table: 'acquaintances', key: [network, senderKey(sender)] },
    ...{ add: { accepted: 1 }, set: { lastAt: at, forgetAt: at + knownFor } },
  }
  return [counting, met]
}

const forgetting = (table: string, column: string, before: number, at: number): RowChange => ({
  ...{ kind: 'forget', table, column, before, tick: dayOf(at) },
  clock: { table: 'reputation_clocks', key: [table], column: 'day' },
})
const opened = (session: string, { at, data }: EventOf & { type: 'SessionOpened' }): readonly RowChange[] => {
  const set = { network: networkAround(data.peer.address), openedAt: at }
  return [
    forgetting('reputation_days', 'day', dayOf(at) - rememberedDays, at),
    forgetting('acquaintances', 'forgetAt', at, at),
    forgetting('reputation_sessions', 'openedAt', at - openFor, at),
    ...(data.door === 'open'
      ? [{ kind: 'insert', table: 'reputation_sessions', key: [session], set } as const]
      : nothing),
  ]
}

const fold = (event: EventOf): readonly RowChange[] => {
  const session = sessionOf(event.stream)
  if (session === null) return nothing
  const { at } = event
  switch (event.type) {
    case 'SessionOpened':
      return opened(session, event)
    case 'ClientRenamed':
      return [sessionRow(session, { network: networkAround(event.data.renamed.peer.address) })]
    case 'SenderAccepted':
      return [sessionRow(session, { sender: senderKey(event.data.sender) })]
    case 'AuthenticationFailed':
      return event.data.reason === 'bad-credentials' ? [counted(session, 'logins', at)] : nothing
    case 'SenderRefused':
    case 'RecipientRefused':
    case 'MessageRefused':
      return refused(session, at, event.data.code, event.data.reason)
    case 'MessageAccepted':
      return accepted(event)
    case 'SessionClosed': {
      const gone: RowChange = { kind: 'delete', table: 'reputation_sessions', key: [session] }
      return protocol.has(event.data.reason) ? [counted(session, 'protocol', at), gone] : [gone]
    }
    default:
      return nothing
  }
}

export const reputation: Projection = {
  name: 'reputation',
  version: 1,
  tables: {
    reputation_days: {
      key: ['network', 'day'],
      columns: {
        network: 'text',
        /** Whole days since 1970. */
        day: 'number',
        accepted: 'count',
        ...(Object.fromEntries(faults.map((fault) => [fault, 'count'])) as Record<Fault, 'count'>),
        putOff: 'count',
        firstAt: 'number',
        lastAt: 'number',
      },
    },
    acquaintances: {
      key: ['network', 'sender'],
      columns: {
        network: 'text',
        /** See `senderKey`. */
        sender: 'text',
        /** The first time; null where it never was. */
        putOffAt: 'number',
        accepted: 'count',
        lastAt: 'number',
        forgetAt: 'number',
      },
    },
    reputation_sessions: {
      key: ['session'],
      columns: { session: 'text', network: 'text', sender: 'text', openedAt: 'number' },
    },
    reputation_clocks: { key: ['table'], columns: { table: 'text', day: 'number' } },
  },
  fold,
}
