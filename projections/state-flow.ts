/**
 * How often was each way through a machine taken, and how long did actors stay before they took it? Counts and total
 * milliseconds for each (machine, from, to, input), to be laid over the drawn machine.
 *
 * This is the one question that is about the machines themselves, so it is the one fold that reads `meta`; all others read
 * `type` and `data` only. A refactored machine therefore gives new rows here and breaks no other view.
 */
import type { EventOf } from '../machines/vocabulary/events.ts'
import { nothing, type Projection, type RowChange } from './projection.ts'

/** Final states: the stream says no more, and its clock is put away. */
const finalStates: ReadonlySet<string> = new Set(['closed', 'delivered', 'failed', 'expired', 'cancelled'])

const one = { count: 1 }

/** A stream's first transition: there is no time before it to count. */
const begin = (key: readonly string[], { stream, at }: EventOf, isLast: boolean): readonly RowChange[] => {
  const count: RowChange = { kind: 'upsert', table: 'flow', key, add: one }
  return isLast ? [count] : [count, { kind: 'insert', table: 'flow_clocks', key: [stream], set: { at } }]
}

/** Adds the time since the stream's last transition, and keeps this one's time for the next. */
const goOn = (key: readonly string[], { stream, at }: EventOf, isLast: boolean): readonly RowChange[] => {
  const clock = [stream]
  const elapsed = { column: 'time', since: { table: 'flow_clocks', key: clock, column: 'at' }, at }
  const step: RowChange = { kind: 'upsert', table: 'flow', key, add: one, elapsed }
  return isLast ? [step, { kind: 'delete', table: 'flow_clocks', key: clock }] : [step]
}

const fold = (event: EventOf): readonly RowChange[] => {
  const { machine, from, to, input } = event.meta
  if (machine === undefined || from === undefined || to === undefined || input === undefined) return nothing
  const move = event.revision === 0 ? begin : goOn
  return move([machine, from, to, input], event, finalStates.has(to))
}

export const stateFlow: Projection = {
  name: 'state-flow',
  version: 2,
  tables: {
    flow: {
      key: ['machine', 'from', 'to', 'input'],
      columns: { machine: 'text', from: 'text', to: 'text', input: 'text', count: 'count', time: 'count' },
    },
    flow_clocks: { key: ['stream'], columns: { stream: 'text', at: 'number' } },
  },
  fold,
}
