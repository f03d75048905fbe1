/** Words that shapes are made of and that people type, for those who want no schema. */
export const outcomes = ['accepted', 'refused', 'aborted', 'idle', 'open'] as const

export const deliveryStatuses = [
  'queued',
  'active',
  'deferred',
  'held',
  'delivered',
  'failed',
  'expired',
  'cancelled',
] as const

/** What people filter by: one of them, or all that are not over. */
export const deliveryStandings = [...deliveryStatuses, 'unfinished'] as const

export const actNames = ['retry', 'hold', 'release', 'cancel'] as const
