/**
 * What the session machine does, by name: `remember…`, `forget…`, `count…` change the context, `record…` states the one
 * fact of a transition, `reply…` and the rest name effects. All are data; the host performs them after the append.
 */
import { plainly } from '../plain.ts'
import type { FactName, Facts } from '../vocabulary/events.ts'
import type { EffectEmitted, FactEmitted, ReplyEffect } from '../vocabulary/machine.ts'
import type { RefusalName } from '../vocabulary/reasons.ts'
import { givenAddresses, recipientsFor } from '../vocabulary/recipients.ts'
import { placeUnder } from '../vocabulary/xroute.ts'
import { type SessionContext, traceOf } from './context.ts'
import {
  contentVerdict,
  isSilent,
  loginVerdict,
  recipientVerdict,
  senderVerdict,
  type Told,
  tagsOf,
  tlsVerdict,
  told,
} from './guards.ts'
import type { SessionInput } from './inputs.ts'
import { type RefusedVerdict, refuse, type Verdict } from './judgements.ts'
import * as say from './replies.ts'

// One action changes the context or says something.
const { remember, say: saying } = plainly<SessionContext, SessionInput>()
const record = <Name extends FactName>(name: Name, data: (asked: Told) => Facts[Name]) =>
  saying((asked): FactEmitted => ({ type: 'fact', name, data: data(asked) }))
const effect = (name: string) => {
  const effected = { type: 'effect', name } as const
  return saying(() => effected)
}
const replying = (reply: (asked: Told) => ReplyEffect) => saying(reply)
const replyingRefusal = (name: RefusalName) => {
  const reply = say.refusalReply(refuse(name))
  return replying(() => reply)
}

/** What a fact's data begins with: the input's payload, under the same keys (see `MachineModule.inputs`). */
const payload = <Input extends SessionInput>(event: Input): Omit<Input, 'type'> => {
  const { type: _, ...rest } = event
  return rest
}

const refusedVerdict = (verdict: Verdict): RefusedVerdict => {
  if (verdict.kind !== 'refuse')
    throw new Error(`a refusal was recorded for what is no refusal: ${verdict.reason}`)
  return verdict
}
const because = (verdict: Verdict) => {
  const { code, enhanced, reason, rule, about } = refusedVerdict(verdict)
  return {
    code,
    enhanced,
    reason,
    ...(rule !== undefined && { rule }),
    ...(about !== undefined && { about }),
  }
}
const allowedBecause = (verdict: Verdict) => ({
  reason: verdict.reason,
  ...(verdict.kind === 'accept' && verdict.rule !== undefined && { rule: verdict.rule }),
})

/** Where in the dialogue a session is, told from what it remembers. */
const stage = ({ peer, helo, mechanism, transaction, recipients }: SessionContext): string => {
  if (peer.address === '') return 'arriving'
  if (mechanism !== null) return 'authenticating'
  if (recipients.length > 0) return 'addressed'
  if (transaction !== null) return 'addressing'
  return helo === null ? 'greeted' : 'identified'
}
const recordClosed = (reason: string, during: (context: SessionContext) => string = stage) =>
  record('SessionClosed', ({ context, event }) => ({
    ...payload(event),
    reason,
    during: during(context),
    messages: context.messages,
  }))
const inContent = (): string => 'receiving'

const recordRefusedCommand = (verdict: (asked: Told) => Verdict) =>
  record('CommandRefused', (asked) => ({
    ...payload(asked.event),
    command: asked.event.type,
    ...because(verdict(asked)),
  }))

/** RFC 5321 §4.1.4, with a word on what would be in order. */
const disorder = ({ context, event }: Told): RefusedVerdict => {
  if (context.helo === null) return refuse('hello-first')
  if (event.type === 'MAIL' && context.transaction !== null) return refuse('mail-given')
  if ((event.type === 'RCPT' || event.type === 'DATA') && context.transaction === null)
    return refuse('mail-first')
  return refuse(event.type === 'DATA' ? 'recipient-first' : 'out-of-order')
}

