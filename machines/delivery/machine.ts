/**
 * Our conversation about one message with one next hop (RFC 5321 §4.5.4). States stand in the order of an attempt; what an
 * attempt came to is judged in one place, wherever it ended.
 */
import { setup } from 'xstate'
import type { Emitted } from '../vocabulary/machine.ts'
import { actions } from './actions.ts'
import { type DeliveryContext, initialContext } from './context.ts'
import { guards } from './guards.ts'
import type { DeliveryInput } from './inputs.ts'
import type { DeliveryPolicy } from './policy.ts'

const contextOf = ({ input }: { readonly input: { readonly policy: DeliveryPolicy } }) =>
  initialContext(input.policy)

/** Of an attempt under way. */
const underWay = {
  ATTEMPT_ENDED: [
    {
      guard: 'allDelivered',
      target: 'delivered',
      actions: ['recordDelivered', 'notifySender', 'rememberOutcome', 'finish'],
    },
    {
      guard: 'someFailed',
      target: 'failed',
      actions: ['recordFailed', 'notifySender', 'rememberOutcome', 'finish'],
    },
    {
      guard: 'patienceIsOver',
      target: 'expired',
      actions: ['recordExpired', 'notifySender', 'rememberOutcome', 'finish'],
    },
    {
      guard: 'isToBeHeld',
      target: 'held',
      actions: ['recordDeferred', 'notifySender', 'rememberDeferral', 'rest'],
    },
    {
      guard: 'isToBeCancelled',
      target: 'cancelled',
      actions: ['recordDeferred', 'notifySender', 'rememberDeferral', 'finish'],
    },
    {
      guard: 'senderIsOwed',
      target: 'waiting',
      actions: ['recordDeferred', 'notifySender', 'rememberDeferral', 'startRetryTimer'],
    },
    { target: 'waiting', actions: ['recordDeferred', 'rememberDeferral', 'startRetryTimer'] },
  ],
  LOST: [
    { guard: 'holdIsNoted', target: 'held', actions: ['recordLost', 'rememberLost', 'rest'] },
    { guard: 'cancelIsNoted', target: 'cancelled', actions: ['recordLost', 'rememberLost', 'finish'] },
    { target: 'waiting', actions: ['recordLost', 'rememberLost', 'startRetryTimer'] },
  ],
  RETRY: { actions: ['recordActUnderWay'] },
  HOLD: [
    { guard: 'nothingIsNoted', actions: ['recordActNoted', 'rememberNoted'] },
    { actions: ['recordActNotedBefore'] },
  ],
  RELEASE: [
    { guard: 'holdIsNoted', actions: ['recordHoldTakenBack', 'rememberNothingNoted'] },
    { actions: ['recordActOutOfPlace'] },
  ],
  CANCEL: [
    { guard: 'noCancelIsNoted', actions: ['recordActNoted', 'rememberNoted', 'breakOff'] },
    { actions: ['recordActNotedBefore'] },
  ],
} as const

const start = {
  target: 'resolving',
  actions: ['rememberAttempt', 'recordAttemptStarted', 'resolve'],
} as const

/** Of a delivery that waits. */
const atRest = {
  START: start,
  POSTPONE: { target: 'waiting', actions: ['rememberPostponed', 'recordPostponed', 'startRetryTimer'] },
  RETRY: { actions: ['rememberDueNow', 'recordRetryRequested', 'startRetryTimer'] },
  HOLD: { target: 'held', actions: ['rememberHeld', 'recordHeld'] },
  CANCEL: { target: 'cancelled', actions: ['recordCancelled', 'finish'] },
} as const

const hostFailed = {
  target: 'connecting',
  actions: ['rememberNotSending', 'recordHostPassedOver', 'connect'],
} as const

export const deliveryMachine = setup({
  types: {} as {
    context: DeliveryContext
    events: DeliveryInput
    emitted: Emitted
    input: { readonly policy: DeliveryPolicy }
  },
  actions,
  guards,
}).createMachine({
  id: 'delivery',
  context: contextOf,
  initial: 'arising',
  states: {
    arising: {
      description: 'A message for this next hop was accepted; the delivery is being written down.',
      on: { QUEUE: { target: 'queued', actions: ['rememberQueued', 'recordQueued', 'startRetryTimer'] } },
    },
    queued: {
      description: 'The mail is ours and has not been tried yet. After a crash it is taken up from here.',
      on: atRest,
    },
    resolving: {
      description:
        'We ask where the mail goes: MX records, or the configured route. Cut off here, nothing was sent.',
      on: { ROUTE: { target: 'connecting', actions: ['recordRoute', 'connect'] }, ...underWay },
    },
    connecting: {
      description:
        'We connect to the hosts of the route, one after the other. Cut off here, nothing was sent.',
      on: {
        CONNECTED: [
          { guard: 'willSecure', target: 'securing', actions: ['recordConnected', 'secure'] },
          { target: 'sending', actions: ['rememberSending', 'recordConnected', 'send'] },
        ],
        HOST_FAILED: { actions: ['recordHostPassedOver', 'connect'] },
        ...underWay,
      },
    },
    securing: {
      description: 'The TLS handshake with the host is under way. Cut off here, nothing was sent.',
      on: {
        SECURED: { target: 'sending', actions: ['rememberSending', 'recordSecured', 'send'] },
        HOST_FAILED: hostFailed,
        ...underWay,
      },
    },
    sending: {
      description:
        'Envelope and content are on their way. Cut off here, the host may have the mail: trying again may bring it twice.',
      on: { HOST_FAILED: hostFailed, ...underWay },
    },
    waiting: {
      description:
        'Tried, and to be tried again at a known time. It holds no memory of the server until then.',
      on: atRest,
    },
    held: {
      description: 'Somebody stopped it; it waits for release or cancel, whatever the time.',
      on: {
        RELEASE: { target: 'waiting', actions: ['rememberDueNow', 'recordReleased', 'startRetryTimer'] },
        CANCEL: { target: 'cancelled', actions: ['recordCancelled', 'finish'] },
      },
    },
    delivered: { description: 'Every recipient’s host took the mail.', type: 'final' },
    failed: {
      description: 'At least one recipient was refused for good; the sender is told.',
      type: 'final',
    },
    expired: {
      description: 'Patience ended before the mail could be delivered; the sender is told.',
      type: 'final',
    },
    cancelled: { description: 'Somebody ended it; nobody is told.', type: 'final' },
  },
  on: {
    RETRY: { actions: ['recordActOutOfPlace'] },
    HOLD: { actions: ['recordActOutOfPlace'] },
    RELEASE: { actions: ['recordActOutOfPlace'] },
    CANCEL: { actions: ['recordActOutOfPlace'] },
  },
})
