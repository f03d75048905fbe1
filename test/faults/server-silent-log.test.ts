/** A log that does not answer, or has too much to do: clients keep their mail, memory stays bounded, the server goes on. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { setImmediate as soon } from 'node:timers/promises'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'
import type { PlayedSocket } from '../actors/played-socket.ts'
import { type Stage, stage, strictPolicy } from '../actors/stage.ts'
import { eventually, scratch } from '../server.ts'

const policy = {
  ...strictPolicy,
  limits: { ...strictPolicy.limits, messageSize: 10_000_000, contentLine: 100_000 },
}

type Silenced = { readonly theatre: Stage; silence(): void; listenAgain(): void }

/** A real log whose writer can be kept from its file, and which gives up on it soon. */
const silenced = async (t: TestContext): Promise<Silenced> => {
  const directory = scratch('silent')
  const log = await openSqliteLog({ directory, answerWithin: 2_000, lockTimeout: 60_000 })
  const other = new DatabaseSync(join(directory, 'log.sqlite'))
  t.after(async () => {
    other.close()
    await log.close()
  })
  return {
    theatre: await stage({ log, policy }),
    silence: () => other.exec('BEGIN IMMEDIATE'),
    listenAgain: () => other.exec('ROLLBACK'),
  }
}

const said = (socket: PlayedSocket, pattern: RegExp): Promise<true> =>
  eventually(() => pattern.test(socket.said), { what: `${pattern} in ${JSON.stringify(socket.said)}` })

const message =
  'MAIL FROM:<a@b.example>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\n'

test('a writer that stops answering: 451 at the final dot, and the session ends', async (t) => {
  const { theatre, silence, listenAgain } = await silenced(t)
  const before = theatre.connect()
  before.push(`EHLO client.example\r\n${message}`)
  await said(before, /^250 2\.6\.0/m)
  silence()
  before.push(message)
  await said(before, /^451 4\.3\.0 Local error, try again later\r\n$/m)
  await eventually(() => before.hungUp)
  before.push(null)

  // Whoever comes meanwhile hears the same, at the latest when something must be stored.
  const meanwhile = theatre.connect()
  meanwhile.push(`EHLO client.example\r\n${message}`)
  await said(meanwhile, /^451 4\.3\.0/m)
  meanwhile.push(null)
  assert.doesNotMatch(meanwhile.said, /^250 2\.6\.0/m)

  listenAgain()
  await theatre.settled()
  await eventually(async () => {
    const after = theatre.connect()
    after.push(`EHLO client.example\r\n${message}`)
    await eventually(() => /^(?:250 2\.6\.0|451)/m.test(after.said))
    after.push(null)
    return /^250 2\.6\.0/m.test(after.said)
  })
  await theatre.settled()
})

test('what waits for the log is bounded: beyond it new sessions are turned away with 421', async (t) => {
  const { theatre, silence, listenAgain } = await silenced(t)
  silence()
  const large = `MAIL FROM:<a@b.example>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\n${'x'.repeat(60_000)}\r\n.\r\n`
  const crowd: PlayedSocket[] = []
  const turnedAway = (): PlayedSocket | undefined => crowd.find((socket) => socket.said.startsWith('421'))
  // The stage takes no new session with more than a megabyte waiting.
  while (turnedAway() === undefined && crowd.length < 60) {
    const socket = theatre.connect()
    crowd.push(socket)
    socket.push(`EHLO client.example\r\n${large}`)
    await soon()
  }
  assert.equal(turnedAway()?.said, '421 4.3.2 Busy, try again later\r\n')
  assert.ok(theatre.outbox.waiting < 3_000_000, `${theatre.outbox.waiting} bytes wait`)
  for (const socket of crowd) if (socket !== turnedAway()) await said(socket, /^451/m)
  for (const socket of crowd) socket.push(null)
  listenAgain()
  await theatre.settled()
  await eventually(() => theatre.outbox.waiting === 0, { what: 'the last answer of the writer' })
})
