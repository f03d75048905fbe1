/** A server that has its log to itself: nobody else lives, and whatever was left is its own. */
import type { Membership } from './membership.ts'

export const sole = (node: string): Membership => ({
  node,
  isAlive: () => true,
  life: () => 1,
  others: () => [],
  leave: async () => {},
})