const renameVerdict = ({ context }: Told): Verdict =>
  refuse(context.trusted ? 'rename-malformed' : 'rename-not-allowed')

const noTransaction = { transaction: null, recipients: [], findings: null } as const

const remembering = {
  rememberOpening: remember(({ event }) => {
    const { peer, trusted, tls } = told(event, 'OPEN')
    return { peer, trusted, tls }
  }),
  rememberHello: remember(({ context, event }) => ({
    helo: told(event, 'HELO').helo,
    extended: false,
    idleCommands: context.idleCommands + 1,
    ...noTransaction,
  })),
  rememberExtendedHello: remember(({ context, event }) => ({
    helo: told(event, 'EHLO').helo,
    extended: true,
    idleCommands: context.idleCommands + 1,
    ...noTransaction,
  })),
  // RFC 3207 §4.2: what was said before the handshake is forgotten.
  rememberTls: remember(({ event }) => ({
    tls: told(event, 'SECURED').tls,
    helo: null,
    extended: false,
    user: null,
    addresses: [],
    ...noTransaction,
  })),
  rememberMechanism: remember(({ event }) => ({ mechanism: told(event, 'AUTH').mechanism })),
  rememberUser: remember(({ event }) => {
    const { user, addresses } = told(event, 'CREDENTIALS')
    return { user, addresses, mechanism: null }
  }),
  rememberRename: remember(({ context, event }) => {
    const renamed = told(event, 'XCLIENT').renamed
    if (renamed === null) return {}
    const { peer, helo, user, addresses } = renamed
    return {
      peer,
      helo,
      extended: helo === null ? false : context.extended,
      user,
      addresses,
      ...noTransaction,
    }
  }),
  rememberSender: remember(({ event }) => ({ transaction: payload(told(event, 'MAIL')) })),
  rememberFindings: remember(({ event }) => {
    const { session, ...findings } = payload(told(event, 'EXAMINED'))
    return { session, findings }
  }),
  rememberRecipient: remember(({ context, event }) => {
    const { recipient, place, ...asked } = told(event, 'RCPT')
    const under = placeUnder(context.transaction?.route, { recipient, place })
    return { recipients: [...context.recipients, ...recipientsFor(recipient, under, asked)] }
  }),
  forgetTransaction: remember(({ context }) => ({
    ...noTransaction,
    idleCommands: context.idleCommands + 1,
  })),
  forgetRefusedTransaction: remember(({ context }) => ({ ...noTransaction, errors: context.errors + 1 })),
  forgetAcceptedTransaction: remember(({ context }) => ({
    ...noTransaction,
    messages: context.messages + 1,
    errors: 0,
    idleCommands: 0,
    overshoot: 0,
  })),
  countError: remember(({ context }) => ({ errors: context.errors + 1 })),
  countOvershoot: remember(({ context }) => ({ overshoot: context.overshoot + 1 })),
  countIdleCommand: remember(({ context }) => ({ idleCommands: context.idleCommands + 1 })),
  countLoginFailure: remember(({ context }) => ({
    loginFailures: context.loginFailures + 1,
    mechanism: null,
  })),
}

