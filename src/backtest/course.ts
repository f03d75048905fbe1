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

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const fateOf = ({ code }: Data): Fate => (Number(code) >= 500 ? 'refused' : 'deferred')

/** Follows the facts of one session, mail by mail. */
export class Course {
  #sender = ''
  #isOpen = false
  #recipients = 0
  /** The strongest that was said to a recipient, where none was accepted. */
  #refusal: Pick<Mail, 'fate' | 'rule' | 'reason'> | null = null
  #ended: Mail | null = null

  /** The mail that is under way, as it stands. */
  get mail(): Mail {
    if (this.#ended !== null) return this.#ended
    const none = { fate: null, rule: null, reason: null }
    const standing = this.#recipients === 0 ? (this.#refusal ?? none) : none
    return { sender: this.#sender, message: null, ...standing }
  }

  begin(sender: string): void {
    this.#sender = sender
    this.#isOpen = true
    this.#recipients = 0
    this.#refusal = null
    this.#ended = null
  }

  take(type: string, data: Data): void {
    if (!this.#isOpen || this.#ended !== null) return
    if (type === 'RecipientAccepted') this.#recipients += 1
    else if (type === 'RecipientRefused' || type === 'SenderRefused') this.#refuse(data)
    else if (type === 'MessageRefused') this.#end(fateOf(data), data)
    else if (type === 'MessageAccepted') this.#accept(data)
    else if (type === 'SessionClosed' && this.#wasThrownOut(data)) this.#end('deferred', data)
  }

  /** Nothing more comes of it: the session ended before it could be said. */
  cutOff(reason: string): void {
    if (this.#ended === null) this.#end('deferred', { reason })
  }

  #refuse(data: Data): void {
    const fate = fateOf(data)
    if (this.#refusal?.fate === 'refused' && fate !== 'refused') return
    this.#refusal = { fate, rule: textOf(data.rule), reason: textOf(data.reason) }
  }

  #accept(data: Data): void {
    const tags = Array.isArray(data.tags) ? data.tags : []
    this.#end(tags.length > 0 ? 'tagged' : 'accepted', { ...data, rule: tags[0], reason: null })
  }

  #end(fate: Fate, { rule, reason, message }: Data): void {
    const told = { rule: textOf(rule), reason: textOf(reason), message: textOf(message) }
    this.#ended = { sender: this.#sender, fate, ...told }
  }

  /** By us, with mail under way. */
  #wasThrownOut({ reason }: Data): boolean {
    return typeof reason === 'string' && reason.startsWith('too-many-') && this.#refusal === null
  }
}
