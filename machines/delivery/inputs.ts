/** What the delivery machine is told: by the router, by the courier, by the far side, by the clock, by people. */
import type {
  ActedUpon,
  AttemptEnded,
  AttemptStarted,
  Connected,
  DeliveryHeld,
  DeliveryQueued,
  HostPassedOver,
  HostSecured,
  Route,
} from '../vocabulary/events.ts'
import type { MachineModule } from '../vocabulary/machine.ts'

/** What people do to deliveries. */
export type Act = 'RETRY' | 'HOLD' | 'RELEASE' | 'CANCEL'

export type DeliveryInput =
  | ({ readonly type: 'QUEUE' } & DeliveryQueued)
  /** The courier takes it up: its time has come and there is room. */
  | ({ readonly type: 'START' } & Omit<AttemptStarted, 'attempt'>)
  /** Its time has come, and its destination rests. */
  | {
      readonly type: 'POSTPONE'
      readonly postponedAt: number
      readonly destination: string
      readonly restingUntil: number
    }
  | { readonly type: 'ROUTE'; readonly route: Route }
  | ({ readonly type: 'CONNECTED' } & Omit<Connected, 'destination'>)
  | ({ readonly type: 'SECURED' } & HostSecured)
  | ({ readonly type: 'HOST_FAILED' } & HostPassedOver)
  /** What the attempt came to; `outcomes` names every recipient the host answered for. */
  | ({ readonly type: 'ATTEMPT_ENDED' } & Omit<AttemptEnded, 'destination'>)
  /** The server that made the attempt is gone. */
  | { readonly type: 'LOST'; readonly foundAt: number; readonly crashed: boolean }
  | ({ readonly type: 'RETRY' } & ActedUpon)
  | ({ readonly type: 'HOLD' } & Omit<DeliveryHeld, 'reason'>)
  | ({ readonly type: 'RELEASE' } & ActedUpon)
  | ({ readonly type: 'CANCEL' } & ActedUpon)

export type InputOf<Type extends DeliveryInput['type']> = Extract<DeliveryInput, { readonly type: Type }>

const by = ['actedAt', 'by'] as const

/** See `MachineModule.inputs`. */
export const deliveryInputs: MachineModule['inputs'] = {
  QUEUE: [
    'message',
    'sender',
    'nextHop',
    'recipients',
    'forwarder',
    'forged',
    'size',
    'body',
    'smtputf8',
    'ret',
    'envid',
    'requiretls',
    'tlsOptional',
    'route',
    'prefix',
    'acceptedAt',
    'node',
    'policy',
  ],
  POSTPONE: ['postponedAt', 'destination', 'restingUntil'],
  START: ['startedAt', 'destination', 'node', 'leaseUntil'],
  ROUTE: ['route'],
  CONNECTED: ['host', 'greeting', 'extensions', 'reused', 'securing', 'tls'],
  SECURED: ['tls', 'extensions'],
  HOST_FAILED: ['host', 'fault'],
  ATTEMPT_ENDED: ['endedAt', 'outcomes', 'fault', 'uncertain', 'answered'],
  LOST: ['foundAt', 'crashed'],
  RETRY: by,
  HOLD: [...by, 'sending'],
  RELEASE: by,
  CANCEL: by,
}
