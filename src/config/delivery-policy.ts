/** The part of the configuration that governs a delivery, as the delivery machine gets it. */
import type { DeliveryPolicy } from '../../machines/delivery/policy.ts'
import type { Config } from './schema.ts'

/** Data only: the same configuration gives an equal object, so that its hash names the stream it is recorded in. */
export const deliveryPolicy = ({ delivery }: Config): DeliveryPolicy => ({
  retry: delivery.retry,
  giveUpAfter: delivery.giveUpAfter,
  warnAfter: delivery.warnAfter,
})
