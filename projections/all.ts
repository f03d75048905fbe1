/** Every question that is kept answered. */
import { deliveries } from './deliveries.ts'
import { destinations } from './destinations.ts'
import { mailboxes } from './mailboxes.ts'
import { messages } from './messages.ts'
import { policyChanges } from './policy-changes.ts'
import type { Projection } from './projection.ts'
import { reputation } from './reputation.ts'
import { sessions } from './sessions.ts'
import { stateFlow } from './state-flow.ts'
import { suppressions } from './suppressions.ts'

export const projections: readonly Projection[] = [
  sessions,
  messages,
  mailboxes,
  deliveries,
  destinations,
  stateFlow,
  reputation,
  suppressions,
  policyChanges,
]
