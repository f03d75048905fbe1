/** What an account sends beyond its limit is queued and held in one breath, and has no turn before it is released. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { delivery } from '../../machines/delivery/index.ts'
import type { MessageAccepted } from '../../machines/vocabulary/events.ts'
import { followSending } from '../../src/delivery/sending.ts'
import { steps } from '../../src/history/steps.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { Teller } from '../projections/marbles.ts'
import { farSide, policy } from './far-side.ts'

const over = { account: 'ann@example.org', of: 'messages', count: 3, limit: 2, per: 3_600_000 } as const

test('queued and held are one append, and nothing is tried until it is released', async () => {
  const log = openMemoryLog()
  const appends: string[][] = []
  const watched = new Proxy(log, {
    get: (target, name) =>
      name === 'append'
        ? (given: Parameters<typeof log.append>[0]) => {
            appends.push(given.flatMap(({ events }) => events.map(({ kind }) => kind.type)))
            return target.append(given)
          }
        : (Reflect.get(target, name).bind?.(target) ?? Reflect.get(target, name)),
  })
  const far = await farSide(() => ({}), { log: watched })
  appends.length = 0
  far.queue('d1', {}, over)
  await far.until('d1', 'Held')
  assert.deepEqual(appends, [['DeliveryQueued', 'Held']])
  const { data } = (await far.events('d1')).at(-1)!
  const { actedAt: _, ...held } = data
  assert.deepEqual(held, { by: 'server', reason: 'sending-limit', sending: over })
  far.advance(86_400_000)
  far.courier.reroute({ total: 10, perDestination: 5 })
  await far.outbox.settled()
  assert.deepEqual(far.connections, [])
  assert.deepEqual(far.courier.now, { active: 0, waiting: 0, resting: 0 })
  assert.deepEqual(await far.courier.act('d1', 'RELEASE', 'operator'), { before: 'held', after: 'waiting' })
  await far.until('d1', 'Delivered')
  for (const { diverged } of steps(await far.events('d1'), delivery, policy)) assert.equal(diverged, null)
})

test('it is held when it is queued again, too, and cancelled like any other', async () => {
  const far = await farSide(() => ({}))
  far.queue('d1', {}, over)
  far.queue('d1', {}, over)
  await far.until('d1', 'Held')
  far.queue('d1')
  await far.outbox.settled()
  assert.deepEqual(await far.types('d1'), ['DeliveryQueued', 'Held'])
  await far.courier.act('d1', 'CANCEL', 'operator')
  assert.deepEqual((await far.types('d1')).at(-1), 'Cancelled')
  assert.deepEqual(far.warnings, [])
})

const rule = { messages: 2, recipients: 100, per: 3_600_000, accounts: {} }
const mail = (user: string | null): MessageAccepted => ({
  ...{ message: 'm', sender: 'ann@example.org', user, received: 0, size: 1, sha256: '' },
  recipients: [{ address: 'bob@far.example', destination: { kind: 'nextHop', nextHop: 'far.example' } }],
  ...{ subject: null, from: null, messageId: null },
  trace: { by: 'mx', helo: '', peer: { address: '', port: 0, name: null }, protocol: 'ESMTP', tls: null },
})

test('those who run the server hear of an account once, and nothing is counted twice', async () => {
  const warnings: string[] = []
  const log = openMemoryLog()
  const sending = followSending({ log, rule, warn: (what) => warnings.push(what) })
  await sending.counted()
  assert.equal(sending.counted(), null)
  const at = Date.now()
  const judge = (isNew: boolean) =>
    sending.judge({ message: mail('ann@example.org'), at }, { isNew })?.count ?? 0
  assert.deepEqual([judge(true), judge(true), judge(false), judge(true), judge(true)], [0, 0, 0, 3, 4])
  assert.equal(warnings.length, 1)
  assert.match(
    warnings[0]!,
    /^ann@example\.org has sent 3 messages within 1h, and limits\.sending allows 2: what it sends elsewhere is held;/,
  )
  assert.equal(sending.judge({ message: mail(null), at }, { isNew: true }), null)
})

test('what was sent before this start counts', async () => {
  const log = openMemoryLog()
  const teller = new Teller(log, Date.now() - 60_000)
  await teller.tell('open took(t1) took(t2) report(n1 d1 failed)')
  const told: (string | null)[] = []
  const reading = {
    ...{ tail: () => log.tail() },
    readAll: async function* (...asked: Parameters<typeof log.readAll>) {
      for await (const page of log.readAll(...asked))
        yield page.map((event) => {
          told.push(event.type)
          return { ...event, data: { ...event.data, ...mail('ann@example.org') } }
        })
    },
  }
  const sending = followSending({ log: reading, rule, warn: () => {} })
  await sending.counted()
  assert.equal(told.length, 3)
  const found = sending.judge({ message: mail('ann@example.org'), at: Date.now() }, { isNew: true })
  assert.deepEqual({ of: found?.of, count: found?.count }, { of: 'messages', count: 3 })
})
