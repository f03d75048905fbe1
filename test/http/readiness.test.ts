/** Ready, or what is missing: each check brought to fail on a real server, and well again where it can be. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ContentStore } from '../../src/content/port.ts'
import { Appends } from '../../src/http/appends.ts'
import { Facts } from '../../src/http/facts.ts'
import { ReadinessChecks } from '../../src/http/readiness.ts'
import { Tally } from '../../src/http/tally.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { type EventLog, kindOf, LogFull, WrongRevision } from '../../src/log/port.ts'
import type { ViewStatus } from '../../src/views/answers/status.ts'
import { greeted } from '../client.ts'
import { startKurrentStandIn } from '../kurrent/stand-in.ts'
import { standInOnly } from '../kurrent/target.ts'
import { testKeys } from '../s3/stand-in.ts'
import { standIn } from '../s3/target.ts'
import { eventually } from '../server.ts'
import { ask, missing, readiness, ready, watchedServer } from './asking.ts'

test('a server on which all is well is ready', async (t) => {
  const { http } = await watchedServer(t)
  assert.deepEqual(await readiness(http), {
    code: 200,
    status: 'ready',
    checks: {
      log: { ok: true, detail: null },
      content: { ok: true, detail: null },
      views: { ok: true, detail: null },
      membership: { ok: true, detail: null },
    },
  })
})

test('a folder for content that cannot be written to: not ready, until it can', async (t) => {
  const { http, data } = await watchedServer(t)
  const folder = join(data, 'content/incoming')
  rmSync(folder, { recursive: true })
  const found = await readiness(http)
  assert.equal(found.code, 503)
  assert.equal(found.status, 'unready')
  assert.deepEqual(missing(found), {
    content: `messages cannot be kept: ${folder} cannot be written to (ENOENT)`,
  })
  mkdirSync(folder, { mode: 0o700 })
  chmodSync(folder, 0o700)
  await ready(http)
})

test('a bucket that is away: not ready, until it is back; no secret is told', async (t) => {
  const bucket = await standIn(t)
  const { http } = await watchedServer(t, { content: bucket.url })
  await bucket.stop()
  const found = await readiness(http)
  assert.equal(found.code, 503)
  assert.deepEqual(Object.keys(missing(found)), ['content'])
  assert.match(String(missing(found).content), /^messages cannot be kept: /)
  for (const secret of [testKeys.secretAccessKey, encodeURIComponent(testKeys.secretAccessKey)])
    assert.ok(!JSON.stringify(found).includes(secret))
  await bucket.start()
  await ready(http)
})

test('a database that is away: the log is missing, until it is back', standInOnly, async (t) => {
  const database = await startKurrentStandIn()
  const { http } = await watchedServer(t, { log: database.url })
  // After the server, which says good-bye to it.
  t.after(() => database.close())
  await ready(http)
  await database.stop()
  const found = await eventually(
    async () => {
      const now = await readiness(http)
      return now.code === 503 && now
    },
    { what: 'that it is noticed' },
  )
  assert.match(String(missing(found).log), /^the log cannot be read: /)
  assert.equal((await ask(http, '/healthz')).status, 200)
  // Figures that can be read are given all the same.
  const figures = await ask(http, '/metrics')
  assert.equal(figures.status, 200)
  assert.match(figures.text, /^fsmtp_check_ok\{check="log"\} 0$/m)
  await database.start()
  await ready(http)
})

test('a view that has stopped is named, with where and why', async (t) => {
  const { http, running } = await watchedServer(t)
  const unfoldable = {
    id: randomUUID(),
    kind: kindOf('MessageAccepted', 1, {}),
    at: Date.now(),
    data: { recipients: [] },
  }
  await running.log.append([{ stream: 'smtp_session-x', expected: -1, events: [unfoldable] }])
  const found = await eventually(
    async () => {
      const now = await readiness(http)
      return now.code === 503 && 'views' in missing(now) && now
    },
    { what: 'that a view stops' },
  )
  assert.deepEqual(Object.keys(missing(found)), ['views'])
  assert.match(String(missing(found).views), /messages stopped at \d+: /)
  assert.match((await ask(http, '/metrics')).text, /^fsmtp_view_stopped\{view="messages"\} 1$/m)
})

test('told to stop it is not ready from that moment, while a session finishes its message', async (t) => {
  const { http, running, port } = await watchedServer(t)
  const line = await greeted(port('mx'))
  for (const said of ['MAIL FROM:<a@b.example>', 'RCPT TO:<postmaster@example.org>'])
    assert.match(await line.say(said), /^250/)
  assert.match(await line.say('DATA'), /^354/)
  assert.equal((await readiness(http)).code, 200)
  const stopped = running.stop()
  const found = await readiness(http)
  assert.deepEqual([found.code, found.status, missing(found)], [503, 'stopping', {}])
  assert.equal((await ask(http, '/healthz')).status, 200)
  assert.match(await line.say('Subject: the last one\r\n\r\nx\r\n.'), /^250/)
  await stopped
  await assert.rejects(ask(http, '/healthz'), { code: 'ECONNREFUSED' })
})

const quiet = { observe: () => {} }
const appendsOf = () => new Appends({ took: quiet, failures: new Tally(), facts: new Facts() })

test('a log that stores nothing of what it is given is in trouble, one that is asked nothing is not', async () => {
  const appends = appendsOf()
  const given = Promise.withResolvers<{ position: number }>()
  const log = appends.watched(Object.assign(openMemoryLog(), { append: () => given.promise }))
  const later = () => performance.now() + 10_500
  assert.equal(appends.trouble(later()), null)
  const append = log.append([])
  assert.equal(appends.inFlight, 1)
  assert.equal(appends.trouble(), null)
  assert.match(
    String(appends.trouble(later())),
    /^the log has stored nothing for 1\d s: 1 appends wait for it$/,
  )
  given.resolve({ position: 1 })
  await append
  assert.equal(appends.trouble(later()), null)
})

test('a log that failed when it was last asked is in trouble for a while; a wrong revision is none', async () => {
  const appends = appendsOf()
  const answers = [
    Promise.reject(new LogFull('no room on the disk')),
    Promise.reject(new WrongRevision('x', 0, 1)),
    Promise.resolve({ position: 1 }),
  ]
  const log = appends.watched(Object.assign(openMemoryLog(), { append: () => answers.shift()! }))
  await assert.rejects(log.append([]), LogFull)
  assert.equal(appends.trouble(), 'the log took nothing when it was last asked: no room on the disk')
  assert.equal(appends.trouble(performance.now() + 11_000), null)
  await assert.rejects(log.append([]), WrongRevision)
  assert.match(String(appends.trouble()), /no room on the disk$/)
  await log.append([])
  assert.equal(appends.trouble(), null)
})

type Ways = {
  readonly log?: Partial<EventLog>
  readonly content?: Partial<ContentStore>
  readonly isKept?: boolean
  readonly isAlive?: boolean
  readonly lag?: number
}
const checksOf = ({ log = {}, content = {}, isKept = true, isAlive = true, lag = 0 }: Ways) => {
  const memory = openMemoryLog()
  const view: ViewStatus = {
    ...{ name: 'mailboxes', version: 1, generation: 1, position: 1, lag, state: 'live' },
    ...{ error: null, errorPosition: null, rebuilt: null, rows: null, checksum: null },
  }
  return new ReadinessChecks({
    house: {
      log: Object.assign(memory, log),
      content: { check: async () => {}, ...content },
      views: { isKept: () => isKept },
      members: { node: 'mx', isAlive: () => isAlive },
    },
    appends: appendsOf(),
    views: async () => [view],
  })
}
const missed = async (ways: Ways) => missing({ status: '', checks: await checksOf(ways).all() })

test('each check says what it misses', async () => {
  assert.deepEqual(await missed({}), {})
  assert.deepEqual(await missed({ isKept: false }), { views: 'the thread that keeps the views has ended' })
  assert.deepEqual(await missed({ lag: 250_000 }), {})
  assert.deepEqual(await missed({ lag: 250_001 }), { views: 'mailboxes is 250001 behind the log' })
  assert.deepEqual(await missed({ lag: 250_000_000, log: { spacing: 1000 } }), {})
  assert.match(String((await missed({ isAlive: false })).membership), /^the other servers on this log/)
})

test('a log that is silent is missed after a second, asked once however many want to know', async () => {
  let asked = 0
  const silent = new Promise<number>(() => {})
  const checks = checksOf({
    log: {
      tail: () => {
        asked++
        return silent
      },
    },
  })
  const found = await Promise.all([checks.all(), checks.all(), checks.all()])
  for (const { log } of [...found, await checks.all()])
    assert.deepEqual(log, { ok: false, detail: 'the log cannot be read: no answer within 1 s' })
  assert.equal(asked, 1)
})
