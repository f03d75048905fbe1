/**
 * Which addresses elsewhere do not exist, as their hosts said, or are not to be written to, as somebody here said? One row for each, under
 * its spelling for comparing. A mail that is taken there proves the opposite.
 */
import { addressKey } from '../machines/vocabulary/address.ts'
import type { EventOf, RecipientOutcome } from '../machines/vocabulary/events.ts'
import { saysNoSuchAddress } from '../machines/vocabulary/suppression.ts'
import { remoteReplyText } from './deliveries.ts'
import { dayOf } from './karma.ts'
import { deliveryOf, nothing, type Projection, type RowChange } from './projection.ts'

/** Milliseconds after which an answer is forgotten, however long it is to count. */
const rememberedFor = 400 * 86_400_000

const keyOf = (address: string) => [addressKey(address)] as const
const gone = (address: string): RowChange => ({
  kind: 'delete',
  table: 'suppressions',
  key: keyOf(address),
})

const heard = (delivery: string, at: number, { address, result, reply }: RecipientOutcome): RowChange[] => {
  if (result === 'delivered') return [gone(address)]
  if (result !== 'failed' || reply === null || !saysNoSuchAddress(reply)) return []
  const set = { at, enhanced: reply.enhanced, reply: remoteReplyText(reply), delivery }
  return [
    { kind: 'upsert', table: 'suppressions', key: keyOf(address), set, add: { failures: 1 } },
    {
      ...{ kind: 'forget', table: 'suppressions', column: 'at', before: at - rememberedFor },
      ...{ clock: { table: 'suppression_clocks', key: ['at'], column: 'day' }, tick: dayOf(at) },
    },
  ]
}

const fold = (event: EventOf): readonly RowChange[] => {
  switch (event.type) {
    case 'Delivered':
    case 'Deferred':
    case 'Failed':
    case 'Expired': {
      const delivery = deliveryOf(event.stream)
      if (delivery === null) return nothing
      return event.data.outcomes.flatMap((outcome) => heard(delivery, event.data.endedAt, outcome))
    }
    case 'SuppressionAdded': {
      const set = { addedAt: event.at, by: event.data.by }
      return [{ kind: 'upsert', table: 'suppressions', key: keyOf(event.data.address), set }]
    }
    case 'SuppressionCleared':
      return [gone(event.data.address)]
    default:
      return nothing
  }
}

export const suppressions: Projection = {
  name: 'suppressions',
  version: 1,
  tables: {
    suppressions: {
      key: ['address'],
      columns: {
        address: 'text',
        /** Answers that said so, one after the other. */
        failures: 'count',
        /** When the last of them came, and what it said; null where somebody put the address here. */
        at: 'number',
        enhanced: 'text',
        reply: 'text',
        delivery: 'text',
        /** When somebody did. */
        addedAt: 'number',
        by: 'text',
      },
    },
    suppression_clocks: { key: ['name'], columns: { name: 'text', day: 'number' } },
  },
  fold,
}
