/**
 * The views alone: a made-up log of mails on long sessions (four events each), folded into an empty `views.sqlite`, then
 * rebuilt beside itself. Prints a line for each. `node bench/views.ts [mails] [--mailboxes N] [--per-session N]`
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { FactName, Facts } from '../machines/vocabulary/events.ts'
import { newEventId, newId, now } from '../src/actors/identity.ts'
import { type Append, kindOf, type NewEvent } from '../src/log/port.ts'
import { openSqliteLog, openSqliteReader } from '../src/log/sqlite/index.ts'
import { openViews } from '../src/views/index.ts'
import { Runner } from '../src/views/runner.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mailboxes: { type: 'string', default: '1' },
    'per-session': { type: 'string', default: '500' },
  },
})
const mails = Number(positionals[0] ?? 50_000)
const mailboxes = Number(values.mailboxes)
const perSession = Number(values['per-session'])
const connections = 50

const ways: Partial<Record<FactName, readonly [input: string, from: string, to: string]>> = {
  SessionOpened: ['OPEN', 'arriving', 'greeted'],
  ClientIdentified: ['EHLO', 'greeted', 'identified'],
  SenderAccepted: ['MAIL', 'identified', 'addressing'],
  RecipientAccepted: ['RCPT', 'addressing', 'addressed'],
  ContentStarted: ['DATA', 'addressed', 'receiving'],
  MessageAccepted: ['CONTENT', 'receiving', 'identified'],
  SessionClosed: ['QUIT', 'identified', 'closed'],
}
const dialogue = 'C: MAIL FROM:<sender@example.net> SIZE=4096\nS: 250 2.1.0 Ok'

const event = <Name extends FactName>(fact: Name, data: Facts[Name]): NewEvent => {
  const [input = '', from = '', to = ''] = ways[fact] ?? []
  const meta = {
    machine: 'session',
    machineVersion: '1',
    fingerprint: 'a1b2c3d4',
    effects: 'reply',
    node: 'bench',
    input,
    from,
    to,
  }
  return { id: newEventId(now()), kind: kindOf(fact, 1, meta), at: now(), data, meta: { dialogue } }
}

const peer = { address: '192.0.2.1', port: 40_000, name: null }
const opening = (): NewEvent[] => [
  event('SessionOpened', {
    service: 'mx',
    local: { address: '127.0.0.1', port: 25 },
    peer,
    proxy: null,
    tls: null,
    policy: 'a1b2c3d4',
    trusted: false,
    node: 'mx',
    door: 'open',
  }),
  event('ClientIdentified', { helo: 'client.example.net', extended: true }),
]

const mail = (number: number): NewEvent[] => {
  const sender = 'sender@example.net'
  const address = `user${number % mailboxes}@example.org`
  const message = newId()
  return [
    event('SenderAccepted', { sender, size: 4096 }),
    event('RecipientAccepted', {
      recipient: address,
      place: { kind: 'mailbox', mailbox: address },
      reason: 'local-mailbox',
    }),
    event('ContentStarted', {}),
    event('MessageAccepted', {
      message,
      sender,
      user: null,
      recipients: [{ address, destination: { kind: 'mailbox', mailbox: address } }],
      received: 1,
      size: 4096,
      sha256: 'ab'.repeat(32),
      subject: `A subject of a middling length, ${number}`,
      from: 'Somebody Somewhere <sender@example.net>',
      messageId: `<${message}@example.net>`,
      trace: { by: 'mx.example.org', helo: 'client.example.net', peer, protocol: 'ESMTP', tls: null },
    }),
  ]
}

type Connection = { stream: string; revision: number; left: number }

/** What one connection sends next: an append, as the server makes it for one mail. */
const nextAppend = (connection: Connection, number: number): Append => {
  const events: NewEvent[] = []
  if (connection.left === 0) {
    connection.stream = `smtp_session-${newId()}`
    connection.revision = -1
    connection.left = perSession
    events.push(...opening())
  }
  connection.left--
  events.push(...mail(number))
  if (connection.left === 0)
    events.push(event('SessionClosed', { reason: 'quit', during: 'identified', messages: perSession }))
  const expected = connection.revision
  connection.revision += events.length
  return { stream: connection.stream, expected, events }
}

const fill = async (directory: string): Promise<void> => {
  const log = await openSqliteLog({ directory })
  const all = Array.from({ length: connections }, (): Connection => ({ stream: '', revision: -1, left: 0 }))
  for (let number = 0; number < mails; number += connections)
    await Promise.all(all.map((connection, at) => log.append([nextAppend(connection, number + at)])))
  await log.close()
}

const timed = async (label: string, events: number, work: () => Promise<unknown>): Promise<void> => {
  const begun = performance.now()
  const before = process.threadCpuUsage()
  await work()
  const seconds = (performance.now() - begun) / 1000
  const { user, system } = process.threadCpuUsage(before)
  const perEvent = ((user + system) / events).toFixed(2)
  console.log(
    `${label.padEnd(28)} ${Math.round(events / seconds)
      .toLocaleString('en-US')
      .padStart(9)} events/s  ${perEvent} µs of CPU an event`,
  )
}

const directory = mkdtempSync(join(tmpdir(), 'fsmtp-bench-views-'))
try {
  await fill(directory)
  const log = openSqliteReader({ directory })
  const events = await log.tail()
  console.log(`${events} events, ${mails} mails, ${mailboxes} mailboxes, ${perSession} mails a session`)
  await timed('reading the log alone', events, async () => {
    for await (const _ of log.readAll(0));
  })
  await timed('catching up from nothing', events, async () => {
    const runner = await Runner.open({ directory, log })
    while (await runner.step());
    runner.close()
  })
  const views = openViews({ directory, log })
  await timed('rebuilding beside', events, () => views.rebuild([]))
  await timed('checksums', events, () => views.checked())
  views.close()
  await log.close()
  console.log(`views.sqlite ${Math.round(statSync(join(directory, 'views.sqlite')).size / 2 ** 20)} MiB`)
} finally {
  rmSync(directory, { recursive: true, force: true })
}
