/**
 * What the delivery machine does, by name: `remember…` changes the context, `record…` states the one fact of a transition,
 * the rest name effects. All are data; the host performs them after the append.
 */
import { plainly } from '../plain.ts'
import type { FactName, Facts, Noted, NotedAct, Owing } from '../vocabulary/events.ts'
import type { EffectEmitted, FactEmitted } from '../vocabulary/machine.ts'
import { type DeliveryContext, standings } from './context.ts'
import { type Asked, told } from './guards.ts'
import type { Act, DeliveryInput, InputOf } from './inputs.ts'
import { afterLoss, isTimeToWarn, judgeAttempt, nextTurn } from './judgements.ts'
import { hostReportsAfter, noticesAfter } from './owing.ts'

const { remember, say } = plainly<DeliveryContext, DeliveryInput>()
const record = <Name extends FactName>(name: Name, data: (asked: Asked) => Facts[Name]) =>
  say((asked): FactEmitted => ({ type: 'fact', name, data: data(asked) }))
const effect = (name: string) => {
  const effected: EffectEmitted = { type: 'effect', name }
  return say(() => effected)
}

/** What a fact's data begins with: the input's payload, under the same keys (see `MachineModule.inputs`). */
const payload = <Input extends DeliveryInput>(event: Input): Omit<Input, 'type'> => {
  const { type: _, ...rest } = event
  return rest
}

const ended = (asked: Asked) => {
  const event = told(asked.event, 'ATTEMPT_ENDED')
  return { event, judged: judgeAttempt(asked.context, event) }
}
/** Whose attempt it was stands in every fact that says something of the destination. */
const ofAttempt = ({ context: { destination } }: Asked) => ({ destination })
/** What the sender is owed now, in the fact that says why (RFC 3461 §4). */
const owing = ({ context, event }: Asked): Owing => {
  const notices = noticesAfter(context, told(event, 'ATTEMPT_ENDED'))
  return notices.length === 0 ? {} : { notices }
}
const standing = ({ context: { noted } }: Asked): Noted => (noted === null ? {} : { noted })
const endedBecause = (asked: Asked) => {
  const { event, judged } = ended(asked)
  return {
    ...payload(event),
    reason: judged.reason,
    ...ofAttempt(asked),
    ...owing(asked),
    ...standing(asked),
  }
}
const warnsNow = (asked: Asked): boolean => {
  const { event, judged } = ended(asked)
  return judged.ending === 'deferred' && isTimeToWarn(asked.context, event.endedAt)
}

const act = ({ event }: Asked): InputOf<Act> => {
  if ('actedAt' in event) return event
  throw new Error(`nobody acted: ${event.type}`)
}
const noting = (asked: Asked): NotedAct => ({
  ...payload(act(asked)),
  act: asked.event.type === 'HOLD' ? 'hold' : 'cancel',
})
const refusing = (reason: string) =>
  record('ActRefused', (asked) => ({
    ...payload(act(asked)),
    act: asked.event.type.toLowerCase(),
    reason,
  }))

const remembering = {
  rememberQueued: remember(({ event }) => {
    const queued = told(event, 'QUEUE')
    const { message, nextHop, sender, acceptedAt } = queued
    return { message, nextHop, sender, acceptedAt, recipients: standings(queued), dueAt: acceptedAt }
  }),
  rememberAttempt: remember(({ context, event }) => ({
    attempts: context.attempts + 1,
    destination: told(event, 'START').destination,
    dueAt: null,
    sending: false,
  })),
  rememberPostponed: remember(({ context, event }) => {
    const counted = { ...context, postponed: context.postponed + 1 }
    return { postponed: counted.postponed, dueAt: nextTurn(counted, told(event, 'POSTPONE')) }
  }),
  rememberSending: remember(({ event }) => ({ sending: true, hostReports: hostReportsAfter(event) })),
  rememberNotSending: remember(() => ({ sending: false })),
  rememberOutcome: remember((asked) => {
    const { recipients } = ended(asked).judged
    return { recipients, sending: false, lost: 0, dueAt: null, noted: null }
  }),
  rememberDeferral: remember((asked) => {
    const { recipients, nextAttemptAt } = ended(asked).judged
    const warned = asked.context.warned || warnsNow(asked)
    return { recipients, sending: false, lost: 0, dueAt: nextAttemptAt, warned, noted: null }
  }),
  rememberLost: remember(({ context, event }) => ({
    sending: false,
    lost: context.lost + 1,
    dueAt: afterLoss(context, told(event, 'LOST').foundAt),
    noted: null,
  })),
  rememberNoted: remember((asked) => ({ noted: noting(asked) })),
  rememberNothingNoted: remember(() => ({ noted: null })),
  rememberHeld: remember(() => ({ dueAt: null })),
  rememberDueNow: remember((asked) => ({ dueAt: act(asked).actedAt })),
}

