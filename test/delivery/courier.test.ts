/** Deliveries taken up, tried, put off and ended, over a log in memory and a far side that does as it is told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { delivery } from '../../machines/delivery/index.ts'
import { HostFailed } from '../../src/delivery/port.ts'
import { Router } from '../../src/delivery/router.ts'
import { steps } from '../../src/history/steps.ts'
import { accepts, begun, farSide, faultOf, hostOf, outcomeOf, policy } from './far-side.ts'

test('a mail is queued, tried and delivered; its history replays', async () => {
  const far = await farSide(() => ({}))
  far.queue('d1', { prefix: 'X-Signed: yes\r\n' })
  await far.until('d1', 'Delivered')
  assert.deepEqual(await far.types('d1'), [
    ...['DeliveryQueued', 'AttemptStarted', 'RouteResolved', 'Connected', 'Delivered'],
  ])
  assert.equal(far.sent[0]?.content, 'X-Signed: yes\r\nbody\r\n')
  assert.deepEqual(far.notified, [])
  for (const { diverged } of steps(await far.events('d1'), delivery, policy)) assert.equal(diverged, null)
})

test('queued twice, it is sent once', async () => {
  const far = await farSide(() => ({}))
  far.queue('d1')
  far.queue('d1')
  await far.until('d1', 'Delivered')
  await far.outbox.settled()
  assert.equal(far.sent.length, 1)
  assert.deepEqual(far.warnings, [])
})

test('a recipient refused for now is tried again, the others are not', async () => {
  let attempt = 0
  const far = await farSide(() => ({
    send: (envelope) =>
      ++attempt > 1
        ? accepts(envelope)
        : {
            outcomes: [outcomeOf('a@example.net', 'delivered'), outcomeOf('b@example.net', 'deferred')],
            ...{ fault: null, uncertain: false },
          },
  }))
  far.queue('d1', { recipients: [{ address: 'a@example.net' }, { address: 'b@example.net' }] })
  await far.until('d1', 'Deferred')
  const { nextAttemptAt, reason } = (await far.events('d1')).at(-1)!.data
  assert.ok(Math.abs(Number(nextAttemptAt) - begun - 60_000) <= 6_000, String(nextAttemptAt))
  assert.equal(reason, 'refused-for-now')
  far.advance(70_000)
  await far.courier.act('d1', 'RETRY', 'test')
  await far.until('d1', 'Delivered')
  assert.deepEqual(
    far.sent.map(({ envelope }) => envelope.recipients.map(({ address }) => address)),
    [['a@example.net', 'b@example.net'], ['b@example.net']],
  )
})

test('the next host is tried when one fails; the last one decides', async () => {
  const hosts = [hostOf('mx1'), hostOf('mx2')]
  const far = await farSide(() => ({
    hosts,
    connect: ({ host }) => {
      if (host.name === 'mx1') throw new HostFailed(faultOf('connection-refused'))
    },
  }))
  far.queue('d1')
  await far.until('d1', 'Delivered')
  assert.deepEqual((await far.types('d1')).slice(3), ['HostPassedOver', 'Connected', 'Delivered'])
})

test('a host that refuses for good does not speak for one that could not be reached', async () => {
  const hosts = [hostOf('mx1'), hostOf('mx2')]
  const far = await farSide(() => ({
    hosts,
    connect: ({ host }) => {
      throw new HostFailed(
        host.name === 'mx1' ? faultOf('connection-refused') : faultOf('refused', { temporary: false }),
      )
    },
  }))
  far.queue('d1')
  await far.until('d1', 'Deferred')
  assert.equal((await far.events('d1')).at(-1)!.data.reason, 'connection-refused')
})

test('when all hosts refuse for good the mail is refused for good', async () => {
  const far = await farSide(() => ({
    hosts: [hostOf('mx1'), hostOf('mx2')],
    connect: () => {
      throw new HostFailed(faultOf('refused', { temporary: false }))
    },
  }))
  far.queue('d1')
  await far.until('d1', 'Failed')
})

test('hosts of equal preference take turns, also while a way is believed', async () => {
  const hosts = ['mx1', 'mx2'].map((name) => ({ ...hostOf(name), preference: 10 }))
  const far = await farSide(() => ({
    hosts: [...hosts, { ...hostOf('mx3'), preference: 20 }],
    send: (envelope, wire) => {
      wire.usable = false
      return accepts(envelope)
    },
  }))
  for (let at = 0; at < 10; at++) {
    far.queue(`d${at}`)
    await far.until(`d${at}`, 'Delivered')
  }
  const counts = ['mx1', 'mx2', 'mx3'].map(
    (name) => far.connections.filter(({ host }) => host.name === name).length,
  )
  assert.deepEqual(counts, [5, 5, 0])
})

test('cut off before the content could come to its end, it is sure that the host has nothing', async () => {
  const far = await farSide(() => ({ connect: () => new Promise(() => {}) }))
  far.queue('d1')
  await far.until('d1', 'RouteResolved')
  const again = await farSide(() => ({}), {
    log: far.log,
    backlog: { underWay: () => [{ id: 'd1', node: 'mx.test' }] },
  })
  await again.courier.begin()
  await again.until('d1', 'Delivered')
  const lost = (await again.events('d1')).find(({ type }) => type === 'AttemptLost')!
  assert.deepEqual([lost.data.crashed, lost.data.uncertain], [true, false])
})

test('no content comes to its end before the log has what went before', async () => {
  const far = await farSide(() => ({
    send: async (envelope) => {
      stored.push(...(await far.types('d1')))
      return accepts(envelope)
    },
  }))
  const stored: string[] = []
  far.queue('d1')
  await far.until('d1', 'Delivered')
  assert.equal(stored.at(-1), 'Connected')
})

test('stopped while nothing was sent yet, nobody waits', async () => {
  const far = await farSide(() => ({ connect: () => new Promise(() => {}) }))
  far.queue('d1')
  await far.until('d1', 'RouteResolved')
  // Half an hour of grace: it would be waited for.
  await far.courier.stop(1_800_000)
  const lost = (await far.events('d1')).at(-1)!
  assert.deepEqual([lost.type, lost.data.crashed, lost.data.uncertain], ['AttemptLost', false, false])
})

test('where TLS is no must and fails, the same host is spoken to without', async () => {
  const far = await farSide(() => ({
    connect: ({ tls }) => {
      if (tls !== 'never') throw new HostFailed(faultOf('tls-failed'))
    },
  }))
  far.queue('d1')
  await far.until('d1', 'Delivered')
  assert.deepEqual(
    far.connections.map(({ tls }) => tls),
    ['opportunistic', 'never'],
  )
})

test('no such domain ends it at once, a name server that fails does not', async () => {
  const far = await farSide((nextHop) => ({
    noRoute: faultOf(nextHop === 'gone.example' ? 'no-such-domain' : 'dns-failed', {
      during: 'route',
      temporary: nextHop !== 'gone.example',
    }),
  }))
  far.queue('d1', { nextHop: 'gone.example' })
  far.queue('d2', { nextHop: 'slow.example' })
  await far.until('d1', 'Failed')
  await far.until('d2', 'Deferred')
  assert.deepEqual(far.notified, ['failed d1'])
})

test('held it is not tried, released it is; cancelled it is over', async () => {
  const far = await farSide(() => ({ noRoute: faultOf('dns-failed', { during: 'route' }) }))
  far.queue('d1')
  await far.until('d1', 'Deferred')
  assert.deepEqual(await far.courier.act('d1', 'HOLD', 'test'), { before: 'waiting', after: 'held' })
  assert.deepEqual(await far.courier.act('d1', 'RETRY', 'test'), { before: 'held', after: 'held' })
  assert.equal((await far.types('d1')).at(-1), 'ActRefused')
  await far.courier.act('d1', 'RELEASE', 'test')
  await far.until('d1', 'Deferred')
  assert.deepEqual(await far.courier.act('d1', 'CANCEL', 'test'), { before: 'waiting', after: 'cancelled' })
  assert.deepEqual(await far.courier.act('d1', 'RETRY', 'test'), { before: 'cancelled', after: 'cancelled' })
  assert.equal(await far.courier.act('nobody', 'RETRY', 'test'), null)
})

test('a connection is used again, and one that was ended meanwhile says nothing of the mail', async () => {
  let sends = 0
  const far = await farSide(() => ({
    send: (envelope, wire) => {
      sends++
      if (sends === 2) {
        wire.usable = false
        return { outcomes: [], fault: faultOf('connection-lost', { during: 'MAIL' }), uncertain: false }
      }
      return accepts(envelope)
    },
  }))
  far.queue('d1')
  await far.until('d1', 'Delivered')
  far.queue('d2')
  await far.until('d2', 'Delivered')
  assert.deepEqual((await far.types('d2')).slice(2), [
    ...['RouteResolved', 'Connected', 'HostPassedOver', 'Connected', 'Delivered'],
  ])
  assert.equal(far.connections.length, 2)
})

test('no more at a time than there may be, in all and to one destination', async () => {
  const far = await farSide(() => ({ send: async (envelope) => accepts(envelope) }), {
    concurrency: { total: 3, perDestination: 2 },
  })
  for (let at = 0; at < 20; at++)
    far.queue(`d${at}`, { nextHop: at % 2 === 0 ? 'even.example' : 'odd.example' })
  for (let at = 0; at < 20; at++) await far.until(`d${at}`, 'Delivered')
  assert.ok(far.active.most <= 3, `${far.active.most} at a time`)
  assert.equal(far.sent.length, 20)
})

test('a flood of one sender does not hold up another', async () => {
  const far = await farSide(() => ({}), { concurrency: { total: 1, perDestination: 1 } })
  for (let at = 0; at < 30; at++) far.queue(`flood${at}`, { sender: 'flood@example.org' })
  far.queue('lone', { sender: 'ann@example.org' })
  await far.until('lone', 'Delivered')
  const before = far.sent.findIndex(({ envelope }) => envelope.sender === 'ann@example.org')
  assert.ok(before < 6, `${before} went out before it`)
})

test('stopped in the middle, an attempt is recorded as lost and made again at the next start', async () => {
  let isStuck = true
  const script = () => ({
    send: async (envelope: Parameters<typeof accepts>[0]) => {
      if (isStuck) await new Promise(() => {})
      return accepts(envelope)
    },
  })
  const far = await farSide(script)
  far.queue('d1')
  await far.until('d1', 'Connected')
  await far.courier.stop(0)
  const lost = (await far.events('d1')).at(-1)!
  assert.equal(lost.type, 'AttemptLost')
  assert.equal(lost.data.uncertain, true)
  isStuck = false
  const again = await farSide(script, {
    log: far.log,
    backlog: {
      due: () => [{ id: 'd1', nextHop: 'example.net', sender: '', at: begun, isRetry: true }],
    },
  })
  await again.courier.begin()
  await again.until('d1', 'Delivered')
})

test('cut off by a crash, an attempt is found at the next start, and made again', async () => {
  const far = await farSide(() => ({ send: () => new Promise(() => {}) }))
  far.queue('d1')
  await far.until('d1', 'Connected')
  // No stop: the process is gone.
  const again = await farSide(() => ({}), {
    log: far.log,
    backlog: { underWay: () => [{ id: 'd1', node: 'mx.test' }] },
  })
  await again.courier.begin()
  await again.until('d1', 'Delivered')
  assert.ok((await again.types('d1')).includes('AttemptLost'))
})

test('who is due while a destination rests leaves its turn out, which is no attempt', async () => {
  const far = await farSide(() => ({
    connect: () => {
      throw new HostFailed(faultOf('connection-refused'))
    },
  }))
  for (let at = 0; at < 30; at++) far.queue(`d${at}`)
  const last = async (at: number) => (await far.events(`d${at}`)).at(-1)!
  for (let at = 0; at < 30; at++) await far.untilOne(`d${at}`, ['Deferred', 'Postponed'])
  const postponed = (await Promise.all(Array.from({ length: 30 }, (_, at) => last(at)))).filter(
    ({ type }) => type === 'Postponed',
  )
  assert.ok(far.connections.length < 30 && postponed.length === 30 - far.connections.length)
  const [{ data }] = postponed as [(typeof postponed)[number]]
  assert.deepEqual([data.attempts, data.reason], [0, 'destination-resting'])
  assert.ok(Number(data.nextAttemptAt) >= Number(data.restingUntil))
})

test('a sender who is to hear of a delay, or of the end, makes a turn count while the destination rests', async () => {
  const far = await farSide(
    () => ({
      connect: () => {
        throw new HostFailed(faultOf('connection-refused'))
      },
    }),
    { backlog: { pace: () => ({ answers: 0, failures: 3, failedAt: begun + 7_200_000 }) } },
  )
  far.advance(7_200_000)
  far.queue('d1')
  await far.until('d1', 'Expired')
  assert.equal(far.connections.length, 1)
  far.queue('d2', { acceptedAt: begun + 7_200_000 })
  await far.until('d2', 'Postponed')
})

test('somebody who wants it tried now has it tried now, rest or no rest', async () => {
  const far = await farSide(() => ({}), {
    backlog: { pace: () => ({ answers: 0, failures: 9, failedAt: begun }) },
  })
  far.queue('d1')
  await far.until('d1', 'Postponed')
  await far.outbox.settled()
  await far.courier.act('d1', 'RETRY', 'test')
  await far.until('d1', 'Delivered')
})

test('a host that takes so many recipients at a time gets the others at once', async () => {
  const far = await farSide(() => ({
    send: ({ recipients }) => ({
      outcomes: recipients.map(({ address }, at) =>
        at < 2 ? outcomeOf(address, 'delivered') : outcomeOf(address, 'deferred', 452),
      ),
      ...{ fault: null, uncertain: false },
    }),
  }))
  far.queue('d1', {
    recipients: ['a', 'b', 'c', 'd', 'e'].map((name) => ({ address: `${name}@example.net` })),
  })
  await far.until('d1', 'Delivered')
  assert.equal(far.sent.length, 3)
})

test('an address named twice gets the mail once', async () => {
  const queued: unknown[] = []
  const router = new Router({
    courier: { queue: (_id, _policy, { recipients }) => queued.push(recipients) },
    ...{ node: 'mx', policy: { hash: 'x', value: {} }, sign: async () => '', warn: assert.fail },
  })
  const bob = {
    address: 'bob@example.net',
    destination: { kind: 'nextHop', nextHop: 'example.net' },
  } as const
  await router.route({
    at: begun,
    message: {
      ...{
        message: 'm',
        sender: 'ann@example.org',
        user: 'ann',
        recipients: [bob, bob],
        received: 0,
        size: 1,
      },
      ...{ sha256: '', subject: null, from: null, messageId: null },
      trace: { by: 'mx', helo: '', peer: { address: '', port: 0, name: null }, protocol: 'ESMTP', tls: null },
    },
  })
  assert.deepEqual(queued, [[{ address: 'bob@example.net' }]])
})
