/**
 * How often was each way through a machine taken, and how long did actors stay before they took it? Counts and total
 * milliseconds for each (machine, from, to, input), of all time and of each ten minutes, to be laid over the drawn machine; and how
 * many actors are in each state now.
 *
 * This is the one question that is about the machines themselves, so it is the one fold that reads `meta`; all others read
 * `type` and `data` only. A refactored machine therefore gives new rows here and breaks no other view.
 */
import type { EventOf } from '../machines/vocabulary/events.ts'
import { nothing, type Projection, type RowChange } from './projection.ts'

/** Final states: the stream says no more, and its clock is put away. */
const finalStates: ReadonlySet<string> = new Set(['closed', 'delivered', 'failed', 'expired', 'cancelled'])

/** Milliseconds that are counted together: a period begins and ends with one of them. */
export const slotLength = 600_000

const one = { count: 1 }
const oneLess = { count: -1 }

type Way = {
  readonly machine: string
  readonly from: string
  readonly to: string
  /** Of the machine, from, to and input. */
  readonly key: readonly string[]
}

/** Who has come to a final state is counted on. */
const came = ({ machine, to }: Way): RowChange => ({
  ...{ kind: 'upsert', table: 'flow_states', key: [machine, to], add: one },
})
/** Nobody is in a state any more that was left. */
const left = ({ machine, from }: Way): RowChange => ({
  ...{ kind: 'upsert', table: 'flow_states', key: [machine, from], add: oneLess },
})

const slotOf = ({ machine, from, to, key }: Way, at: number) =>
  [machine, Math.floor(at / slotLength), from, to, key[3]!] as const

/** A stream's first transition: there is no time before it to count. */
const begin = (way: Way, { stream, at }: EventOf): readonly RowChange[] => {
  const counts: readonly RowChange[] = [
    { kind: 'upsert', table: 'flow', key: way.key, add: one },
    { kind: 'upsert', table: 'flow_slots', key: slotOf(way, at), add: one },
    came(way),
  ]
  if (finalStates.has(way.to)) return counts
  return [...counts, { kind: 'insert', table: 'flow_clocks', key: [stream], set: { at } }]
}

/** Adds the time since the stream's last transition, and keeps this one's time for the next. */
const goOn = (way: Way, { stream, at }: EventOf): readonly RowChange[] => {
  const clock = [stream]
  const slot = slotOf(way, at)
  const also = { table: 'flow_slots', key: slot, column: 'time' }
  const elapsed = { column: 'time', since: { table: 'flow_clocks', key: clock, column: 'at' }, at, also }
  const steps: RowChange[] = [
    { kind: 'upsert', table: 'flow', key: way.key, add: one, elapsed },
    { kind: 'upsert', table: 'flow_slots', key: slot, add: one },
  ]
  if (way.from !== way.to) steps.push(came(way), left(way))
  if (finalStates.has(way.to)) steps.push({ kind: 'delete', table: 'flow_clocks', key: clock })
  return steps
}

const fold = (event: EventOf): readonly RowChange[] => {
  const { machine, from, to, input } = event.meta
  if (machine === undefined || from === undefined || to === undefined || input === undefined) return nothing
  const move = event.revision === 0 ? begin : goOn
  return move({ machine, from, to, key: [machine, from, to, input] }, event)
}

const counted = { count: 'count', time: 'count' } as const

export const stateFlow: Projection = {
  name: 'state-flow',
  version: 3,
  tables: {
    flow: {
      key: ['machine', 'from', 'to', 'input'],
      columns: { machine: 'text', from: 'text', to: 'text', input: 'text', ...counted },
    },
    flow_slots: {
      key: ['machine', 'slot', 'from', 'to', 'input'],
      columns: { machine: 'text', slot: 'number', from: 'text', to: 'text', input: 'text', ...counted },
    },
    flow_states: {
      key: ['machine', 'state'],
      columns: { machine: 'text', state: 'text', count: 'count' },
    },
    flow_clocks: { key: ['stream'], columns: { stream: 'text', at: 'number' } },
  },
  fold,
}
