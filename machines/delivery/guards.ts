/** The questions the delivery machine asks, by name. Each looks at a judgement; none decides anything itself. */
import type { DeliveryContext } from './context.ts'
import type { DeliveryInput, InputOf } from './inputs.ts'
import { type Ending, judgeAttempt } from './judgements.ts'
import { noticesAfter } from './owing.ts'

export type Asked = { readonly context: DeliveryContext; readonly event: DeliveryInput }

/** The event as the one its transition is for; anything else is a fault in the machine. */
export const told = <Type extends DeliveryInput['type']>(event: DeliveryInput, type: Type): InputOf<Type> => {
  if (event.type !== type) throw new Error(`an action for ${type} was run for ${event.type}`)
  return event as InputOf<Type>
}

const endsIn =
  (ending: Ending) =>
  ({ context, event }: Asked): boolean =>
    judgeAttempt(context, told(event, 'ATTEMPT_ENDED')).ending === ending

export const guards = {
  willSecure: ({ event }: Asked): boolean => told(event, 'CONNECTED').securing,
  allDelivered: endsIn('delivered'),
  someFailed: endsIn('failed'),
  patienceIsOver: endsIn('expired'),
  isToBeHeld: endsIn('held'),
  isToBeCancelled: endsIn('cancelled'),
  holdIsNoted: ({ context }: Asked): boolean => context.noted?.act === 'hold',
  cancelIsNoted: ({ context }: Asked): boolean => context.noted?.act === 'cancel',
  noCancelIsNoted: ({ context }: Asked): boolean => context.noted?.act !== 'cancel',
  nothingIsNoted: ({ context }: Asked): boolean => context.noted === null,
  senderIsOwed: ({ context, event }: Asked): boolean =>
    noticesAfter(context, told(event, 'ATTEMPT_ENDED')).length > 0,
}
