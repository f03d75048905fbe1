/** An attempt of a delivery, and what somebody did to it, as people read them. */
import type {
  AttemptFault,
  RecipientOutcome,
  RemoteHost,
  RoutePolicy,
  TlsFacts,
} from '../../machines/vocabulary/events.ts'
import { remoteReplyText } from '../../projections/deliveries.ts'
import { type Tone, toned, visible } from '../cli/terminal.ts'
import type { ActDone, Attempt, HostTried, Postponement } from '../history/attempts.ts'
import { deliveryReasonText } from './delivery-reasons.ts'
import { attemptWhy } from './fates.ts'

/** `mx.example.net [192.0.2.25]:25`. */
export const hostText = ({ name, address, port }: RemoteHost): string =>
  name === address ? `[${address}]:${port}` : `${name} [${address}]:${port}`

/** The host's words once, also where they are the fault's own. */
export const faultText = ({ text, reply }: AttemptFault): string => {
  const said = reply?.own ? reply.enhanced : reply === null ? '' : remoteReplyText(reply)
  return said === '' || text.includes(said) ? text : `${text} (${said})`
}

export const outcomeText = ({ address, result, reply }: RecipientOutcome): string =>
  `<${address}> ${result}${reply === null ? '' : `: ${remoteReplyText(reply)}`}`

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** `in 5 min`, `now`, `2 h ago`. */
export const soon = (milliseconds: number): string => {
  const size = Math.abs(milliseconds)
  const [unit, length] = units.find(([, one]) => size >= one) ?? ['s', 1_000]
  const amount = `${Math.round(size / length)} ${unit}`
  if (size < 1_000) return 'now'
  return milliseconds > 0 ? `in ${amount}` : `${amount} ago`
}

const took = ({ startedAt, endedAt }: Attempt): string =>
  endedAt === null ? '' : ` (${((Date.parse(endedAt) - Date.parse(startedAt)) / 1000).toFixed(1)} s)`

const tones: Readonly<Record<Attempt['result'], Tone>> = {
  delivered: 'good',
  deferred: 'strong',
  failed: 'bad',
  expired: 'bad',
  lost: 'bad',
  active: 'strong',
}

/** Nothing where nobody looked at it. */
const certificateText = ({ certificate }: TlsFacts): string => {
  if (certificate === undefined) return ''
  return certificate === 'valid' ? ', its certificate is valid' : `, its certificate is not (${certificate})`
}

/** A host that was tried. */
export const hostTriedText = ({ host, tls, reused, fault }: HostTried): string => {
  const where = host === null ? 'a host' : hostText(host)
  if (fault !== null) return `${where}: ${faultText(fault)}`
  const secured = tls === null ? 'in clear' : `${tls.version} ${tls.cipher}${certificateText(tls)}`
  return `${where}: ${reused ? 'a connection used before' : 'connected'}, ${secured}`
}

const detail = (title: string, text: string): string => `  ${toned('weak', title.padEnd(9))} ${visible(text)}`

const routeText = ({ kind, hosts }: NonNullable<Attempt['route']>): string =>
  `${kind === 'mx' ? 'MX' : kind}: ${hosts.map(hostText).join(', ')}`

/** What the domain asks of its senders, and what came of that. */
const policyText = ({ id, mode, unmatched = [], fault }: RoutePolicy): string =>
  [
    id === '' ? 'MTA-STS: none' : `MTA-STS: ${mode} (${id})`,
    ...(unmatched.length > 0 ? [`does not name ${unmatched.join(', ')}`] : []),
    ...(fault === undefined ? [] : [fault]),
  ].join('; ')

/** What the fault's own line says is not said again. */
const becauseOf = ({ result, outcomes }: Attempt, reason: string): string =>
  result === 'lost' || result === 'active'
    ? deliveryReasonText(reason)
    : attemptWhy(result, { reason, outcomes, fault: null })

const participles = { hold: 'held', cancel: 'cancelled' } as const

/** What somebody asked for in the middle of an attempt, now that it has ended. */
export const notedText = (act: keyof typeof participles, waits: boolean): string =>
  waits
    ? `${participles[act]} now, as was asked meanwhile`
    : `not ${participles[act]}, as was asked meanwhile: it was over`

const resultLines = (attempt: Attempt): string[] => {
  const { result, reason, fault, outcomes, uncertain, nextAttemptAt, noted } = attempt
  const because = reason === null ? '' : `: ${becauseOf(attempt, reason)}`
  return [
    ...outcomes.map((outcome) => detail(outcome.reply?.own ? 'by us' : 'answer', outcomeText(outcome))),
    ...(fault === null ? [] : [detail('fault', faultText(fault))]),
    ...(uncertain ? [detail('uncertain', 'the host may have the mail already')] : []),
    `  ${toned('weak', 'result'.padEnd(9))} ${toned(tones[result], result)}${visible(because)}`,
    ...(noted === null ? [] : [detail('then', notedText(noted, result === 'deferred' || result === 'lost'))]),
    ...(nextAttemptAt === null ? [] : [detail('next', nextAttemptAt)]),
  ]
}

const attemptText = (attempt: Attempt): string[] => [
  `${toned('strong', `Attempt ${attempt.number}`)}  ${attempt.startedAt}${took(attempt)}  ${toned('weak', visible(attempt.node))}`,
  ...(attempt.route === null ? [] : [detail('route', routeText(attempt.route))]),
  ...(attempt.route?.policy === undefined ? [] : [detail('policy', policyText(attempt.route.policy))]),
  ...attempt.hosts.map((tried) => detail('host', hostTriedText(tried))),
  ...attempt.transcript.map((line) => `    ${visible(line)}`),
  ...resultLines(attempt),
]

/** Of an act in the middle of an attempt. */
const forItsEnd = ({ act, noted }: ActDone): string => {
  if (!noted) return ''
  return act === 'release' ? ': the hold is taken back' : ', for when its attempt has ended'
}

const actText = (done: ActDone): string[] => {
  const { at, act, by, refused } = done
  const why = refused === null ? '' : toned('bad', `  refused: ${visible(deliveryReasonText(refused))}`)
  return [`${toned('strong', visible(act))}  ${at}  by ${visible(by)}${forItsEnd(done)}${why}`]
}

const postponementText = ({ at, nextAttemptAt }: Postponement): string =>
  `put off  ${at}  ${deliveryReasonText('destination-resting')} Next turn ${nextAttemptAt}`

export const attemptLines = (one: Attempt | ActDone | Postponement): string[] => {
  if (one.kind === 'attempt') return attemptText(one)
  return one.kind === 'act' ? actText(one) : [postponementText(one)]
}
