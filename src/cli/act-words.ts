/** The four acts on deliveries, in the words of those who type them: on which statuses they act, and what to do instead on others. */
import type { Act } from '../../machines/delivery/inputs.ts'
import type { DeliveryStatus } from '../views/answers/deliveries.ts'

export type ActName = 'retry' | 'hold' | 'release' | 'cancel'

export type Doing = {
  readonly act: Act
  readonly about: string
  /** Statuses in which it makes sense: with filters, only these are acted upon. */
  readonly of: readonly DeliveryStatus[]
  readonly done: string
  /** Said after `done` where no server runs. */
  readonly unserved?: string
  /** What to do about a delivery of another status, about several of them. */
  readonly instead: Readonly<Partial<Record<DeliveryStatus, readonly [one: string, several: string]>>>
}

/** What came of it, as `--json` gives it. `state` is the machine's, `status` what `deliveries` calls it: both afterwards. */
export type Told = {
  readonly id: string
  readonly done: boolean
  readonly state: string | null
  readonly status: DeliveryStatus | null
  /** Why it was not done. */
  readonly reason?: string
}

const patience = ['ask again when the attempt has ended', 'ask again when their attempts have ended'] as const
const begins = '; no server runs here, so that happens when it is started'

export const doings: Readonly<Record<ActName, Doing>> = {
  retry: {
    act: 'RETRY',
    about: 'try deliveries that wait now',
    of: ['deferred', 'queued'],
    done: 'to be tried now',
    unserved: begins,
    instead: {
      held: ['release it first', 'release them first'],
      active: ['it is being tried', 'they are being tried'],
    },
  },
  hold: {
    act: 'HOLD',
    about: 'stop trying, until release or cancel',
    of: ['deferred', 'queued'],
    done: 'held',
    instead: { active: patience },
  },
  release: {
    act: 'RELEASE',
    about: 'go on with held deliveries, now',
    of: ['held'],
    done: 'released',
    unserved: begins,
    instead: {},
  },
  cancel: {
    act: 'CANCEL',
    about: 'end deliveries; nobody is told',
    of: ['deferred', 'queued', 'held'],
    done: 'cancelled',
    instead: { active: patience },
  },
}

const underWay: ReadonlySet<string> = new Set(['resolving', 'connecting', 'securing', 'sending'])

/** What people filter by, of a state of the machine. */
export const statusOf = (state: string): DeliveryStatus => {
  if (state === 'waiting') return 'deferred'
  // All others are called as they are.
  return underWay.has(state) ? 'active' : (state as DeliveryStatus)
}

/** The state that has this status; null where there are several. */
export const stateOf = (status: DeliveryStatus): string | null =>
  status === 'deferred' ? 'waiting' : status === 'active' ? null : status
