/** Every state of the delivery machine and every transition of it, walked. */
import type { AnyMachineSnapshot } from 'xstate'
import type { DeliveryContext } from '../../machines/delivery/context.ts'
import { delivery } from '../../machines/delivery/index.ts'
import type { DeliveryInput } from '../../machines/delivery/inputs.ts'
import type { DeliveryPolicy } from '../../machines/delivery/policy.ts'
import type { AttemptFault, RecipientOutcome, RemoteHost } from '../../machines/vocabulary/events.ts'
import { walk } from './walk.ts'

const minute = 60_000
const policy: DeliveryPolicy = {
  retry: [5 * minute, 30 * minute],
  giveUpAfter: 600 * minute,
  warnAfter: 60 * minute,
}
const begun = 1_800_000_000_000
const host: RemoteHost = { name: 'mx.example.net', address: '192.0.2.1', port: 25 }
const fault: AttemptFault = {
  kind: 'timeout',
  during: 'MAIL',
  text: 'nothing was heard for 5 minutes',
  reply: null,
  temporary: true,
}
const outcome = (address: string, result: RecipientOutcome['result']): RecipientOutcome => ({
  address,
  result,
  reply: { code: result === 'failed' ? 550 : 250, enhanced: '', text: 'x', command: 'RCPT' },
})
const ended = (
  outcomes: readonly RecipientOutcome[],
  more: { readonly endedAt?: number; readonly fault?: AttemptFault } = {},
): DeliveryInput => ({
  type: 'ATTEMPT_ENDED',
  endedAt: more.endedAt ?? begun + minute,
  outcomes,
  fault: more.fault ?? null,
  uncertain: false,
  answered: more.fault === undefined,
})
const by = { actedAt: begun + minute, by: 'operator' }

const inputs: readonly DeliveryInput[] = [
  {
    type: 'QUEUE',
    message: 'm1',
    sender: 'ann@example.org',
    nextHop: 'example.net',
    recipients: [{ address: 'bob@example.net' }, { address: 'eve@example.net', notify: ['NEVER'] }],
    size: 10,
    prefix: '',
    acceptedAt: begun,
    node: 'mx',
    policy: 'abc',
  },
  { type: 'START', startedAt: begun, destination: 'example.net', node: 'mx', leaseUntil: begun + minute },
  { type: 'POSTPONE', postponedAt: begun, destination: 'example.net', restingUntil: begun + minute },
  { type: 'ROUTE', route: { kind: 'mx', protocol: 'smtp', tls: 'opportunistic', hosts: [host] } },
  ...[true, false].map(
    (securing): DeliveryInput => ({
      type: 'CONNECTED',
      host,
      greeting: '220 hello',
      extensions: [],
      reused: false,
      securing,
      tls: null,
    }),
  ),
  { type: 'SECURED', tls: { version: 'TLSv1.3', cipher: 'x', servername: null }, extensions: [] },
  { type: 'HOST_FAILED', host, fault },
  ended([outcome('bob@example.net', 'delivered'), outcome('eve@example.net', 'delivered')]),
  ended([outcome('bob@example.net', 'delivered'), outcome('eve@example.net', 'deferred')]),
  ended([outcome('bob@example.net', 'delivered'), outcome('eve@example.net', 'failed')]),
  ended([outcome('eve@example.net', 'delivered')], { fault }),
  ended([], { fault }),
  ended([], { fault: { ...fault, temporary: false } }),
  ended([], { fault, endedAt: begun + 2 * policy.warnAfter }),
  ended([], { fault, endedAt: begun + policy.giveUpAfter }),
  { type: 'LOST', foundAt: begun + minute, crashed: false },
  { type: 'LOST', foundAt: begun + minute, crashed: true },
  { type: 'RETRY', ...by },
  { type: 'HOLD', ...by },
  { type: 'RELEASE', ...by },
  { type: 'CANCEL', ...by },
]

const deciding = ({ value, context }: AnyMachineSnapshot): string => {
  const { recipients, attempts, warned, sending, noted } = context as DeliveryContext
  const standings = recipients.map(({ status }) => status)
  return [value, ...standings, Math.min(attempts, 2), warned, sending, noted?.act].join(' ')
}

walk({
  module: delivery,
  policy,
  inputs,
  deciding,
  effects: ['resolve', 'connect', 'secure', 'send', 'startTimer', 'notify', 'breakOff', 'rest', 'finish'],
  mayIgnore: true,
})
