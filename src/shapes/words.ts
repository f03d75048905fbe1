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

export const actNames = ['retry', 'hold', 'release', 'cancel'] as const
