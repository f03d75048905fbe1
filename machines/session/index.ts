import type { MachineModule } from '../vocabulary/machine.ts'
import { sessionInputs } from './inputs.ts'
import { sessionMachine } from './machine.ts'

/** The session machine, and what hosting, replaying and drawing need to know of it. */
export const session: MachineModule = {
  name: 'session',
  category: 'smtp_session',
  version: 1,
  fingerprint: '446585aa587ddbc7',
  machine: sessionMachine,
  barriers: new Set(['MessageAccepted']),
  inputs: sessionInputs,
}
