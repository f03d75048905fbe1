/** The figures are those of the documents, named as Prometheus wants them, and no client can add to their number. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { acceptedAs, greeted, Line, send } from '../client.ts'
import { read } from '../house/sources.ts'
import { eventually, scratch } from '../server.ts'
import { receiver } from '../webhooks/receiver.ts'
import { secret } from '../webhooks/telling.ts'
import { watchedServer } from './asking.ts'
import { type Exposition, valueIn } from './exposition.ts'
import { figures } from './figures.ts'
import { logIn, password } from './visitor.ts'

/** Rows of docs/operating.md: figure, labels. */
const documented = new Map(
  [...read('docs/operating.md').matchAll(/^\| `(fsmtp_\w+)` \| (.*?) \|/gm)].map(([, name, labels]) => [
    name!,
    [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!),
  ]),
)

const ours = (found: Exposition) => [...found].filter(([name]) => name.startsWith('fsmtp_'))
const series = (found: Exposition): number =>
  ours(found).reduce((sum, [, { samples }]) => sum + samples.length, 0)

test('each figure is in the documents, with its labels, and named by the rules', async (t) => {
  const { http } = await watchedServer(t)
  const found = ours(await figures(http))
  assert.deepEqual(found.map(([name]) => name).toSorted(), [...documented.keys()].toSorted())
  for (const [name, { type, samples }] of found) {
    // https://prometheus.io/docs/practices/naming/
    assert.match(name, /^fsmtp_[a-z]+(_[a-z]+)*$/)
    assert.equal(name.endsWith('_total'), type === 'counter', name)
    assert.doesNotMatch(name, /_(count|sum|bucket|milliseconds|ms|kb)$/)
    for (const { labels } of samples) {
      const { le: _, ...own } = labels
      assert.deepEqual(Object.keys(own).toSorted(), documented.get(name)?.toSorted(), name)
    }
  }
})

test('strangers, whatever they say, add no series beyond the words of the program', async (t) => {
  const { http, port } = await watchedServer(t)
  const visit = async (nth: number): Promise<void> => {
    const line = await Line.to(port('mx'))
    await line.reply()
    await line.say(`EHLO client-${nth}.example`)
    await send(line, `Subject: ${nth}\r\n\r\nhello`, {
      from: `a${nth}@b${nth}.example`,
      to: [`x${nth}@y${nth}.example`],
    })
    await send(line, `Subject: ${nth}\r\n\r\nhello`, {
      from: `a${nth}@b${nth}.example`,
      to: ['postmaster@example.org'],
    })
    await line.say(`NONSENSE${nth} x`)
    await line.say(`VRFY ${nth}`)
    await line.say('QUIT')
    line.hangUp()
    await logIn(http, { user: `nobody${nth}@example.org`, password })
  }
  await visit(1)
  const closed = (found: Exposition): number =>
    valueIn(found, 'fsmtp_sessions_closed_total', { reason: 'quit' })
  const before = await eventually(async () => {
    const now = await figures(http)
    return (
      closed(now) === 1 &&
      valueIn(now, 'fsmtp_logins_total', { over: 'http', result: 'bad-credentials' }) === 1 &&
      now
    )
  })
  for (let nth = 2; nth <= 6; nth++) await visit(nth)
  const after = await eventually(async () => {
    const now = await figures(http)
    return closed(now) === 6 && now
  })
  assert.equal(series(after), series(before))
  for (const [name, { samples }] of ours(after))
    for (const { labels } of samples)
      for (const [label, value] of Object.entries(labels)) {
        assert.ok(value.length <= 64, `${name} ${label}`)
        assert.doesNotMatch(value, /client-|b\d\.example|y\d\.example|nobody|NONSENSE/, `${name} ${label}`)
      }
})

test('webhooks: how far they are behind, for how long, what came of it, and who wants no more', async (t) => {
  const to = await receiver(t)
  const secretFile = join(scratch('hook'), 'hook.key')
  writeFileSync(secretFile, secret)
  const { http, port, until } = await watchedServer(t, {
    webhooks: [{ url: to.url, events: ['MessageAccepted'], secretFile }],
  })
  await until((events) => events.some(({ type }) => type === 'WebhookTaken'))
  const line = await greeted(port('mx'))
  const mail = async (): Promise<void> => {
    assert.ok(acceptedAs(await send(line, 'Subject: x\r\n\r\nx', { to: ['postmaster@example.org'] })))
  }
  const [, { samples = [] } = {}] =
    ours(await figures(http)).find(([name]) => name === 'fsmtp_webhook_disabled') ?? []
  const webhook = samples[0]?.labels.webhook ?? assert.fail('no webhook')
  assert.ok(!webhook.includes('127.0.0.1'))
  const state = (found: Exposition) => ({
    behind: valueIn(found, 'fsmtp_webhook_behind_events', { webhook }),
    age: valueIn(found, 'fsmtp_webhook_oldest_unsent_seconds', { webhook }),
    disabled: valueIn(found, 'fsmtp_webhook_disabled', { webhook }),
    taken: valueIn(found, 'fsmtp_webhook_attempts_total', { webhook, result: 'taken' }),
    refused: valueIn(found, 'fsmtp_webhook_attempts_total', { webhook, result: 'refused' }),
  })
  /** How things are is remembered for some seconds. */
  const sometime = (is: (found: ReturnType<typeof state>) => boolean) =>
    eventually(async () => is(state(await figures(http))), { within: 30_000 })
  await mail()
  await sometime(({ taken, behind, age }) => taken === 1 && behind === 0 && age === 0)
  to.says(503)
  await mail()
  await mail()
  await sometime(
    ({ behind, age, refused, disabled }) => behind === 2 && age > 0 && refused > 0 && disabled === 0,
  )
  to.says(410)
  await sometime(({ disabled, behind }) => disabled === 1 && behind === 2)
  line.hangUp()
})
