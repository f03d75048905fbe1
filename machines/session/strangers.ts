/** Mail from strangers: what the rules say of it, once its client was examined. Whoever logged in is no stranger. */
import { splitAddress } from '../vocabulary/address.ts'
import type { MessageFindings } from '../vocabulary/findings.ts'
import type { SessionContext } from './context.ts'
import type { Verdict } from './judgements.ts'
import { judgeClient, judgeMessage, refusalBy } from './rules/judge.ts'
import type { Examined, Judgement } from './rules/question.ts'
import type { Rules } from './rules/rules.ts'

export const examinedBy = ({ peer, helo, transaction, findings }: SessionContext): Examined | null =>
  findings && { address: peer.address, helo: helo ?? '', sender: transaction?.sender ?? '', findings }

/** RFC 5321 §4.5.1, RFC 2142 §4: who is refused must be able to ask why. */
const alwaysHeard: ReadonlySet<string> = new Set(['postmaster', 'abuse'])
export const mayAlwaysWriteTo = (recipient: string): boolean =>
  alwaysHeard.has(splitAddress(recipient).local.toLowerCase())

export const refuses = ({ outcome }: Judgement): boolean =>
  outcome === 'greylist' || outcome === 'defer' || outcome === 'refuse'

/** What becomes of a recipient that would be accepted. */
export const judgeStranger = (context: SessionContext, recipient: string, accepted: Verdict): Verdict => {
  const known = examinedBy(context)
  const { rules } = context.policy
  if (known === null || rules === undefined) return accepted
  const judged = judgeClient(known, rules)
  if (judged.by === null) return accepted
  if (!refuses(judged)) return { ...accepted, rule: judged.by.rule } as Verdict
  return mayAlwaysWriteTo(recipient) ? accepted : refusalBy(judged.by, context.session)
}

type OfMail = { readonly client: Judgement; readonly message: Judgement }

/** With the content there is more to know of the client, too: an author on the allow list, say. */
const judgeWhole = (whole: Examined, rules: Rules): OfMail => ({
  client: judgeClient(whole, rules),
  message: judgeMessage(whole, rules),
})

const judgeMail = (context: SessionContext, message: MessageFindings | undefined): OfMail | null => {
  const known = examinedBy(context)
  const { rules } = context.policy
  if (known === null || rules === undefined || message === undefined) return null
  return judgeWhole({ ...known, message }, rules)
}

/** What becomes of content that would be accepted. */
export const judgeStrangersMail = (
  context: SessionContext,
  message: MessageFindings | undefined,
  accepted: Verdict,
): Verdict => {
  const judged = judgeMail(context, message)?.message
  return judged?.by && refuses(judged) ? refusalBy(judged.by, context.session) : accepted
}

/**
 * The rules by which accepted mail belongs into Junk. A client that may write to postmaster only has all of its mail there go
 * the same way.
 */
export const tagsBy = ({ client, message }: OfMail): readonly string[] => {
  const spared = client.by !== null && refuses(client) ? [client.by.rule] : []
  // A list of domains may speak of the client and of its message.
  return [...new Set([...spared, ...client.tags, ...message.tags])]
}

export const tagsOf = (context: SessionContext, message: MessageFindings | undefined): readonly string[] => {
  const judged = judgeMail(context, message)
  return judged === null ? [] : tagsBy(judged)
}
