/**
 * What the rules ask about rates. Of a sender's domain the messages that it vouches for have a share of their own, which nobody uses
 * up who only writes its name. SPF is known before the first recipient is judged; whether DKIM vouches, when the content is there.
 */
import type { RateCount } from '../../vocabulary/findings.ts'
import { type Examined, type Question, question } from './question.ts'
import type { RateRule } from './rules.ts'
import { dkimVouches } from './vouching.ts'

/** As durations are written in the policy: `1m`, `90s`. */
const span = (milliseconds: number): string => {
  const [unit, of] = units.find(([, size]) => milliseconds % size === 0) ?? ['ms', 1]
  return `${milliseconds / of}${unit}`
}
const units: readonly (readonly [unit: string, milliseconds: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
]

const nameOf = ({ of, messages, per }: RateRule): string => `rates ${of} ${messages}/${span(per)}`
const countFor = ({ of, per }: RateRule, { findings }: Examined): RateCount | undefined =>
  findings.rates?.find((rate) => rate.of === of && rate.per === per)
/** A stranger has no account, and the null sender no domain: there is nobody to count. */
const isNobody = ({ of }: RateRule, { sender }: Examined): boolean =>
  of === 'account' || (of === 'senderDomain' && sender === '')

const own = (messages: number, { subject }: RateCount): string => `${messages} from ${subject}`
const forged = (messages: number, { subject }: RateCount): string =>
  `${messages} in the name of ${subject}, which does not vouch for them`

/** What is too much, whether DKIM vouches for it or not. */
const ofClient = (rule: RateRule): Question =>
  question(nameOf(rule), 'rate-exceeded', rule.on, (examined) => {
    if (isNobody(rule, examined)) return null
    const count = countFor(rule, examined)
    if (count === undefined) return undefined
    const { messages, vouched, ifVouched = 0 } = count
    if (messages <= rule.messages || (vouched === false && ifVouched <= rule.messages)) return null
    return vouched === false ? forged(messages, count) : own(messages, count)
  })

/** What is too much only if DKIM vouches for it, or only if not. */
const ofMessage = (rule: RateRule): Question =>
  question(nameOf(rule), 'rate-exceeded', rule.on, (examined) => {
    const count = countFor(rule, examined)
    if (count?.vouched !== false || examined.sender === '') return null
    const { messages, ifVouched = 0, subject } = count
    if (messages > rule.messages === ifVouched > rule.messages) return null
    const dkim = examined.message?.dkim
    if (dkim === undefined) return undefined
    if (dkimVouches(dkim, subject)) return ifVouched > rule.messages ? own(ifVouched, count) : null
    return messages > rule.messages ? forged(messages, count) : null
  })

export const clientRates = (rates: readonly RateRule[]): readonly Question[] => rates.map(ofClient)
export const messageRates = (rates: readonly RateRule[]): readonly Question[] =>
  rates.filter(({ of }) => of === 'senderDomain').map(ofMessage)
