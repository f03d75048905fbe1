/** One message over a connection: MAIL, RCPT, DATA, content, and what the host made of each recipient. */
import type {
  DeliveryRecipient,
  RecipientOutcome,
  RemoteReply,
  TlsFacts,
} from '../../../machines/vocabulary/events.ts'
import { type Envelope, HostFailed, type Sent } from '../port.ts'
import { type Heard, remembered } from './awaited.ts'
import { emptyContent } from './content.ts'
import type { Dialogue } from './dialogue.ts'
import { envelopeRefusal, mailLine, rcptLine, recipientRefusal } from './envelope.ts'
import { quoted } from './faults.ts'
import { type Extensions, isNo, isYes } from './hello.ts'
import { Outpour } from './outpour.ts'
import type { Patience } from './patience.ts'
import { type Step, together, turnByTurn } from './steps.ts'

export type Setting = {
  readonly dialogue: Dialogue
  readonly protocol: 'smtp' | 'lmtp'
  readonly extensions: Extensions
  readonly tls: TlsFacts | null
  readonly patience: Patience
  /** The transaction before this one was refused: RSET comes first. */
  readonly resetting: boolean
}

const resultOf = ({ code }: RemoteReply): RecipientOutcome['result'] => {
  if (isYes({ code })) return 'delivered'
  return code < 500 ? 'deferred' : 'failed'
}

export class Transaction {
  readonly #setting: Setting
  readonly #envelope: Envelope
  readonly #outcomes = new Map<string, RecipientOutcome>()
  /** Written to the host and not refused. */
  #accepted: DeliveryRecipient[] = []
  readonly #outpour: Outpour
  /** The host heard of it. */
  spoke = false
  /** The host took it whole; nothing of it is left there. */
  isClean = false

  constructor(setting: Setting, envelope: Envelope) {
    this.#setting = setting
    this.#envelope = envelope
    this.#outpour = new Outpour(setting.dialogue, setting.patience)
  }

  /** Never throws for what a host does. */
  async run(content: AsyncIterable<Uint8Array>): Promise<Sent> {
    const recipients = this.#judgeBefore()
    if (recipients.length === 0) return this.#sent(null)
    this.spoke = true
    try {
      await this.#converse(recipients, content)
      return this.#sent(null)
    } catch (error) {
      if (error instanceof HostFailed) return this.#sent(error)
      throw error
    }
  }

  /** Who is left for the host to judge. */
  #judgeBefore(): readonly DeliveryRecipient[] {
    const { recipients } = this.#envelope
    const refusal = envelopeRefusal(this.#envelope, this.#setting)
    for (const recipient of recipients) {
      const reply = recipientRefusal(recipient) ?? refusal
      if (reply !== null) this.#settle(recipient, reply)
    }
    return this.#unsettled(recipients)
  }