const recording = {
  recordSessionOpened: record('SessionOpened', ({ event }) => payload(told(event, 'OPEN'))),
  recordClientIdentified: record('ClientIdentified', ({ event }) => ({
    helo: event.type === 'HELO' ? event.helo : told(event, 'EHLO').helo,
    extended: event.type === 'EHLO',
  })),
  recordClientRenamed: record('ClientRenamed', ({ event }) => {
    const { argument, renamed } = told(event, 'XCLIENT')
    return { argument, renamed: renamed! }
  }),
  recordTlsRequested: record('TlsRequested', () => ({})),
  recordTlsStarted: record('TlsStarted', ({ event }) => payload(told(event, 'SECURED'))),
  recordAuthenticationStarted: record('AuthenticationStarted', ({ event }) => ({
    mechanism: told(event, 'AUTH').mechanism,
  })),
  recordClientAuthenticated: record('ClientAuthenticated', ({ context, event }) => {
    const { verdict, user, addresses } = told(event, 'CREDENTIALS')
    return { verdict, user: user ?? '', addresses, mechanism: context.mechanism ?? '' }
  }),
  recordAuthenticationFailed: record('AuthenticationFailed', ({ context, event }) => {
    const { verdict, user, addresses } = told(event, 'CREDENTIALS')
    return { verdict, user, addresses, mechanism: context.mechanism ?? '', reason: verdict }
  }),
  recordSenderAccepted: record('SenderAccepted', ({ event }) => payload(told(event, 'MAIL'))),
  recordSenderRefused: record('SenderRefused', (asked) => ({
    ...payload(told(asked.event, 'MAIL')),
    ...because(senderVerdict(asked)),
  })),
  recordClientExamined: record('ClientExamined', ({ event }) => payload(told(event, 'EXAMINED'))),
  recordRecipientAccepted: record('RecipientAccepted', (asked) => ({
    ...payload(told(asked.event, 'RCPT')),
    ...allowedBecause(recipientVerdict(asked)),
  })),
  recordRecipientRefused: record('RecipientRefused', (asked) => ({
    ...payload(told(asked.event, 'RCPT')),
    ...because(recipientVerdict(asked)),
  })),
  recordContentStarted: record('ContentStarted', () => ({})),
  recordMessageAccepted: record('MessageAccepted', (asked) => {
    const { context, event } = asked
    const { size: _, ...transaction } = {
      size: 0,
      ...context.transaction,
      sender: context.transaction?.sender ?? '',
    }
    return {
      ...payload(told(event, 'CONTENT')),
      ...transaction,
      user: context.user,
      recipients: context.recipients,
      ...strangerFacts(asked),
      trace: traceOf(context),
    }
  }),
  recordMessageRefused: record('MessageRefused', (asked) => ({
    ...payload(told(asked.event, 'CONTENT')),
    ...envelope(asked.context),
    ...because(contentVerdict(asked)),
  })),
  recordMessageLost: record('MessageRefused', ({ context, event }) => {
    const lost = told(event, 'CONTENT_LOST')
    return { ...payload(lost), ...envelope(context), ...because(refuse(lost.fault)) }
  }),
  recordTransactionReset: record('TransactionReset', () => ({})),
  recordCommandAnswered: record('CommandAnswered', ({ event }) => ({
    argument: argumentOf(event),
    command: event.type,
  })),
  recordFault: record('CommandRefused', ({ event }) => {
    const { command, fault } = faulty(event)
    const { code, enhanced } = say.faultReply(faulty(event))
    return { command, fault, code, enhanced, reason: fault }
  }),
  recordTlsRefused: recordRefusedCommand(tlsVerdict),
  recordLoginRefused: recordRefusedCommand(loginVerdict),
  recordRenameRefused: recordRefusedCommand(renameVerdict),
  recordOutOfOrder: recordRefusedCommand(disorder),
}

const envelope = ({ transaction, recipients }: SessionContext) => ({
  sender: transaction?.sender ?? '',
  recipients: givenAddresses(recipients),
})
/** Of a stranger's mail: what its reader is told of the sender, and why it is Junk if it is. */
const strangerFacts = (asked: Told) => {
  const { findings } = asked.context
  if (findings === null) return {}
  const { spf, reverseName } = findings
  const tags = tagsOf(asked)
  return {
    examined: { ...(spf && { spf }), ...(reverseName && { reverseName }) },
    ...(tags.length > 0 && { tags }),
  }
}
const argumentOf = (event: SessionInput): string => ('argument' in event ? event.argument : '')
const faulty = (event: SessionInput) => (event.type === 'UNKNOWN' ? event : told(event, 'MALFORMED'))

