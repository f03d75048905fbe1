/** What a client says to submit one mail, one command after the other. */
import { createInterface, type Interface } from 'node:readline'
import type { Duplex } from 'node:stream'
import { domainToASCII } from 'node:url'
import { encodeXtext } from '../../machines/vocabulary/xtext.ts'

export type Mail = {
  /** '' for the null sender. */
  readonly sender: string
  readonly recipients: readonly string[]
  readonly content: Uint8Array
}

export type Refused = { readonly address: string; readonly reply: string }
export type Submitted =
  | { readonly kind: 'accepted'; readonly message: string; readonly refused: readonly Refused[] }
  /** `reply`: the server's words. */
  | { readonly kind: 'refused'; readonly reply: string }
  /** The line went dead: what has become of it is in the session's history. */
  | { readonly kind: 'broken' }

class Broken extends Error {}

/** The other end of a session, reply by reply. */
class Talk {
  readonly #stream: Duplex
  readonly #lines: AsyncIterator<string>
  readonly #interface: Interface

  constructor(stream: Duplex) {
    this.#stream = stream
    stream.on('error', () => {})
    this.#interface = createInterface({ input: stream })
    this.#lines = this.#interface[Symbol.asyncIterator]()
  }

  /** Lines of one reply, joined by spaces. @throws Broken */
  async reply(): Promise<string> {
    const lines: string[] = []
    for (;;) {
      const { value, done } = await this.#lines.next()
      if (done) throw new Broken()
      lines.push(value)
      if (value[3] !== '-')
        return [lines.at(-1)!.slice(0, 4), ...lines.map((line) => line.slice(4))].join('').trim()
    }
  }

  say(command: string): Promise<string> {
    this.#stream.write(`${command}\r\n`)
    return this.reply()
  }

  /** RFC 5321 §4.5.2: lines that begin with a dot get another one. */
  content(bytes: Uint8Array): Promise<string> {
    const text = Buffer.from(bytes)
      .toString('latin1')
      .replace(/(^|\r\n)\./g, '$1..')
    const end = text === '' || text.endsWith('\r\n') ? '.\r\n' : '\r\n.\r\n'
    this.#stream.write(Buffer.from(text + end, 'latin1'))
    return this.reply()
  }

  close(): void {
    this.#interface.close()
    this.#stream.destroy()
  }
}

const isYes = (reply: string): boolean => /^[23]/.test(reply)
const isAscii = (text: string): boolean => /^\p{ASCII}*$/u.test(text)

/** Domains in A-labels, as they go over the wire. */
const wireAddress = (address: string): string => {
  const at = address.lastIndexOf('@')
  if (at < 0 || isAscii(address.slice(at))) return address
  return `${address.slice(0, at + 1)}${domainToASCII(address.slice(at + 1)) || address.slice(at + 1)}`
}

const mailCommand = ({ sender, recipients, content }: Mail): string => {
  const isWide = [sender, ...recipients].some((address) => !isAscii(wireAddress(address)))
  const is8Bit = content.some((octet) => octet > 127)
  return [
    `MAIL FROM:<${wireAddress(sender)}> SIZE=${content.length}`,
    ...(is8Bit || isWide ? ['BODY=8BITMIME'] : []),
    ...(isWide ? ['SMTPUTF8'] : []),
  ].join(' ')
}

export type Told = {
  readonly mail: Mail
  readonly account: string
  /** The client's IP address. */
  readonly client: string
  /** Called when all recipients are known, before the content: resolves once it may be sent. */
  readonly ready: () => Promise<void>
}

const literal = (address: string): string => (address.includes(':') ? `[IPv6:${address}]` : `[${address}]`)

const spoken = async (talk: Talk, { mail, account, client, ready }: Told): Promise<Submitted> => {
  const hello = `EHLO ${literal(client)}`
  const opening = [hello, `XCLIENT LOGIN=${encodeXtext(account)} PROTO=HTTP`, hello, mailCommand(mail)]
  const greeting = await talk.reply()
  if (!isYes(greeting)) return { kind: 'refused', reply: greeting }
  for (const command of opening) {
    const reply = await talk.say(command)
    if (!isYes(reply)) return { kind: 'refused', reply }
  }
  const refused: Refused[] = []
  for (const address of mail.recipients) {
    const reply = await talk.say(`RCPT TO:<${wireAddress(address)}>`)
    if (!isYes(reply)) refused.push({ address, reply })
  }
  if (refused.length === mail.recipients.length)
    return { kind: 'refused', reply: refused[0]?.reply ?? '554 5.5.1 No recipients' }
  await ready()
  const data = await talk.say('DATA')
  if (!data.startsWith('354')) return { kind: 'refused', reply: data }
  const reply = await talk.content(mail.content)
  const message = /Accepted as (\S+)/.exec(reply)?.[1]
  if (!isYes(reply) || message === undefined) return { kind: 'refused', reply }
  return { kind: 'accepted', message, refused }
}

/** To its end, whatever that is. */
export const speak = async (stream: Duplex, told: Told): Promise<Submitted> => {
  const talk = new Talk(stream)
  try {
    const submitted = await spoken(talk, told)
    await talk.say('QUIT').catch(() => {})
    return submitted
  } catch (error) {
    if (error instanceof Broken) return { kind: 'broken' }
    throw error
  } finally {
    talk.close()
  }
}