  async #converse(
    recipients: readonly DeliveryRecipient[],
    content: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const { dialogue, extensions } = this.#setting
    // RFC 2920 §3.1
    const pipelining = extensions.has('PIPELINING')
    const next = (pipelining ? together : turnByTurn)(dialogue, this.#steps(recipients))
    if (this.#setting.resetting) this.#expect(await next(), isYes)
    const mail = await this.#orRefusal(next, isYes)
    if (isNo(mail)) this.#settleAll(recipients, mail)
    if (isNo(mail) && !pipelining) return
    for (const recipient of recipients) {
      const reply = await next()
      if (isYes(mail)) this.#hearRecipient(recipient, reply)
    }
    if (this.#accepted.length === 0 && !pipelining) return
    await this.#data(await this.#orRefusal(next, ({ code }) => code === 354), content)
  }

  #steps(recipients: readonly DeliveryRecipient[]): readonly Step[] {
    const { extensions, patience, resetting } = this.#setting
    const reset: Step = { line: 'RSET', command: 'RSET', within: patience.reset }
    return [
      ...(resetting ? [reset] : []),
      { line: mailLine(this.#envelope, this.#setting), command: 'MAIL', within: patience.mail },
      ...recipients.map((recipient) => ({
        line: rcptLine(recipient, extensions),
        command: 'RCPT',
        within: patience.rcpt,
      })),
      { line: 'DATA', command: 'DATA', within: patience.data },
    ]
  }

  #hearRecipient(recipient: DeliveryRecipient, heard: Heard): void {
    if (isYes(heard)) this.#accepted.push(recipient)
    else this.#settle(recipient, this.#expect(heard, isNo))
  }

  async #data(heard: Heard, content: AsyncIterable<Uint8Array>): Promise<void> {
    if (isNo(heard)) this.#settleAll(this.#accepted, heard)
    else if (this.#accepted.length > 0) await this.#content(content)
    else await this.#nothing()
  }

  /** RFC 2920 §3.1: DATA was taken although no recipient was; an empty message is to be refused. */
  async #nothing(): Promise<void> {
    const { dialogue, protocol, patience } = this.#setting
    if (protocol === 'lmtp')
      // RFC 2033 §4.2: the answer to an empty message for nobody would be no answer at all.
      throw dialogue.fail({ kind: 'protocol', during: 'DATA', text: 'the host takes a message for nobody' })
    const heard = dialogue.expect('content', patience.final)
    dialogue.transcript.client('.')
    dialogue.write([emptyContent])
    await heard
  }

  async #content(content: AsyncIterable<Uint8Array>): Promise<void> {
    const { dialogue, protocol, patience } = this.#setting
    try {
      await this.#outpour.pour(content)
    } catch (error) {
      this.#hearEarly(error)
      return
    }
    // RFC 2033 §4.2: a reply for each recipient that was accepted, in their order.
    const replies = protocol === 'lmtp' ? this.#accepted.map((each) => [each]) : [this.#accepted]
    const finals = replies.map(() => dialogue.expect('content', patience.final))
    this.#outpour.finish()
    const codes: number[] = []
    for (const [at, final] of finals.entries()) {
      const heard = this.#expect(await final, (reply) => isYes(reply) || isNo(reply))
      codes.push(heard.code)
      this.#settleAll(replies[at]!, heard)
    }
    this.isClean = codes.every((code) => isYes({ code }))
  }

  /** A host that has heard enough says so before the final dot; what it says holds, and the connection is over. */
  #hearEarly(error: unknown): void {
    const { fault } = this.#setting.dialogue
    if (fault?.kind !== 'protocol' || fault.reply === null || !isNo(fault.reply)) throw error
    this.#settleAll(this.#accepted, fault.reply)
  }

  async #orRefusal(next: () => Promise<Heard>, isGood: (heard: Heard) => boolean): Promise<Heard> {
    return this.#expect(await next(), (heard) => isGood(heard) || isNo(heard))
  }

  #expect(heard: Heard, isGood: (heard: Heard) => boolean): Heard {
    if (isGood(heard)) return heard
    const reply = remembered(heard)
    const text = `no answer to ${heard.command}: ${quoted(reply)}`
    throw this.#setting.dialogue.fail({ kind: 'protocol', during: heard.command, text, reply })
  }

  #settleAll(recipients: readonly DeliveryRecipient[], reply: RemoteReply): void {
    for (const recipient of recipients) this.#settle(recipient, reply)
  }

  #settle({ address }: DeliveryRecipient, heard: RemoteReply): void {
    const reply = remembered(heard)
    const result = this.#isTooMany(reply) ? 'deferred' : resultOf(reply)
    if (!this.#outcomes.has(address)) this.#outcomes.set(address, { address, result, reply })
  }

  /** RFC 5321 §4.5.3.1.10: 552 for one recipient too many is an old way to say 452. */
  #isTooMany({ code, enhanced, command }: RemoteReply): boolean {
    const isSilent = enhanced === '' || enhanced === '5.5.3'
    return command === 'RCPT' && code === 552 && isSilent && this.#accepted.length > 0
  }

  #unsettled(recipients: readonly DeliveryRecipient[]): readonly DeliveryRecipient[] {
    return recipients.filter(({ address }) => !this.#outcomes.has(address))
  }

  /** As the envelope has them, each once. */
  #inOrder(): readonly RecipientOutcome[] {
    const addresses = new Set(this.#envelope.recipients.map(({ address }) => address))
    return [...addresses].flatMap((address) => this.#outcomes.get(address) ?? [])
  }

  #sent(error: HostFailed | null): Sent {
    const isAnswered = this.#unsettled(this.#envelope.recipients).length === 0
    const fault = isAnswered ? null : (error?.fault ?? null)
    return {
      outcomes: this.#inOrder(),
      fault,
      // 421 is an answer: the host did not take it (RFC 5321 §3.8).
      uncertain: fault !== null && this.#outpour.dotted && fault.kind !== 'host-closing',
    }
  }
}
