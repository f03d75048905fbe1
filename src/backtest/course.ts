/** What became of each mail of a session, told from its facts. */

/** How a mail fared. */
export const fates = ['accepted', 'tagged', 'deferred', 'refused'] as const
export type Fate = (typeof fates)[number]

export type Mail = {
  readonly sender: string
  /** Null where it was given up before anything was decided. */
  readonly fate: Fate | null
  /** The rule and the reason code behind it, where there are. */
  readonly rule: string | null
  readonly reason: string | null
  /** The message's id, once there was content. */
  readonly message: string | null
}

type Data = Readonly<Record<string, unknown>>
type Told = Pick<Mail, 'fate' | 'rule' | 'reason'>

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const fateOf = ({ code }: Data): Fate => (Number(code) >= 500 ? 'refused' : 'deferred')
const refusal = (data: Data): Told => ({
  fate: fateOf(data),
  rule: textOf(data.rule),
  reason: textOf(data.reason),
})
const undecided: Told = { fate: null, rule: null, reason: null }

/** Recipients that are not here are refused whatever the rules say: what a rule said tells of the mail. */
const weight = ({ rule, fate }: Told): number => (rule === null ? 0 : 2) + (fate === 'refused' ? 1 : 0)

const tooMuch = /^too-many-/

/** Follows the facts of one mail. */
export class Course {
  readonly #sender: string
  #recipients = 0
  /** What weighs most of what was said to recipients. */
  #refusal: Told | null = null
  #ended: Mail | null = null

  constructor(sender: string) {
    this.#sender = sender
  }

  /** As it stands. */
  get mail(): Mail {
    return this.#ended ?? this.#as(this.#recipients === 0 ? (this.#refusal ?? undecided) : undecided, null)
  }

  /** For a reason that is no rule of the policy. */
  get isRefusedAnyway(): boolean {
    const { fate, rule } = this.mail
    return (fate === 'refused' || fate === 'deferred') && rule === null
  }

  take(type: string, data: Data): void {
    if (this.#ended !== null) return
    if (type === 'RecipientAccepted') this.#recipients += 1
    else if (type === 'RecipientRefused' || type === 'SenderRefused') this.#refuse(refusal(data))
    else if (type === 'MessageRefused') this.#ended = this.#as(refusal(data), textOf(data.message))
    else if (type === 'MessageAccepted') this.#accept(data)
    else if (type === 'SessionClosed' && tooMuch.test(String(data.reason))) this.cutOff(String(data.reason))
  }

  /** We ended the session with the mail under way. */
  cutOff(reason: string): void {
    if (this.mail.fate === null) this.#ended = this.#as({ fate: 'deferred', rule: null, reason }, null)
  }

  #refuse(told: Told): void {
    if (this.#refusal === null || weight(told) >= weight(this.#refusal)) this.#refusal = told
  }

  #accept({ tags, message }: Data): void {
    const rule = Array.isArray(tags) ? textOf(tags[0]) : null
    const fate = rule === null ? 'accepted' : 'tagged'
    this.#ended = this.#as({ fate, rule, reason: null }, textOf(message))
  }

  #as({ fate, rule, reason }: Told, message: string | null): Mail {
    return { sender: this.#sender, fate, rule, reason, message }
  }
}
