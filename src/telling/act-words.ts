/** The four acts on deliveries, in the words of those who type them: on which statuses they act, and what to do instead on others. */
import type { Act } from '../../machines/delivery/inputs.ts'
import type { Done } from '../delivery/done.ts'
import type { Delivery, DeliveryStatus } from '../views/answers/deliveries.ts'

export type ActName = 'retry' | 'hold' | 'release' | 'cancel'

export type Doing = {
  readonly act: Act
  readonly about: string
  /** Statuses in which it makes sense: with filters, only these are acted upon. */
  readonly of: readonly DeliveryStatus[]
  /** What may be noted of a delivery whose attempt is under way, so that this can be asked of it. */
  readonly beside?: readonly Delivery['noted'][]
  readonly done: string
  /** Where it is done when the attempt under way has ended, or changes what would be: of one, of several. */
  readonly noted?: readonly [one: string, several: string]
  /** Said after `done` where no server runs. */
  readonly unserved?: string
  /** What to do about a delivery of another status, about several of them. */
  readonly instead: Readonly<Partial<Record<DeliveryStatus, readonly [one: string, several: string]>>>
}

type Noted = NonNullable<NonNullable<Done>['noted']>

/** What came of it, as `--json` gives it. `state` is the machine's, `status` what `deliveries` calls it: both afterwards. */
export type Told = {
  readonly id: string
  readonly done: boolean
  readonly state: string | null
  readonly status: DeliveryStatus | null
  /** What will be done when the attempt under way has ended; `release`: what was to be done will not be. */
  readonly noted?: Noted
  /** Why it was not done. */
  readonly reason?: string
}

const atTheEnd = (what: string) =>
  [`will be ${what} when its attempt ends`, `will be ${what} when their attempts end`] as const
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
    beside: [null],
    done: 'held',
    noted: atTheEnd('held'),
    instead: {},
  },
  release: {
    act: 'RELEASE',
    about: 'go on with held deliveries, now',
    of: ['held'],
    beside: ['hold'],
    done: 'released',
    noted: ['will not be held when its attempt ends', 'will not be held when their attempts end'],
    unserved: begins,
    instead: {},
  },
  cancel: {
    act: 'CANCEL',
    about: 'end deliveries; nobody is told',
    of: ['deferred', 'queued', 'held'],
    beside: [null, 'hold'],
    done: 'cancelled',
    noted: atTheEnd('cancelled'),
    instead: {},
  },
}

const underWay: ReadonlySet<string> = new Set(['resolving', 'connecting', 'securing', 'sending'])

/** What people filter by, of a state of the machine. */
export const statusOf = (state: string): DeliveryStatus => {
  if (state === 'waiting') return 'deferred'
  // All others are called as they are.
  return underWay.has(state) ? 'active' : (state as DeliveryStatus)
}

/** Whether it can be done to a delivery, now or when its attempt has ended. */
export const fits = (
  { of, beside = [] }: Doing,
  { status, noted }: Pick<Delivery, 'status' | 'noted'>,
): boolean => of.includes(status) || (status === 'active' && beside.includes(noted))

/** What was noted before. */
export const notedBefore = {
  hold: 'it will be held when its attempt ends',
  cancel: 'it will be cancelled when its attempt ends',
} as const

/** The state that has this status; null where there are several. */
export const stateOf = (status: DeliveryStatus): string | null =>
  status === 'deferred' ? 'waiting' : status === 'active' ? null : status
