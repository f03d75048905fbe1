/** Clients that send without end, each message unlike all others, and remember what they were promised. */
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Chance } from './chance.ts'

export type Sent = { readonly sha256: string; readonly size: number; readonly mailbox: string }
/** A message we were told is stored. */
export type Acknowledged = Sent & { readonly message: string }

/** What the clients of a run know. */
export class Ledger {
  /** By SHA-256: everything that was ever begun. */
  readonly sent = new Map<string, Sent>()
  readonly acknowledged: Acknowledged[] = []
}

const mailboxes = ['ada', 'ben', 'cleo', 'dan', 'eve'].map((name) => `${name}@torture.example`)
export const everyMailbox: readonly string[] = mailboxes

let serial = 0
const compose = (chance: Chance): string => {
  // Mostly letters, now and then something that goes to a file of its own.
  const size = chance.next() < 0.06 ? chance.between(60_000, 300_000) : chance.between(200, 8000)
  const line = `${chance.next().toString(36).padEnd(14, '0')} `.repeat(5)
  const lines = Math.ceil(size / (line.length + 2))
  return `Subject: ${++serial} ${chance.next()}\r\n\r\n${`${line}\r\n`.repeat(lines)}`
}

/** Reads replies off a socket, one at a time; null when the connection is over. */
const repliesOf = (socket: Socket): (() => Promise<string | null>) => {
  let unread = ''
  let over = false
  let woken: (() => void) | null = null
  const wake = (): void => {
    woken?.()
    woken = null
  }
  socket.setEncoding('latin1').on('data', (text: string) => {
    unread += text
    wake()
  })
  socket
    .on('error', () => {})
    .on('close', () => {
      over = true
      wake()
    })
  return async () => {
    for (;;) {
      const reply = /^(?:\d{3}-.*\r\n)*\d{3} .*\r\n/.exec(unread)?.[0]
      if (reply !== undefined) {
        unread = unread.slice(reply.length)
        return reply
      }
      if (over) return null
      await new Promise<void>((resolve) => {
        woken = resolve
      })
    }
  }
}

const sendOne = async (
  socket: Socket,
  reply: () => Promise<string | null>,
  { ledger, chance }: { readonly ledger: Ledger; readonly chance: Chance },
): Promise<boolean> => {
  const content = compose(chance)
  const mailbox = mailboxes[chance.between(0, mailboxes.length - 1)]!
  const sent: Sent = { sha256: hash('sha256', content, 'hex'), size: content.length, mailbox }
  socket.write(`MAIL FROM:<load@torture.example>\r\nRCPT TO:<${mailbox}>\r\nDATA\r\n`)
  for (let line = 0; line < 3; line++) if (!/^[23]/.test((await reply()) ?? '')) return false
  ledger.sent.set(sent.sha256, sent)
  socket.write(`${content}.\r\n`)
  const last = await reply()
  const message = /^250 2\.6\.0 Accepted as (\w+)/.exec(last ?? '')?.[1]
  if (message === undefined) return false
  ledger.acknowledged.push({ ...sent, message })
  return true
}

/** One client; ends when the connection does, or when `signal` says so between two messages. */
export const client = async (
  port: number,
  options: { readonly ledger: Ledger; readonly chance: Chance; readonly signal?: AbortSignal },
): Promise<void> => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const reply = repliesOf(socket)
  try {
    await once(socket, 'connect')
    await reply()
    socket.write('EHLO load.example\r\n')
    await reply()
    while (!options.signal?.aborted && (await sendOne(socket, reply, options)));
  } catch {
    // Refused or reset: the server was killed.
  } finally {
    socket.destroy()
  }
}
