/** What the delivery machine is told: by the router, by the courier, by the far side, by the clock, by people. */
import type {
  AttemptFault,
  Connected,
  DeliveryQueued,
  HostPassedOver,
  HostSecured,
  RecipientOutcome,
  Route,
} from '../vocabulary/events.ts'
import type { MachineModule } from '../vocabulary/machine.ts'

type By = { readonly actedAt: number; readonly by: string }

export type DeliveryInput =
  | ({ readonly type: 'QUEUE' } & DeliveryQueued)
  /** The courier takes it up: its time has come and there is room. */
  | { readonly type: 'START'; readonly startedAt: number; readonly node: string; readonly leaseUntil: number }
  | { readonly type: 'ROUTE'; readonly route: Route }
  | ({ readonly type: 'CONNECTED' } & Connected)
  | ({ readonly type: 'SECURED' } & HostSecured)
  | ({ readonly type: 'HOST_FAILED' } & HostPassedOver)
  /** What the attempt came to; `outcomes` names every recipient the host answered for. */
  | {
      readonly type: 'ATTEMPT_ENDED'
      readonly endedAt: number
      readonly outcomes: readonly RecipientOutcome[]
      readonly fault: AttemptFault | null
      readonly uncertain: boolean
    }
  /** The server that made the attempt is gone. */
  | { readonly type: 'LOST'; readonly foundAt: number; readonly crashed: boolean }
  | ({ readonly type: 'RETRY' } & By)
  | ({ readonly type: 'HOLD' } & By)
  | ({ readonly type: 'RELEASE' } & By)
  | ({ readonly type: 'CANCEL' } & By)

export type InputOf<Type extends DeliveryInput['type']> = Extract<DeliveryInput, { readonly type: Type }>

const by = ['actedAt', 'by'] as const

/** See `MachineModule.inputs`. */
export const deliveryInputs: MachineModule['inputs'] = {
  QUEUE: [
    'message',
    'sender',
    'nextHop',
    'recipients',
    'size',
    'body',
    'smtputf8',
    'ret',
    'envid',
    'prefix',
    'acceptedAt',
    'policy',
  ],
  START: ['startedAt', 'node', 'leaseUntil'],
  ROUTE: ['route'],
  CONNECTED: ['host', 'greeting', 'extensions', 'reused', 'securing', 'tls'],
  SECURED: ['tls', 'extensions'],
  HOST_FAILED: ['host', 'fault'],
  ATTEMPT_ENDED: ['endedAt', 'outcomes', 'fault', 'uncertain'],
  LOST: ['foundAt', 'crashed'],
  RETRY: by,
  HOLD: by,
  RELEASE: by,
  CANCEL: by,
}
