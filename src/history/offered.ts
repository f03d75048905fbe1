/**
 * Which inputs make sense next. A client may say anything at any time; what it was never offered (AUTH without TLS, XCLIENT by
 * a stranger) is refused, and no step that history could have taken. The session's own judgements decide.
 */
import type { DeliveryContext } from '../../machines/delivery/context.ts'
import { delivery } from '../../machines/delivery/index.ts'
import type { SessionContext } from '../../machines/session/context.ts'
import { loginVerdict, tlsVerdict } from '../../machines/session/guards.ts'
import { session } from '../../machines/session/index.ts'
import type { MachineModule } from '../../machines/vocabulary/machine.ts'

type Offer = (context: SessionContext) => boolean

const offers: Readonly<Record<string, Offer>> = {
  STARTTLS: (context) => tlsVerdict({ context, event: { type: 'STARTTLS' } }).kind !== 'refuse',
  AUTH: (context) => loginVerdict({ context, event: { type: 'AUTH', mechanism: 'PLAIN' } }).kind !== 'refuse',
  XCLIENT: ({ trusted }) => trusted,
}

const notes: Readonly<Record<string, (context: DeliveryContext) => boolean>> = {
  HOLD: ({ noted }) => noted === null,
  RELEASE: ({ noted }) => noted?.act === 'hold',
  CANCEL: ({ noted }) => noted?.act !== 'cancel',
}

/** What a delivery records of an act that cannot be: the act is no way on. */
const refusals: ReadonlySet<unknown> = new Set([
  'recordActUnderWay',
  'recordActOutOfPlace',
  'recordActNotedBefore',
])

/** Whether a transition with these actions does nothing but refuse. */
export const isRefusal = (actions: readonly unknown[]): boolean =>
  actions.length > 0 && actions.every((action) => refusals.has(action))

/** Machine events that can come in every state, said once for all of them. */
export const atAnyTime = ({ machine }: Pick<MachineModule, 'machine'>): ReadonlySet<string> =>
  new Set(
    [...machine.root.transitions].flatMap(([event, transitions]) =>
      transitions.every(({ actions }) => isRefusal(actions)) ? [] : [event],
    ),
  )

/** Of the inputs a machine has transitions for, those that lead on from a context. */
export const offered = (
  { name }: Pick<MachineModule, 'name'>,
  context: unknown,
  inputs: readonly string[],
): readonly string[] => {
  if (name === session.name)
    return inputs.filter((input) => offers[input]?.(context as SessionContext) ?? true)
  // Only an attempt under way can be lost; what is asked for in its middle is noted, and not twice.
  if (name === delivery.name && inputs.includes('LOST'))
    return inputs.filter((input) => notes[input]?.(context as DeliveryContext) ?? true)
  return inputs
}
