/** Rules of the policy in words: which one it was, and what it speaks about. */
import type { ByRule } from '../../machines/vocabulary/events.ts'
import { reasonOfRule, ruleReasons } from '../../machines/vocabulary/rule-reasons.ts'

/** ` Rule spf.fail: example.net`, to follow a sentence; '' where no rule of the policy decided. */
export const byRule = ({ rule, about }: ByRule): string =>
  rule === undefined ? '' : ` Rule ${ruleText({ rule, about })}`

/** `spf.fail: example.net` */
export const ruleText = ({
  rule = '',
  about,
}: {
  readonly rule?: string | undefined
  readonly about?: string | undefined
}): string => (about === undefined ? rule : `${rule}: ${about}`)

/** Of a rule that spoke of a client and refused nothing: it lets in, or its mail is Junk. */
export const clientRuleText = (rule: string): string =>
  rule.startsWith('allow.') ? `Let past all other rules by ${rule}.` : `The rule ${rule} spoke of the client.`

/** `spf.fail: The SPF record of the sender’s domain forbids the peer.` */
export const tagText = (rule: string): string => {
  const reason = reasonOfRule(rule)
  return reason === null ? rule : `${rule}: ${ruleReasons[reason].us}`
}