const ending = {
  recordTlsFailed: recordClosed('tls-failed', () => 'securing'),
  recordMagicDrop: recordClosed('magic-drop'),
  recordTooManyErrors: recordClosed('too-many-errors'),
  recordTooManyIdleCommands: recordClosed('too-many-idle-commands'),
  recordTooManyLoginFailures: recordClosed('too-many-login-failures'),
  recordTooManyMessages: recordClosed('too-many-messages'),
  recordNotSmtp: recordClosed('not-smtp'),
  recordEndlessLine: recordClosed('endless-line'),
  recordQuit: recordClosed('quit'),
  recordTimeout: recordClosed('timeout'),
  recordTimeoutInContent: recordClosed('timeout', inContent),
  recordDisconnected: recordClosed('disconnected'),
  recordDisconnectedInContent: recordClosed('disconnected', inContent),
  recordCutOff: recordClosed('cut-off'),
  recordCutOffInContent: recordClosed('cut-off', inContent),
  recordShutdown: recordClosed('shutting-down'),
  recordShutdownInContent: recordClosed('shutting-down', inContent),
}

const speaking = {
  replyGreeting: replying(({ context }) => say.greeting(context)),
  replyDoorClosed: replying(({ event }) => {
    const { door } = told(event, 'OPEN')
    return say.refusalReply(refuse(door === 'open' || isSilent(door) ? 'log-not-keeping-up' : door))
  }),
  replyHello: replying(({ context }) => say.hello(context)),
  replyExtendedHello: replying(({ context }) => say.extendedHello(context)),
  replyReadyForTls: replying(() => say.readyForTls),
  replyLoggedIn: replying(() => say.loggedIn),
  replyAuthenticationFailed: replying(({ event }) => {
    const { verdict } = told(event, 'CREDENTIALS')
    return say.refusalReply(refuse(verdict === 'ok' ? 'login-unavailable' : verdict))
  }),
  replySenderOk: replying(() => say.senderOk),
  replySenderRefused: replying((asked) => say.refusalReply(refusedVerdict(senderVerdict(asked)))),
  replyRecipientOk: replying((asked) => {
    const verdict = recipientVerdict(asked)
    return verdict.kind === 'accept' && verdict.delay
      ? { ...say.recipientOk, delay: verdict.delay }
      : say.recipientOk
  }),
  replyRecipientRefused: replying((asked) => say.refusalReply(refusedVerdict(recipientVerdict(asked)))),
  replySendContent: replying(() => say.sendContent),
  replyStored: replying(({ event }) => say.stored(told(event, 'CONTENT').message)),
  replyContentRefused: replying((asked) => say.refusalReply(refusedVerdict(contentVerdict(asked)))),
  replyContentLost: replying(({ event }) => say.refusalReply(refuse(told(event, 'CONTENT_LOST').fault))),
  replyReset: replying(() => say.resetDone),
  replyAnswer: replying(({ event }) => say.answerTo(event.type)),
  replyGoodbye: replying(() => say.goodbye),
  replyFault: replying(({ event }) => say.faultReply(faulty(event))),
  replyTlsRefused: replying((asked) => say.refusalReply(refusedVerdict(tlsVerdict(asked)))),
  replyLoginRefused: replying((asked) => say.refusalReply(refusedVerdict(loginVerdict(asked)))),
  replyRenameRefused: replying((asked) => say.refusalReply(refusedVerdict(renameVerdict(asked)))),
  replyOutOfOrder: replying((asked) => say.refusalReply(disorder(asked))),
  replyTooManyErrors: replyingRefusal('too-many-errors'),
  replyTooManyIdleCommands: replyingRefusal('too-many-idle-commands'),
  replyTooManyLoginFailures: replyingRefusal('too-many-login-failures'),
  replyTooManyMessages: replyingRefusal('too-many-messages'),
  replyNotSmtp: replyingRefusal('not-smtp'),
  replyEndlessLine: replyingRefusal('endless-line'),
  replyTimeout: replyingRefusal('timeout'),
  replyShutdown: replyingRefusal('shutting-down'),
}

const doing = {
  startTls: effect('startTls'),
  collectCredentials: saying(
    ({ event }): EffectEmitted => ({
      type: 'effect',
      name: 'collectCredentials',
      mechanism: told(event, 'AUTH').mechanism,
    }),
  ),
  receiveContent: effect('receiveContent'),
  close: effect('close'),
  dropLine: effect('dropLine'),
}

export const actions = { ...remembering, ...recording, ...ending, ...speaking, ...doing }
