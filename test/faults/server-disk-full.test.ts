/** A disk that is full: clients hear 452 and keep their mail, nothing crashes, and it goes on when there is room. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { machines } from '../../machines/index.ts'
import { openContentReader } from '../../src/content/store.ts'
import { verifyLog } from '../../src/history/verify.ts'
import { acceptedAs, Line, send } from '../client.ts'
import { startTestServer, type TestServer } from '../server.ts'
import { cannotMount, smallDisk } from './small-disk.ts'

/** The reply to one message of that size, over a connection of its own. */
const reply = async (server: TestServer, size: number): Promise<string> => {
  const line = await Line.to(server.port('mx'))
  try {
    await line.reply()
    // The history of the session may not find room either.
    const hello = await line.say('EHLO client.example')
    if (/^4/.test(hello)) return hello
    return await send(line, `Subject: ${size}\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(size / 72)}`.trimEnd())
  } finally {
    line.hangUp()
  }
}

const proven = async ({ running: { log }, data }: TestServer): Promise<void> => {
  const content = openContentReader({ directory: data, log })
  const findings: unknown[] = []
  await verifyLog(log, {
    machines,
    books: null,
    found: (finding) => findings.push(finding),
    content: async (message, size, sha256) => {
      const verdict = await content.verify(message, { size, sha256 })
      return verdict === 'intact' ? null : verdict
    },
  })
  assert.deepEqual(findings, [])
}

for (const [what, size] of [
  ['small', 3000],
  ['large', 600_000],
] as const)
  test(`a full disk and ${what} messages: 452, no crash, and on again with room`, {
    skip: cannotMount,
  }, async (t) => {
    const disk = smallDisk(t, { megabytes: 48 })
    const server = await startTestServer(
      { playground: true, hostname: 'localhost', domains: [] },
      { data: join(disk.directory, 'data') },
    )
    disk.closing(() => server.stop())
    const kept = [await reply(server, size)]
    assert.match(kept.join(), /^250 2\.6\.0/)

    disk.fill(200_000)
    const full: string[] = []
    for (let attempt = 0; attempt < 200 && full.length < 3; attempt++) {
      const answer = await reply(server, size)
      if (acceptedAs(answer)) kept.push(answer)
      else full.push(answer)
    }
    assert.equal(full.length, 3, 'the disk was filled')
    for (const answer of full) assert.match(answer, /^45[12] 4\.3\.[01] /)

    disk.makeRoom()
    const after = await reply(server, size)
    assert.ok(acceptedAs(after), after)
    kept.push(after)
    const stored = (await server.events()).filter(({ type }) => type === 'MessageAccepted')
    assert.deepEqual(
      stored.map(({ data }) => data.message),
      kept.map(acceptedAs),
      'what was acknowledged is there, and nothing else',
    )
    await proven(server)
  })
