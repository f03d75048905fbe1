/** What is kept no longer goes by itself: sessions without mail, bodies. What mail there was stays known, and everything proves. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openLogReader } from '../../src/log/open.ts'
import type { StoredEvent } from '../../src/log/port.ts'
import { acceptedAs, greeted, send } from '../client.ts'
import { startKurrentStandIn } from '../kurrent/stand-in.ts'
import { configText, eventually, type Finished, fsmtp, objects, serve, workplace } from '../server.ts'

const playground = {
  playground: true,
  hostname: 'localhost',
  domains: [],
  listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
}

const well = async (folder: string, words: readonly string[]): Promise<Finished> => {
  const done = await fsmtp(folder, words)
  assert.equal(done.code, 0, `${words.join(' ')}: ${done.stderr}${done.stdout}`)
  return done
}
const listed = async (folder: string, words: readonly string[]) =>
  objects(await well(folder, [...words, '--json']))

const stored = async (place: { data: string; log: string }): Promise<StoredEvent[]> => {
  const log = await openLogReader(place)
  const events: StoredEvent[] = []
  try {
    for await (const page of log.readAll(0)) events.push(...page)
    return events
  } finally {
    await log.close()
  }
}

/** One session each: a mail that is small, one that is large, a refusal, and nothing. */
const visit = async (port: number): Promise<{ small: string; large: string }> => {
  const [first, second, third, fourth] = await Promise.all([1, 2, 3, 4].map(() => greeted(port)))
  const small = acceptedAs(await send(first!, 'Subject: small\r\n\r\nhello', { to: ['ada@example.org'] }))
  const text = 'a line of a large message\r\n'.repeat(4_000)
  const large = acceptedAs(await send(second!, `Subject: large\r\n\r\n${text}`, { to: ['ada@example.org'] }))
  assert.ok(small && large)
  await third!.say('MAIL FROM:<a@example.net>')
  assert.match(await third!.say('RCPT TO:<550@example.org>'), /^550/)
  for (const line of [first!, second!, third!, fourth!]) await line.say('QUIT')
  return { small, large }
}

const rowsOf = async (folder: string) =>
  (await listed(folder, ['views'])).map(({ name, rows, checksum }) => ({ name, rows, checksum }))

const engines = {
  SQLite: async () => ({ log: 'sqlite', cleanUp: () => {} }),
  KurrentDB: async (context: TestContext) => {
    const standIn = await startKurrentStandIn()
    context.after(() => standIn.close())
    return { log: standIn.url, cleanUp: () => standIn.scavenge() }
  },
}

for (const [engine, logFor] of Object.entries(engines))
  test(`retention on ${engine}: what is kept no longer goes, and everything else proves`, async (context) => {
    const { log, cleanUp } = await logFor(context)
    const folder = workplace({
      ...{ ...playground, log },
      retention: { sessions: '1h', refusedSessions: '100ms', content: '100ms' },
    })
    const place = { data: join(folder, 'data'), log }
    const server = await serve(folder)
    context.after(() => server.child.kill('SIGKILL'))
    const { small, large } = await visit(server.port('mx'))
    await eventually(
      async () => {
        const messages = await listed(folder, ['messages'])
        const sessions = await listed(folder, ['sessions'])
        return (
          sessions.length === 3 && messages.every(({ contentForgottenAt }) => contentForgottenAt !== null)
        )
      },
      { what: 'the end of what is kept no longer' },
    )
    assert.equal(await server.end(), 0)

    const sessions = await listed(folder, ['sessions'])
    assert.deepEqual(sessions.map(({ outcome }) => outcome).toSorted(), ['accepted', 'accepted', 'idle'])
    const facts = (await stored(place)).filter(({ stream }) => stream.startsWith('retention-'))
    assert.deepEqual([...new Set(facts.map(({ type }) => type))].toSorted(), [
      'ContentForgotten',
      'HistoryForgotten',
    ])
    const [gone] = facts.flatMap(({ data }) => (data.streams ?? []) as string[])
    const replayed = await fsmtp(folder, ['replay', gone!.slice('smtp_session-'.length)])
    assert.equal(replayed.code, 1)
    assert.match(replayed.stderr, /was forgotten at \d{4}-.* as `retention` asks/)
    const reader = await openLogReader(place)
    for await (const _ of reader.readStream(gone!)) assert.fail('its stream is still there')
    for (const id of [small, large]) assert.equal(await reader.content(id), null)
    await reader.close()

    for (const id of [small, large]) {
      const raw = await fsmtp(folder, ['message', id, '--raw'])
      assert.equal(raw.code, 1)
      assert.match(raw.stderr, /was removed at .* as `retention\.content` asks/)
      assert.match((await well(folder, ['message', id])).stdout, /Content: +removed at /)
    }
    assert.equal((await listed(folder, ['mailbox', 'ada@example.org'])).length, 2)
    const summary = (await listed(folder, ['verify'])).at(-1)
    assert.deepEqual(
      [summary?.messages, summary?.unaccounted, summary?.contentFaults, summary?.damaged],
      [2, 0, 0, 0],
    )

    cleanUp()
    await well(folder, ['verify'])

    // A view that is built again equals the one that lived, but for sums over everything there ever was.
    const live = await rowsOf(folder)
    await well(folder, ['views', 'rebuild'])
    const own = ({ name }: { name: unknown }) => name !== 'state-flow' && name !== 'reputation'
    assert.deepEqual((await rowsOf(folder)).filter(own), live.filter(own))

    // Into another log, and proved there: what was forgotten is not carried along.
    await well(folder, ['export', '--all', '--out', 'history.ndjson'])
    const other = workplace(playground)
    await well(other, ['import', join(folder, 'history.ndjson')])
    await well(other, ['verify'])
    assert.equal((await listed(other, ['sessions'])).length, 3)

    // By hand, with another configuration.
    writeFileSync(
      join(folder, 'fsmtp.yaml'),
      configText({ ...playground, log, retention: { sessions: '0' } }),
    )
    const due = await listed(folder, ['retention', '--dry-run'])
    assert.deepEqual(
      due.map(({ rule, kept, due }) => [rule, kept, due]),
      [
        ['refusedSessions', '0', 0],
        ['sessions', '0', 1],
        ['content', 'forever', 0],
      ],
    )
    assert.equal((await listed(folder, ['sessions'])).length, 3)
    assert.deepEqual(await listed(folder, ['retention']), [{ histories: 1, bodies: 0 }])
    assert.deepEqual(await listed(folder, ['retention']), [{ histories: 0, bodies: 0 }])
    assert.equal((await listed(folder, ['sessions'])).length, 2)
    await well(folder, ['verify'])

    // The server starts on what is left.
    const again = await serve(folder)
    context.after(() => again.child.kill('SIGKILL'))
    await visit(again.port('mx'))
    assert.equal(await again.end(), 0)
    assert.doesNotMatch(again.output(), /built again/)
    await well(folder, ['verify'])
  })
