import { delivery } from './delivery/index.ts'
import { session } from './session/index.ts'
import type { MachineModule } from './vocabulary/machine.ts'

/** Every machine of this release. */
export const machines: readonly MachineModule[] = [session, delivery]
