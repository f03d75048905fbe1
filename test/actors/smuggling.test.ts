/** Smuggled messages, in every split of packets (RFC 5321 §4.1.1.4: only <CRLF>.<CRLF> ends a message). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as soon } from 'node:timers/promises'
import { MemoryLog } from './memory-log.ts'
import { stage } from './stage.ts'

const opening = 'EHLO client.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\n'
const inner = 'MAIL FROM:<s@b.example>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n2\r\n.\r\n'

/** Replies after 354, and what the log says came of it, with these packets as content. */
const told = async (packets: readonly Buffer[]): Promise<{ replies: string; facts: string[] }> => {
  const log = new MemoryLog()
  const theatre = await stage({ log })
  const socket = theatre.connect()
  socket.push(opening)
  await soon()
  const before = socket.said.length
  for (const packet of packets) {
    socket.push(packet)
    await soon()
  }
  await theatre.outbox.settled()
  socket.push(null)
  await theatre.settled()
  const facts = log.events.slice(5).map(({ type }) => type)
  return { replies: socket.said.slice(before).replace(/as \w+/g, 'as ID'), facts }
}

/** Every way to cut `bytes` into two packets, and each octet alone. */
const splits = (bytes: Buffer): Buffer[][] => [
  ...Array.from({ length: bytes.length - 1 }, (_, at) => [bytes.subarray(0, at + 1), bytes.subarray(at + 1)]),
  [...bytes].map((octet) => Buffer.from([octet])),
]

const smugglers = [
  '\n.\n',
  '\n.\r\n',
  '\r\n.\n',
  '\r.\r',
  '\r\n.\r',
  '\r.\r\n',
  '\r\r\n.\r\r\n',
  '\r\n.\r\r\n',
  '\n.\r',
]

for (const trick of smugglers)
  test(`${JSON.stringify(trick)} ends no message, however it is cut`, async () => {
    const bytes = Buffer.from(`1${trick}${inner}`, 'latin1')
    for (const packets of splits(bytes)) {
      const { replies, facts } = await told(packets)
      assert.equal(
        replies,
        '550 5.6.0 Message contains bare CR or LF\r\n',
        JSON.stringify(packets.map(String)),
      )
      assert.deepEqual(facts, ['MessageRefused', 'SessionClosed'])
    }
  })

test('the one true end is found however it is cut, and what follows is the dialogue again', async () => {
  const bytes = Buffer.from(`..1\r\n.x\r\n\r\n.\r\n${inner}`, 'latin1')
  for (const packets of splits(bytes)) {
    const { replies, facts } = await told(packets)
    assert.equal(
      replies,
      '250 2.6.0 Accepted as ID\r\n250 2.1.0 Sender ok\r\n250 2.1.5 Recipient ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n250 2.6.0 Accepted as ID\r\n',
      JSON.stringify(packets.map(String)),
    )
    assert.deepEqual(facts.filter((type) => type === 'MessageAccepted').length, 2)
  }
})
