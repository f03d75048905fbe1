/**
 * Which inputs make sense next. A client may say anything at any time; what it was never offered (AUTH without TLS, XCLIENT by
 * a stranger) is refused, and no step that history could have taken. The session's own judgements decide.
 */
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

/** Of the inputs a machine has transitions for, those that lead on from a context. */
export const offered = (
  { name }: Pick<MachineModule, 'name'>,
  context: unknown,
  inputs: readonly string[],
): readonly string[] =>
  name === session.name
    ? inputs.filter((input) => offers[input]?.(context as SessionContext) ?? true)
    : inputs
