/** A delivery's history as people ask for it: attempt by attempt, with what was said, and what people did in between. */
import type {
  AttemptFault,
  EventOf,
  NotedAct,
  RecipientOutcome,
  RemoteHost,
  Route,
  TlsFacts,
} from '../../machines/vocabulary/events.ts'

/** One host of the route, tried. */
export type HostTried = {
  readonly at: string
  readonly host: RemoteHost | null
  /** Its greeting; null where it did not come to one. */
  readonly greeting: string | null
  readonly tls: TlsFacts | null
  /** The connection had carried another message before. */
  readonly reused: boolean
  /** Why it was passed over; null for the one that ended the attempt. */
  readonly fault: AttemptFault | null
}

export type AttemptResult = 'delivered' | 'deferred' | 'failed' | 'expired' | 'lost' | 'active'
export type Attempt = {
  readonly kind: 'attempt'
  /** 1 for the first. */
  readonly number: number
  readonly startedAt: string
  readonly endedAt: string | null
  readonly node: string
  readonly route: Pick<Route, 'kind' | 'hosts' | 'policy'> | null
  readonly hosts: readonly HostTried[]
  readonly result: AttemptResult
  readonly outcomes: readonly RecipientOutcome[]
  readonly fault: AttemptFault | null
  readonly reason: string | null
  /** It was cut between the final dot and its answer: the host may have the mail. */
  readonly uncertain: boolean
  readonly nextAttemptAt: string | null
  /** What somebody asked for in the middle of it: done where the mail waits, and void where it has come to its end. */
  readonly noted: NotedAct['act'] | null
  /** `C: ...` we said, `S: ...` the host. */
  readonly transcript: readonly string[]
}
/** A turn that was left out: the destination rested. */
export type Postponement = {
  readonly kind: 'postponement'
  readonly at: string
  readonly nextAttemptAt: string
}
/** What somebody did. */
export type ActDone = {
  readonly kind: 'act'
  readonly at: string
  readonly act: 'hold' | 'release' | 'retry' | 'cancel'
  readonly by: string
  /** In the middle of an attempt, for its end; or such a hold taken back, where `act` is `release`. */
  readonly noted: boolean
  /** Why it was refused; null where it was done. */
  readonly refused: string | null
}

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] }
type Open = Writable<Omit<Attempt, 'hosts' | 'transcript'>> & {
  readonly hosts: Writable<HostTried>[]
  readonly transcript: string[]
}

const iso = (at: number): string => new Date(at).toISOString()
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at))

const begun = ({ data }: EventOf & { type: 'AttemptStarted' }): Open => ({
  ...{ kind: 'attempt', number: data.attempt, startedAt: iso(data.startedAt), endedAt: null },
  ...{ node: data.node, route: null, hosts: [], result: 'active', outcomes: [], fault: null },
  ...{ reason: null, uncertain: false, nextAttemptAt: null, noted: null, transcript: [] },
})

const results = {
  Delivered: 'delivered',
  Deferred: 'deferred',
  Failed: 'failed',
  Expired: 'expired',
} as const

const ended = (attempt: Open, { type, data }: EventOf & { type: keyof typeof results }): void => {
  const { endedAt, outcomes, fault, uncertain } = data
  Object.assign(attempt, { result: results[type], endedAt: iso(endedAt), outcomes, fault, uncertain })
  if (type !== 'Delivered') attempt.reason = data.reason
  if (type === 'Deferred') attempt.nextAttemptAt = isoOrNull(data.nextAttemptAt)
  if (type !== 'Expired') attempt.noted = data.noted?.act ?? null
}

const passedOver = (attempt: Open, { at, data }: EventOf & { type: 'HostPassedOver' }): void => {
  const { host, fault } = data
  const last = attempt.hosts.at(-1)
  const isSame = last?.fault === null && last.host?.address === host.address && last.host.port === host.port
  if (isSame) last.fault = fault
  else attempt.hosts.push({ at: iso(at), host, greeting: null, tls: null, reused: false, fault })
}

/** Takes one fact of an attempt under way. */
const goOn = (attempt: Open, event: EventOf): void => {
  switch (event.type) {
    case 'RouteResolved': {
      const { kind, hosts, policy } = event.data.route
      attempt.route = { kind, hosts, ...(policy && { policy }) }
      break
    }
    case 'Connected': {
      const { host, greeting, tls, reused } = event.data
      attempt.hosts.push({ at: iso(event.at), host, greeting, tls, reused, fault: null })
      break
    }
    case 'HostSecured': {
      const last = attempt.hosts.at(-1)
      if (last) last.tls = event.data.tls
      break
    }
    case 'HostPassedOver':
      passedOver(attempt, event)
      break
    case 'AttemptLost': {
      const { foundAt, uncertain, nextAttemptAt, noted } = event.data
      Object.assign(attempt, { result: 'lost', endedAt: iso(foundAt), uncertain, reason: 'attempt-lost' })
      attempt.nextAttemptAt = isoOrNull(nextAttemptAt)
      attempt.noted = noted?.act ?? null
      break
    }
    case 'Delivered':
    case 'Deferred':
    case 'Failed':
    case 'Expired':
      ended(attempt, event)
  }
  attempt.transcript.push(...(event.meta.dialogue?.split('\n') ?? []))
}

const acts = { Held: 'hold', Released: 'release', RetryRequested: 'retry', Cancelled: 'cancel' } as const

const actOf = (event: EventOf): ActDone | null => {
  switch (event.type) {
    case 'Held':
    case 'Released':
    case 'RetryRequested':
    case 'Cancelled': {
      const { actedAt, by } = event.data
      return { kind: 'act', at: iso(actedAt), act: acts[event.type], by, noted: false, refused: null }
    }
    case 'ActNoted':
    case 'ActTakenBack': {
      const { actedAt, by, act } = event.data
      const asked = event.type === 'ActNoted' ? act : 'release'
      return { kind: 'act', at: iso(actedAt), act: asked, by, noted: true, refused: null }
    }
    case 'ActRefused': {
      const { actedAt, by, act, reason } = event.data
      return { kind: 'act', at: iso(actedAt), act: act as ActDone['act'], by, noted: false, refused: reason }
    }
    default:
      return null
  }
}

const postponement = ({ data }: EventOf & { type: 'Postponed' }): Postponement => ({
  kind: 'postponement',
  at: iso(data.postponedAt),
  nextAttemptAt: iso(data.nextAttemptAt),
})

/** Attempts, turns left out and acts in their order, from all events of one delivery. */
export const attemptsOf = (events: readonly EventOf[]): readonly (Attempt | ActDone | Postponement)[] => {
  const told: (Attempt | ActDone | Postponement)[] = []
  let open: Open | null = null
  for (const event of events) {
    const act = actOf(event)
    if (act !== null) {
      told.push(act)
      // What was said meanwhile travels with the fact of an act, too.
      open?.transcript.push(...(event.meta.dialogue?.split('\n') ?? []))
    } else if (event.type === 'Postponed') told.push(postponement(event))
    else if (event.type === 'AttemptStarted') {
      open = begun(event)
      told.push(open)
    } else if (open !== null) goOn(open, event)
  }
  return told
}
