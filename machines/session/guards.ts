/** The questions the session machine asks, by name. Each looks at a judgement; none decides anything itself. */
import type { SessionContext } from './context.ts'
import { mayRoute, speaker } from './context.ts'
import { type Door, type InputOf, type SessionInput, type SilentDoor, silentDoors } from './inputs.ts'
import {
  judgeContent,
  judgeLogin,
  judgeRecipient,
  judgeSender,
  judgeStartTls,
  type Verdict,
} from './judgements.ts'
import { judgeStranger, judgeStrangersMail, tagsOf as tagsOfMail } from './strangers.ts'

export type Told = { readonly context: SessionContext; readonly event: SessionInput }

/** The event as the one its transition is for; anything else is a fault in the machine. */
export const told = <Type extends SessionInput['type']>(event: SessionInput, type: Type): InputOf<Type> => {
  if (event.type !== type) throw new Error(`an action for ${type} was run for ${event.type}`)
  return event as InputOf<Type>
}

export const senderVerdict = ({ context, event }: Told): Verdict => {
  const { sender, size, requiretls, route } = told(event, 'MAIL')
  const asked = { sender, size, requiretls, route, mayRoute: mayRoute(context) }
  return judgeSender({ ...speaker(context), ...asked }, context.policy)
}
/** Guards, the fact and the reply all ask for one verdict: it is worked out once. */
const once = (judge: (asked: Told) => Verdict): ((asked: Told) => Verdict) => {
  let last: (Told & { readonly verdict: Verdict }) | null = null
  return ({ context, event }) => {
    if (last?.context !== context || last.event !== event)
      last = { context, event, verdict: judge({ context, event }) }
    return last.verdict
  }
}

export const recipientVerdict = once(({ context, event }) => {
  const { recipient, place } = told(event, 'RCPT')
  const smtputf8 = context.transaction?.smtputf8 === true
  const recipients = context.recipients.length
  const { user, policy } = context
  const route = context.transaction?.route
  const verdict = judgeRecipient({ recipient, place, user, smtputf8, recipients, route }, policy)
  return verdict.kind === 'accept' ? judgeStranger(context, recipient, verdict) : verdict
})
const aliasesOf = ({ recipients }: SessionContext): readonly string[] =>
  recipients.flatMap(({ alias }) => (alias === undefined ? [] : [alias]))
export const contentVerdict = once(({ context, event }) => {
  const content = told(event, 'CONTENT')
  const verdict = judgeContent({ ...speaker(context), aliases: aliasesOf(context), content }, context.policy)
  return verdict.kind === 'accept' ? judgeStrangersMail(context, content.authentication, verdict) : verdict
})
/** Rules that say the mail belongs into Junk. */
export const tagsOf = ({ context, event }: Told): readonly string[] =>
  tagsOfMail(context, told(event, 'CONTENT').authentication)
export const loginVerdict = ({ context, event }: Told): Verdict =>
  judgeLogin(
    { ...speaker(context), mechanism: told(event, 'AUTH').mechanism, extended: context.extended },
    context.policy,
  )
export const tlsVerdict = ({ context }: Told): Verdict =>
  judgeStartTls({ secure: context.tls !== null }, context.policy)

const lastError = ({ errors, policy }: SessionContext): boolean => errors + 1 >= policy.limits.errors
const refused = (verdict: Verdict): boolean => verdict.kind === 'refuse'

const renameRefused = ({ context, event }: Told): boolean =>
  !context.trusted || told(event, 'XCLIENT').renamed === null

export const isSilent = (door: Door): door is SilentDoor => silentDoors.some((silent) => silent === door)

/** Recipients beyond the limit are no fault of the client's up to here (RFC 5321 §4.5.3.1.10). */
const overshootAllowed = 1000
const isOvershoot = (verdict: Verdict): boolean => verdict.reason === 'too-many-recipients'

export const guards = {
  doorSilent: ({ event }: Told): boolean => isSilent(told(event, 'OPEN').door),
  doorClosed: ({ event }: Told): boolean => told(event, 'OPEN').door !== 'open',
  errorsExhausted: ({ context }: Told): boolean => lastError(context),
  errorsSpent: ({ context }: Told): boolean => context.errors >= context.policy.limits.errors,
  idleCommandsExhausted: ({ context }: Told): boolean =>
    context.idleCommands + 1 >= context.policy.limits.idleCommands,
  loginsExhausted: ({ context }: Told): boolean =>
    context.loginFailures + 1 >= context.policy.limits.loginFailures,
  messagesExhausted: ({ context }: Told): boolean => context.messages >= context.policy.limits.messages,
  credentialsOk: ({ event }: Told): boolean => told(event, 'CREDENTIALS').verdict === 'ok',
  tlsRefused: (asked: Told): boolean => refused(tlsVerdict(asked)),
  loginRefused: (asked: Told): boolean => refused(loginVerdict(asked)),
  renameRefused,
  senderRefused: (asked: Told): boolean => refused(senderVerdict(asked)),
  recipientRefused: (asked: Told): boolean => refused(recipientVerdict(asked)),
  recipientOverTheLimit: (asked: Told): boolean =>
    isOvershoot(recipientVerdict(asked)) && asked.context.overshoot < overshootAllowed,
  recipientDropsLine: (asked: Told): boolean => recipientVerdict(asked).kind === 'drop',
  contentRefused: (asked: Told): boolean => refused(contentVerdict(asked)),
  tlsRefusedOnceTooOften: (asked: Told): boolean => lastError(asked.context) && refused(tlsVerdict(asked)),
  renameRefusedOnceTooOften: (asked: Told): boolean => lastError(asked.context) && renameRefused(asked),
  loginRefusedOnceTooOften: (asked: Told): boolean =>
    lastError(asked.context) && refused(loginVerdict(asked)),
  senderRefusedOnceTooOften: (asked: Told): boolean =>
    lastError(asked.context) && refused(senderVerdict(asked)),
  recipientRefusedOnceTooOften: (asked: Told): boolean =>
    lastError(asked.context) && refused(recipientVerdict(asked)),
}
