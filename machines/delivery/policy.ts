/** What governs a delivery, as data: recorded under its hash, so that a history can be judged again as it was then. */
export type DeliveryPolicy = {
  /** Milliseconds between attempts; the last one repeats. */
  readonly retry: readonly number[]
  /** Milliseconds after which a delivery that still waits has failed. */
  readonly giveUpAfter: number
  /** Milliseconds after which the sender is told that it takes long. */
  readonly warnAfter: number
}