const triedNow = (asked: Asked) => ({
  ...payload(act(asked)),
  nextAttemptAt: act(asked).actedAt,
  ...ofAttempt(asked),
})

const recording = {
  recordQueued: record('DeliveryQueued', ({ event }) => payload(told(event, 'QUEUE'))),
  recordAttemptStarted: record('AttemptStarted', ({ context, event }) => ({
    ...payload(told(event, 'START')),
    attempt: context.attempts,
  })),
  recordPostponed: record('Postponed', ({ context, event }) => ({
    ...payload(told(event, 'POSTPONE')),
    nextAttemptAt: context.dueAt ?? 0,
    attempts: context.attempts,
    reason: 'destination-resting',
  })),
  recordRoute: record('RouteResolved', ({ event }) => payload(told(event, 'ROUTE'))),
  recordConnected: record('Connected', (asked) => ({
    ...payload(told(asked.event, 'CONNECTED')),
    ...ofAttempt(asked),
  })),
  recordSecured: record('HostSecured', ({ event }) => payload(told(event, 'SECURED'))),
  recordHostPassedOver: record('HostPassedOver', ({ event }) => payload(told(event, 'HOST_FAILED'))),
  recordDelivered: record('Delivered', (asked) => ({
    ...payload(told(asked.event, 'ATTEMPT_ENDED')),
    ...ofAttempt(asked),
    ...owing(asked),
    ...standing(asked),
  })),
  recordDeferred: record('Deferred', (asked) => {
    const { event, judged } = ended(asked)
    return {
      ...payload(event),
      reason: judged.reason,
      nextAttemptAt: judged.nextAttemptAt,
      warned: warnsNow(asked),
      ...ofAttempt(asked),
      ...owing(asked),
      ...standing(asked),
    }
  }),
  recordFailed: record('Failed', endedBecause),
  recordExpired: record('Expired', endedBecause),
  recordLost: record('AttemptLost', (asked) => {
    const { context, event } = asked
    const { foundAt, crashed } = told(event, 'LOST')
    return {
      foundAt,
      crashed,
      uncertain: context.sending,
      nextAttemptAt: afterLoss(context, foundAt),
      ...ofAttempt(asked),
      ...standing(asked),
    }
  }),
  recordHeld: record('Held', ({ event }) => {
    const held = payload(told(event, 'HOLD'))
    return held.sending === undefined ? held : { ...held, reason: 'sending-limit' }
  }),
  recordReleased: record('Released', triedNow),
  recordRetryRequested: record('RetryRequested', triedNow),
  recordCancelled: record('Cancelled', (asked) => ({ ...payload(act(asked)), reason: 'cancelled' })),
  recordActNoted: record('ActNoted', noting),
  recordHoldTakenBack: record('ActTakenBack', (asked) => ({ ...payload(act(asked)), act: 'hold' })),
  recordActUnderWay: refusing('attempt-under-way'),
  recordActNotedBefore: refusing('noted-before'),
  recordActOutOfPlace: refusing('not-in-this-state'),
}

const doing = {
  resolve: effect('resolve'),
  connect: effect('connect'),
  secure: effect('secure'),
  send: effect('send'),
  startRetryTimer: say(
    ({ context }): EffectEmitted => ({
      type: 'effect',
      name: 'startTimer',
      timer: 'retry',
      dueAt: context.dueAt ?? 0,
    }),
  ),
  notifySender: say(
    (asked): EffectEmitted => ({ type: 'effect', name: 'notify', notices: [], ...owing(asked) }),
  ),
  /** Ends the attempt, unless the final dot may have been said. */
  breakOff: effect('breakOff'),
  /** Until somebody releases it. */
  rest: effect('rest'),
  finish: effect('finish'),
}

export const actions = { ...remembering, ...recording, ...doing }
