/** Which policy was in force on which service of which server from when on? One row for each time that a server said so: few, in a log of everything. */
import type { EventOf } from '../machines/vocabulary/events.ts'
import { nothing, type Projection, type RowChange } from './projection.ts'

const fold = (event: EventOf): readonly RowChange[] => {
  if (event.type !== 'PolicyChanged') return nothing
  const { service, node, policy } = event.data
  const set = { service, node, policy, at: event.at }
  return [{ kind: 'upsert', table: 'policy_changes', key: [event.id], set }]
}

export const policyChanges: Projection = {
  name: 'policy-changes',
  version: 1,
  tables: {
    policy_changes: {
      key: ['id'],
      columns: { id: 'text', service: 'text', node: 'text', policy: 'text', at: 'number' },
    },
  },
  fold,
}
