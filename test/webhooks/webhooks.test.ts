/** Webhooks hear everything they asked for, in order, at least once, whatever becomes of them and of us. */
import assert from 'node:assert/strict'
import { createHmac, randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { openMemoryLog } from '../../src/log/memory.ts'
import { kindOf } from '../../src/log/port.ts'
import { pauseAfter } from '../../src/webhooks/backoff.ts'
import { bareSecrets, loadHooks } from '../../src/webhooks/secrets.ts'
import { signed } from '../../src/webhooks/signing.ts'
import { webhookId, webhookStream } from '../../src/webhooks/standing.ts'
import { untoldBy } from '../../src/webhooks/untold.ts'
import { eventually } from '../eventually.ts'
import { receiver } from './receiver.ts'
import { type Members, secret, telling } from './telling.ts'

/** Each once, where some came more than once. */
const firsts = (positions: readonly number[]): readonly number[] => [...new Set(positions)]
const ascending = (positions: readonly number[]): boolean =>
  positions.every((position, at) => at === 0 || position > positions[at - 1]!)

test('what is recorded is told in its order, one by one, signed; what nobody asked for is not', async (t) => {
  const [to, { start, record, said }] = [await receiver(t), telling(t)]
  await record(3)
  await start([to.url])
  await eventually(async () => (await said(to.url)).length > 1)
  const wanted: number[] = []
  for (let round = 0; round < 20; round++) {
    await record(2, 'Deferred')
    wanted.push(...(await record(3)))
  }
  await eventually(() => to.taken.length >= wanted.length)
  assert.deepEqual(to.taken, wanted)
  assert.equal(to.together, 1)
  const [first] = to.heard
  assert.equal(first?.headers['content-type'], 'application/json')
  assert.match(String(first?.headers['user-agent']), /^fsmtp\//)
  assert.deepEqual(Object.keys(first!.event), [
    ...['position', 'id', 'stream', 'revision', 'type', 'version', 'at', 'data', 'meta'],
  ])
  for (const { headers, body, event } of to.heard) {
    const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = headers
    assert.equal(id, event.id)
    assert.ok(Math.abs(Number(time) - Date.now() / 1000) < 60)
    const expected = createHmac('sha256', secret).update(`${id}.${time}.${body}`).digest('base64')
    assert.equal(signature, `v1,${expected}`)
  }
})

test('the signature is that of the standard', () => {
  const secrets = [Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64')] as const
  const body = '{"test": 2432232314}'
  // The example of https://github.com/standard-webhooks/standard-webhooks
  assert.deepEqual(
    signed({ id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body }, { secrets, now: 1_614_265_330_999 }),
    {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
  )
})

/** Lines of a secret's file, each with what a library of the standard takes as the key: always base64, with or without `whsec_`. */
const line = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const libraryKey = (text: string): Buffer => Buffer.from(text.replace(/^whsec_/, ''), 'base64')

test('a secret made as the documentation says is what libraries of the standard take it for; a bare line is warned of', async (t) => {
  const { config, secretFile, notices, start } = telling(t)
  const { webhooks } = config(['http://127.0.0.1:9/'])
  // The example of the standard, from the file on.
  const example = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}' }
  const signature = async () => {
    const [hook] = await loadHooks(webhooks)
    return signed(example, { ...hook!, now: 1_614_265_330_000 })['webhook-signature']
  }
  const verified = (text: string) =>
    `v1,${createHmac('sha256', libraryKey(text)).update(`${example.id}.1614265330.${example.body}`).digest('base64')}`
  writeFileSync(secretFile, `${line}\n`)
  assert.equal(await signature(), 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  assert.equal(verified(line), await signature())
  assert.deepEqual(bareSecrets(await loadHooks(webhooks)), [])
  for (const file of ['docs/operating.md', 'src/config/webhooks.ts']) {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
    assert.match(text, /echo "whsec_\$\(openssl rand -base64 32\)"/, file)
    assert.doesNotMatch(text, /`openssl rand/, file)
  }

  const bare = Buffer.alloc(32, 7).toString('base64')
  writeFileSync(secretFile, `${line}\n${bare}\n`)
  const both = (await signature()).split(' ')
  assert.equal(both[0], verified(line))
  assert.notEqual(both[1], verified(bare), 'what was signed before is signed so still')
  assert.deepEqual(
    bareSecrets(await loadHooks(webhooks)).map(({ path }) => path.join('.')),
    ['webhooks.0.secretFile'],
  )
  const running = await start(['http://127.0.0.1:9/'])
  assert.match(notices.join('\n'), /hook\.key holds a line without whsec_.*echo "whsec_\$\(openssl/)
  assert.ok(!notices.join().includes(bare))
  notices.splice(0)
  await running.reload(config(['http://127.0.0.1:9/']))
  assert.match(notices.join('\n'), /without whsec_/)
})

test('a receiver that is away hears everything when it is back, in order', async (t) => {
  const [to, { start, record, said, notices }] = [await receiver(t), telling(t)]
  await start([to.url])
  const before = await record(2)
  await eventually(() => to.taken.length === 2)
  to.says(503)
  const during = await record(30)
  const failed = await eventually(async () =>
    (await said(to.url)).find(({ type }) => type === 'WebhookFailed'),
  )
  const { position, error, attempts, since, nextAttemptAt } = failed.data
  assert.deepEqual([position, error, attempts], [before[1], 'answered 503', 1])
  assert.equal(Math.round((Number(nextAttemptAt) - Number(since)) / 1000), 1)
  assert.match(notices.join(), /takes no events \(answered 503\)/)
  await to.close()
  await eventually(async () =>
    (await said(to.url)).some(({ data }) => data.error === 'ECONNREFUSED' && data.attempts === 2),
  )
  const back = await receiver(t, { port: to.port })
  await eventually(() => back.taken.length >= during.length)
  assert.deepEqual(firsts(back.taken), during)
  assert.ok(ascending(back.taken))
  const told = JSON.stringify(await said(to.url))
  assert.ok(!told.includes('in-the-url') && !told.includes('127.0.0.1'), 'the log holds the URL')
  assert.ok(!told.includes('words of the receiver'))
  assert.ok(!notices.join().includes('in-the-url'))
})

test('one event that is not taken holds back those behind it', async (t) => {
  const [to, { start, record }] = [await receiver(t), telling(t)]
  await start([to.url])
  to.says((_, nth) => (nth === 3 ? 500 : 204))
  const wanted = await record(6)
  await eventually(() => to.taken.length >= 6)
  assert.deepEqual(to.taken, wanted)
  assert.equal(to.heard.length, 7)
  assert.equal(to.heard[2]?.headers['webhook-id'], to.heard[3]?.headers['webhook-id'])
})

test('silence, a cut connection and a redirect are failures; nothing goes anywhere else', async (t) => {
  const { start, record, said } = telling(t, openMemoryLog(), { timeout: 2_000 })
  const [to, other] = [await receiver(t), await receiver(t)]
  const answers = ['silent', 'cut', { status: 307, headers: { location: other.url } }] as const
  to.says((_, nth) => answers[nth - 1] ?? 204)
  await start([to.url])
  const wanted = await record(1)
  await eventually(() => to.taken.length === 1)
  assert.deepEqual(to.taken, wanted)
  assert.equal(other.heard.length, 0)
  const errors = (await said(to.url)).flatMap(({ data }) => (data.error === undefined ? [] : [data.error]))
  assert.deepEqual(errors, ['timeout', 'ECONNRESET', 'answered 307'])
})

test('410 ends it, with a word to those who run this; until somebody wants it again', async (t) => {
  const [to, { start, record, said, notices, log }] = [await receiver(t), telling(t)]
  const webhooks = await start([to.url])
  to.says(410)
  const [first, second] = await record(2)
  const disabled = await eventually(async () =>
    (await said(to.url)).find(({ type }) => type === 'WebhookDisabled'),
  )
  assert.equal(to.heard.length, 1)
  assert.match(notices.join(), /wants no more \(410\)/)
  const [state] = await webhooks.states()
  assert.deepEqual([state?.state, state?.attempts], ['disabled', 1])
  assert.equal(
    state?.error,
    `answered 410 at ${new Date(disabled.at).toISOString()} to event ${first}; \`fsmtp webhooks enable ${state?.url}\` goes on with it`,
  )
  to.says(204)
  const data = { webhook: webhookId(to.url), position: disabled.data.position, by: 'operator' }
  const event = { id: randomUUID(), kind: kindOf('WebhookMoved', 1, {}), at: Date.now(), data }
  await log.append([{ stream: webhookStream(to.url), expected: disabled.revision, events: [event] }])
  await eventually(() => to.taken.length === 2)
  assert.deepEqual(to.taken, [first, second])
})

test('told once more from any position on, while it is at work', async (t) => {
  const [to, { start, record, said, log }] = [await receiver(t), telling(t)]
  await start([to.url])
  const all = await record(10)
  await eventually(() => to.taken.length === 10)
  const last = await eventually(async () =>
    (await said(to.url)).findLast(({ data }) => data.position === all[9]),
  )
  const data = { webhook: webhookId(to.url), position: all[5]!, by: 'operator' }
  const event = { id: randomUUID(), kind: kindOf('WebhookMoved', 1, {}), at: Date.now(), data }
  await log.append([{ stream: webhookStream(to.url), expected: last.revision, events: [event] }])
  await eventually(() => to.taken.length === 14)
  assert.deepEqual(to.taken, [...all, ...all.slice(6)])
})

test('who starts again goes on where it was: nothing is left out', async (t) => {
  const [to, { start, record }] = [await receiver(t), telling(t)]
  const first = await start([to.url])
  const before = await record(5)
  await eventually(() => to.taken.length === 5)
  await first.stop()
  const between = await record(5)
  await start([to.url])
  await eventually(() => to.taken.length === 10)
  assert.deepEqual(to.taken, [...before, ...between])
})

test('of two servers one tells; when it is gone the other goes on, and nothing is lost', async (t) => {
  const [to, { start, record, said }] = [await receiver(t), telling(t)]
  const a: Members = { node: 'a', alive: true, others: ['b'] }
  const b: Members = { node: 'b', alive: true, others: ['a'] }
  await start([to.url], { members: a })
  await eventually(async () => (await said(to.url)).some(({ data }) => data.node === 'a'))
  await start([to.url], { members: b })
  const early = await record(20)
  await eventually(() => to.taken.length === 20)
  assert.deepEqual(to.taken, early)
  assert.ok((await said(to.url)).every(({ data }) => data.node === 'a'))
  a.alive = false
  b.others = []
  const late = await record(20)
  await eventually(() => firsts(to.taken).length === 40)
  assert.deepEqual(firsts(to.taken), [...early, ...late])
  assert.equal((await said(to.url)).at(-1)?.data.node, 'b')
  a.alive = true
  const last = await record(5)
  await eventually(() => firsts(to.taken).length === 45)
  assert.deepEqual(firsts(to.taken), [...early, ...late, ...last])
})

test('a server that was taken for dead and lives finds that another has gone on, and leaves it to that', async (t) => {
  const [to, { start, record, said }] = [await receiver(t), telling(t)]
  await start([to.url], { members: { node: 'a', alive: true, others: ['b'] } })
  await eventually(async () => (await said(to.url)).length > 1)
  const early = await record(3)
  await eventually(() => to.taken.length === 3)
  await start([to.url], { members: { node: 'b', alive: true, others: [] } })
  const wanted = await record(50)
  await eventually(() => firsts(to.taken).length === 53)
  assert.deepEqual(firsts(to.taken), [...early, ...wanted])
  await eventually(async () => (await said(to.url)).at(-1)?.data.position === wanted.at(-1))
  assert.equal((await said(to.url)).filter(({ type }) => type === 'WebhookTaken').length, 2)
})

test('how far it is takes no room that grows', async (t) => {
  const [to, { start, record, said }] = [await receiver(t), telling(t)]
  await start([to.url])
  const wanted = await record(6000)
  await eventually(() => to.taken.length === 6000, { within: 60_000 })
  assert.deepEqual(to.taken, wanted)
  await eventually(async () => (await said(to.url)).at(-1)?.data.position === wanted.at(-1))
  const words = await said(to.url)
  assert.ok(words.at(-1)!.revision > 50)
  assert.ok(words.length < 45, `${words.length} words are kept`)
})

test('hashes of passwords are told to nobody', async (t) => {
  const [to, { log, config, secretFile }] = [await receiver(t), telling(t)]
  const { startWebhooks } = await import('../../src/webhooks/index.ts')
  const webhooks = await startWebhooks({
    ...{ config: config([to.url], ['AccountAdded']), log, warn: () => {}, info: () => {} },
    members: { node: 'a', isAlive: () => true, others: () => [] },
  })
  t.after(() => webhooks.stop())
  assert.ok(secretFile)
  await eventually(async () => (await log.tail()) > 1)
  const data = { account: 'a@example.org', password: '$argon2id$secret', addresses: [] }
  const event = { id: randomUUID(), kind: kindOf('AccountAdded', 1, {}), at: 1, data }
  await log.append([{ stream: 'account-a@example.org', expected: -1, events: [event] }])
  await eventually(() => to.taken.length === 1)
  assert.ok(!to.heard[0]?.body.includes('argon2id'))
})

test('a webhook that is taken out of the configuration is told no more, and goes on when it is back', async (t) => {
  const { start, record, config, said } = telling(t)
  const [one, two] = [await receiver(t), await receiver(t)]
  const webhooks = await start([one.url, two.url])
  const first = await record(2)
  await eventually(() => one.taken.length === 2 && two.taken.length === 2)
  await webhooks.reload(config([one.url]))
  assert.equal((await said(two.url)).at(-1)?.type, 'WebhookReleased')
  const second = await record(2)
  await eventually(() => one.taken.length === 4)
  assert.deepEqual(two.taken, first)
  await webhooks.reload(config([one.url, two.url]))
  await eventually(() => two.taken.length === 4)
  assert.deepEqual(two.taken, [...first, ...second])
  assert.deepEqual(one.taken, [...first, ...second])
})

test('a webhook that one server tells no more, because it was started without it, is told by the other that has it', async (t) => {
  const { start, record, said } = telling(t)
  const [to, other] = [await receiver(t), await receiver(t)]
  const a: Members = { node: 'a', alive: true, others: ['b'] }
  const b: Members = { node: 'b', alive: true, others: ['a'] }
  const before = await start([to.url], { members: a })
  await eventually(async () => (await said(to.url)).some(({ type }) => type === 'WebhookTaken'))
  const early = await record(2)
  await eventually(() => to.taken.length === 2)
  await before.stop()
  // It was away for so short a time that nobody took it for gone.
  assert.equal((await said(to.url)).at(-1)?.data.node, 'a')
  await start([to.url], { members: b })
  const late = await record(2)
  await start([other.url], { members: a })
  await eventually(() => to.taken.length === 4)
  assert.deepEqual(to.taken, [...early, ...late])
  await eventually(async () => (await said(to.url)).at(-1)?.data.node === 'b')
})

test('who asks for what hardly ever happens is not left far behind', async (t) => {
  const [to, { log, start, record, said }] = [await receiver(t), telling(t)]
  await start([to.url])
  await eventually(async () => (await said(to.url)).some(({ type }) => type === 'WebhookTaken'))
  const [last = 0] = (await record(500, 'Deferred')).slice(-1)
  await eventually(async () => Number((await said(to.url)).at(-1)?.data.position) >= last)
  assert.equal(to.heard.length, 0)
  const words = (await said(to.url)).length
  const wanted = await record(3)
  await eventually(() => to.taken.length === 3)
  assert.deepEqual(to.taken, wanted)
  // A few events are not worth a word.
  await record(10, 'Deferred')
  await eventually(async () => (await said(to.url)).at(-1)?.data.position === wanted.at(-1))
  assert.ok((await said(to.url)).length <= words + 2)
  assert.ok((await log.tail()) > wanted.at(-1)!)
})

test('what a webhook was not told yet is known to those who would forget it', async (t) => {
  const [to, { start, record, said, log, config }] = [await receiver(t), telling(t)]
  const { webhooks } = config([to.url])
  assert.equal(await untoldBy(log, webhooks), null)
  await start([to.url])
  await eventually(async () => (await said(to.url)).length > 1)
  to.says(503)
  const [position = 0] = await record(1)
  const waiting = async () => (await said(to.url)).some(({ type }) => type === 'WebhookFailed')
  await eventually(waiting)
  const isUntold = await untoldBy(log, webhooks)
  assert.deepEqual(
    [
      isUntold?.({ type: 'Delivered', position }),
      isUntold?.({ type: 'Deferred', position }),
      isUntold?.({ type: 'Delivered', position: 0 }),
    ],
    [true, false, false],
  )
  to.says(410)
  await eventually(async () => (await said(to.url)).at(-1)?.type === 'WebhookDisabled')
  assert.equal(await untoldBy(log, webhooks), null)
})

test('several secrets sign side by side; what is none is named, and not shown', async (t) => {
  const { config, secretFile } = telling(t)
  const { webhooks } = config(['http://127.0.0.1:9/'])
  writeFileSync(secretFile, `whsec_${Buffer.alloc(32, 1).toString('base64')}\n${secret}\n`)
  const [hook] = await loadHooks(webhooks)
  assert.deepEqual(hook?.secrets, [Buffer.alloc(32, 1), Buffer.from(secret)])
  const { 'webhook-signature': both } = signed({ id: 'x', body: '{}' }, { ...hook!, now: 0 })
  assert.equal(both.split(' ').length, 2)
  writeFileSync(secretFile, 'too short\n')
  await assert.rejects(loadHooks(webhooks), (error: Error) => {
    assert.match(error.message, /holds a secret of less than 24 bytes/)
    return !error.message.includes('too short')
  })
  writeFileSync(secretFile, '\n')
  await assert.rejects(loadHooks(webhooks), /is empty/)
  const [gone] = webhooks.map((each) => ({ ...each, secretFile: `${secretFile}.gone` }))
  await assert.rejects(loadHooks([gone!]), /does not exist; make it: `echo "whsec_\$\(openssl rand/)
})

test('pauses grow to an hour and no further; what the receiver asks for counts where it is longer', () => {
  const pauses = Array.from({ length: 200 }, (_, at) => pauseAfter(at + 1, { chance: 0 }))
  assert.ok(pauses.every((pause, at) => at === 0 || pause >= pauses[at - 1]!))
  assert.deepEqual([pauses[0], pauses.at(-1)], [1000, 3_600_000])
  const total = pauses.reduce((sum, pause) => sum + pause, 0)
  assert.ok(total > 7 * 86_400_000, 'two hundred tries last longer than a week')
  assert.equal(pauseAfter(1, { chance: 1 }), 1100)
  assert.equal(pauseAfter(1, { chance: 0, retryAfter: 120_000 }), 120_000)
  assert.equal(pauseAfter(1, { chance: 0, retryAfter: 10 ** 9 }), 3_600_000)
  assert.equal(pauseAfter(9, { chance: 0, retryAfter: 1 }), 900_000)
})
