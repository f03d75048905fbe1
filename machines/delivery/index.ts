import type { MachineModule } from '../vocabulary/machine.ts'
import { deliveryInputs } from './inputs.ts'
import { deliveryMachine } from './machine.ts'

/** The delivery machine, and what hosting, replaying and drawing need to know of it. */
export const delivery: MachineModule = {
  name: 'delivery',
  category: 'delivery',
  version: 1,
  fingerprint: '06c84b030cab9734',
  machine: deliveryMachine,
  // Not `DeliveryQueued`: it travels with the first attempt, and what a crash takes with it is queued again from `MessageAccepted`.
  barriers: new Set([
    'AttemptStarted',
    'Delivered',
    'Deferred',
    'Failed',
    'Expired',
    'AttemptLost',
    'Held',
    'Released',
    'RetryRequested',
    'Cancelled',
    'ActRefused',
    'ActNoted',
    'ActTakenBack',
  ]),
  inputs: deliveryInputs,
}
