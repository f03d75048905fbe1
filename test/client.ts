/** A small SMTP client for tests, over real sockets: what a dialogue file is too stiff for. */
import { Line } from './dialogues/line.ts'

export { Line } from './dialogues/line.ts'

export type Envelope = {
  readonly from?: string
  readonly to?: readonly string[]
  /** Of MAIL: ` SIZE=1`. */
  readonly parameters?: string
}

/** A connection that was greeted and said EHLO. */
export const greeted = async (port: number): Promise<Line> => {
  const line = await Line.to(port)
  await line.reply()
  await line.say('EHLO client.example')
  return line
}

/** Sends one message over `line`, and gives the reply to its final dot, or the first refusal before it. */
export const send = async (
  line: Line,
  content: string,
  { from = 'a@b.example', to = ['alice@example.org'], parameters = '' }: Envelope = {},
): Promise<string> => {
  const commands = [
    `MAIL FROM:<${from}>${parameters}`,
    ...to.map((address) => `RCPT TO:<${address}>`),
    'DATA',
  ]
  for (const command of commands) {
    const reply = await line.say(command)
    if (/^[45]/.test(reply)) return reply
  }
  return line.say(`${content}\r\n.`)
}

/** The id of an accepted message, from the reply to its final dot. */
export const acceptedAs = (reply: string): string | null =>
  /^250 2\.6\.0 Accepted as (\w+)$/.exec(reply)?.[1] ?? null
