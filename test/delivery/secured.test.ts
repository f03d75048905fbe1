/**
 * Deliveries whose way must be secure, with everything real but the clock: routes from a name server and a policy host, connections to
 * scripted hosts, histories in a log in memory.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { delivery } from '../../machines/delivery/index.ts'
import type { AttemptEnded, DeliveryQueued, HostSecured, Route } from '../../machines/vocabulary/events.ts'
import { Outbox } from '../../src/actors/outbox.ts'
import { DeliveryActor } from '../../src/delivery/actor.ts'
import { Destination } from '../../src/delivery/destination.ts'
import { connectWith } from '../../src/delivery/wire/index.ts'
import { Wires } from '../../src/delivery/wires.ts'
import { steps } from '../../src/history/steps.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import type { StoredEvent } from '../../src/log/port.ts'
import { sole } from '../../src/nodes/sole.ts'
import { startTestServer } from '../server.ts'
import { certificateBy, ourAuthority, type Pem } from './certificates.ts'
import { Peer } from './peer.ts'
import { placeWith } from './routes/place.ts'
import { policyText, startPolicyHost } from './routes/policy-host.ts'

const policy = { retry: [60_000], giveUpAfter: 3_600_000, warnAfter: 1_800_000 }

type Given = {
  /** Of the policy of a.test; null: it has none. */
  readonly mode?: 'enforce' | 'testing' | null
  /** What it names. */
  readonly mx?: readonly string[]
  /** Further keys of the section. */
  readonly delivery?: string
  readonly port: number
  /** Whose certificates are good; ours when absent. */
  readonly ca?: string
}

/** Sends mails for a.test, whose host is mx.a.test on loopback. */
const office = async (context: TestContext, { mode = null, mx = ['mx.a.test'], ...given }: Given) => {
  const host = await startPolicyHost(context, { body: policyText(mode ?? 'none', mx) })
  const { routes } = await placeWith(context, {
    zone: {
      'a.test': { MX: [[10, 'mx.a.test']] },
      'mx.a.test': { A: ['127.0.0.1'] },
      'mta-sts.a.test': { A: ['127.0.0.1'] },
      ...(mode && { '_mta-sts.a.test': { TXT: ['v=STSv1; id=1'] } }),
    },
    delivery: [
      'allowPrivate: true',
      `port: ${given.port}`,
      ...(given.delivery ? [given.delivery] : []),
    ].join(),
    policyHosts: { port: host.port, ca: host.ca },
  })
  const log = openMemoryLog()
  const wires = new Wires()
  context.after(() => wires.close())
  const destinations = new Map<string, Destination>()
  const destinationOf = (name: string): Destination => {
    const made = destinations.get(name) ?? new Destination({ name, most: 5, pace: null, wires })
    destinations.set(name, made)
    return made
  }
  const tools = {
    ...{
      outbox: new Outbox({ log, patience: 1 }),
      node: 'us.example',
      hostname: 'us.example',
      routes,
      now: () => 1_800_000_000_000,
    },
    connect: connectWith({ ca: given.ca ?? host.ca, patience: { quit: 100 } }),
    content: { stream: async () => Readable.from([Buffer.from('body\r\n')]) },
    notify: () => {},
    members: sole('us.example'),
  }
  const historyOf = async (id: string): Promise<readonly StoredEvent[]> => {
    const events: StoredEvent[] = []
    for await (const page of log.readStream(`delivery-${id}`)) events.push(...page)
    for (const { diverged } of steps(events, delivery, policy)) assert.equal(diverged, null)
    return events
  }
  return {
    /** Its history, once the attempt has ended. */
    send: async (id: string, more: Partial<DeliveryQueued> = {}): Promise<readonly StoredEvent[]> => {
      const rested = Promise.withResolvers<void>()
      const actor = new DeliveryActor({
        ...{ id, policy, past: [], read: () => historyOf(id), tools },
        rested: (rest) => {
          if ('error' in rest) rested.reject(rest.error)
          else if (rest.dueAt === null || rest.dueAt > tools.now()) rested.resolve()
        },
      })
      const queued = {
        ...{ message: id, sender: 'ann@us.example', nextHop: 'a.test', size: 6, prefix: '' },
        ...{
          recipients: [{ address: 'bob@a.test' }],
          acceptedAt: tools.now(),
          policy: 'p',
          node: 'us.example',
        },
        ...more,
      }
      actor.queue(queued)
      actor.start(destinationOf(queued.nextHop))
      await rested.promise
      await tools.outbox.settled()
      return historyOf(id)
    },
  }
}

const goodFor = async (...names: readonly string[]): Promise<Pem> =>
  certificateBy({ authority: await ourAuthority(), names })

const secured = (...extensions: readonly string[]): string => `
  S: 220 mx.a.test here
  C: EHLO us.example
  S: 250-mx.a.test
  S: 250 STARTTLS
  C: STARTTLS
  S: 220 go
  starttls
  C: EHLO us.example
  S: 250${extensions.length > 0 ? '-' : ' '}mx.a.test
  ${extensions.map((keyword) => `S: 250 ${keyword}`).join('\n')}`

const taking = (mail = 'MAIL FROM:<ann@us.example>'): string => `
  C: ${mail}
  S: 250 ok
  C: RCPT TO:<bob@a.test>
  S: 250 ok
  C: DATA
  S: 354 go
  C> content
  S: 250 kept`

const clear = `
  S: 220 mx.a.test here
  C: EHLO us.example
  S: 250 mx.a.test`

const routeOf = (events: readonly StoredEvent[]): Route =>
  events.find(({ type }) => type === 'RouteResolved')?.data.route as Route
const tlsOf = (events: readonly StoredEvent[]) =>
  (events.find(({ type }) => type === 'HostSecured')?.data as HostSecured | undefined)?.tls
const endOf = (events: readonly StoredEvent[]) => {
  const { type, data } = events.at(-1)!
  return { type, ...(data as AttemptEnded) }
}

test('enforce, and a host that is who it should be', async (context) => {
  await using peer = await Peer.listen(`${secured()}${taking()}`, { certificate: await goodFor('mx.a.test') })
  const { send } = await office(context, { mode: 'enforce', port: peer.port })
  const events = await send('d1')
  assert.equal(endOf(events).type, 'Delivered')
  const { tls, policy: asked } = routeOf(events)
  assert.deepEqual([tls, asked], ['required', { kind: 'mta-sts', id: '1', mode: 'enforce' }])
  assert.equal(tlsOf(events)?.certificate, 'valid')
  await peer.played()
})

test('enforce, and a certificate for another host: nothing is said to it, and it is tried again', async (context) => {
  await using peer = await Peer.listen(`${secured()}\ngone`, { certificate: await goodFor('other.test') })
  const { send } = await office(context, { mode: 'enforce', port: peer.port })
  const { type, fault } = endOf(await send('d1'))
  assert.deepEqual([type, fault?.kind, fault?.temporary], ['Deferred', 'certificate-invalid', true])
  assert.match(fault!.text, /ALTNAME.*; the MTA-STS policy of the domain wants it$/)
  assert.deepEqual(peer.heard, ['EHLO us.example', 'STARTTLS'])
  assert.equal(peer.connections, 1)
})

test('enforce, and a host without TLS', async (context) => {
  await using peer = await Peer.listen(`${clear}\ngone`)
  const { send } = await office(context, { mode: 'enforce', port: peer.port })
  const { type, fault } = endOf(await send('d1'))
  assert.deepEqual([type, fault?.kind], ['Deferred', 'tls-not-offered'])
  assert.match(fault!.text, /MTA-STS/)
  assert.equal(peer.connections, 1)
})

test('enforce, and a host that the policy does not name: no connection at all', async (context) => {
  await using peer = await Peer.listen('silence')
  const { send } = await office(context, { mode: 'enforce', mx: ['mx.b.test'], port: peer.port })
  const { type, fault } = endOf(await send('d1'))
  assert.deepEqual([type, fault?.kind], ['Deferred', 'mta-sts-mismatch'])
  assert.equal(peer.connections, 0)
})

test('testing: delivered, and the history knows what would have been wrong', async (context) => {
  await using peer = await Peer.listen(`${secured()}${taking()}`, {
    certificate: await goodFor('other.test'),
  })
  const { send } = await office(context, { mode: 'testing', mx: ['mx.b.test'], port: peer.port })
  const events = await send('d1')
  assert.equal(endOf(events).type, 'Delivered')
  assert.deepEqual(routeOf(events).policy, {
    ...{ kind: 'mta-sts', id: '1', mode: 'testing', unmatched: ['mx.a.test'] },
  })
  assert.equal(tlsOf(events)?.certificate, 'ERR_TLS_CERT_ALTNAME_INVALID')
})

test('TLS-Required: No goes where a policy would not let it (RFC 8689 §4.2.2)', async (context) => {
  await using peer = await Peer.listen([`${secured()}${taking()}`, 'gone'], {
    certificate: await goodFor('other.test'),
  })
  const { send } = await office(context, { mode: 'enforce', mx: ['mx.b.test'], port: peer.port })
  const events = await send('d1', { tlsOptional: true })
  assert.equal(endOf(events).type, 'Delivered')
  assert.deepEqual([routeOf(events).tls, routeOf(events).policy], ['opportunistic', undefined])
  // Neither its route nor its connection is for others.
  assert.equal(endOf(await send('d2')).fault?.kind, 'mta-sts-mismatch')
})

test('a connection made without looking at the certificate is not used where one must look', async (context) => {
  await using peer = await Peer.listen(
    [`${secured()}${taking()}\nC: QUIT\nS: 221 bye`, `${secured()}\ngone`],
    {
      certificate: await goodFor('other.test'),
    },
  )
  const { send } = await office(context, { mode: 'enforce', port: peer.port })
  assert.equal(endOf(await send('d1', { tlsOptional: true })).type, 'Delivered')
  assert.equal(endOf(await send('d2')).fault?.kind, 'certificate-invalid')
  assert.equal(peer.connections, 2)
  await peer.hears('QUIT')
})

const wanting = { requiretls: true } as const

test('REQUIRETLS, a policy that vouches for the host, and a host that can', async (context) => {
  await using peer = await Peer.listen(
    `${secured('REQUIRETLS')}${taking('MAIL FROM:<ann@us.example> REQUIRETLS')}${taking()}`,
    { certificate: await goodFor('mx.a.test') },
  )
  const { send } = await office(context, { mode: 'enforce', port: peer.port })
  assert.equal(endOf(await send('d1', wanting)).type, 'Delivered')
  const next = await send('d2')
  assert.deepEqual(
    [endOf(next).type, next.find(({ type }) => type === 'Connected')?.data.reused],
    ['Delivered', true],
  )
  await peer.played()
})

for (const [name, mode] of [
  ['no policy', null],
  ['a policy that only tests', 'testing'],
] as const)
  test(`REQUIRETLS, and ${name}: nobody is asked, the mail comes back`, async (context) => {
    await using peer = await Peer.listen('silence')
    const { send } = await office(context, { mode, port: peer.port })
    const { type, fault } = endOf(await send('d1', wanting))
    assert.deepEqual(
      [type, fault?.kind, fault?.reply?.enhanced, fault?.reply?.text],
      ['Failed', 'requiretls-insecure-route', '5.7.30', 'REQUIRETLS support required'],
    )
    assert.equal(peer.connections, 0)
  })

test('REQUIRETLS, and a host that cannot: the mail comes back, and the destination is none the worse', async (context) => {
  await using peer = await Peer.listen(
    [`${secured('PIPELINING')}\nC: QUIT\nS: 221 bye\ngone`, `${secured()}${taking()}`],
    { certificate: await goodFor('mx.a.test') },
  )
  const { send } = await office(context, { mode: 'enforce', port: peer.port })
  const { type, fault, answered } = endOf(await send('d1', wanting))
  assert.deepEqual(
    [type, fault?.kind, fault?.reply?.enhanced],
    ['Failed', 'requiretls-not-offered', '5.7.30'],
  )
  assert.equal(answered, null)
  assert.equal(endOf(await send('d2')).type, 'Delivered')
  await peer.played()
})

test('REQUIRETLS over a configured route: nobody need vouch for it, its certificate must be valid', async (context) => {
  const script = `${secured('REQUIRETLS')}${taking('MAIL FROM:<ann@us.example> REQUIRETLS')}`
  await using good = await Peer.listen(script, { certificate: await goodFor('127.0.0.1') })
  await using bad = await Peer.listen(`${secured()}\ngone`, { certificate: await goodFor('other.test') })
  const { send } = await office(context, {
    port: 25,
    delivery: `routes: { a.test: "127.0.0.1:${good.port}", b.test: "127.0.0.1:${bad.port}", c.test: { host: "127.0.0.1:1", tls: never } }`,
  })
  assert.equal(endOf(await send('d1', wanting)).type, 'Delivered')
  const faultWith = async (id: string, nextHop: string) => {
    const { type, fault } = endOf(await send(id, { ...wanting, nextHop }))
    return [type, fault?.kind]
  }
  assert.deepEqual(await faultWith('d2', 'b.test'), ['Failed', 'requiretls-without-tls'])
  assert.deepEqual(await faultWith('d3', 'c.test'), ['Failed', 'requiretls-insecure-route'])
})

test('REQUIRETLS to a server of our own kind, which keeps it', async (context) => {
  const far = await startTestServer()
  context.after(() => far.stop())
  await far.addAccount({ addresses: ['bob@example.org'], password: 'a long password' })
  const { send } = await office(context, {
    ...{ port: 25, ca: readFileSync(join(far.data, 'tls', 'cert.pem'), 'utf8') },
    delivery: `routes: { a.test: "127.0.0.1:${far.port('mx')}" }`,
  })
  const events = await send('d1', { ...wanting, recipients: [{ address: 'bob@example.org' }] })
  assert.equal(endOf(events).type, 'Delivered')
  const accepted = (await far.events()).find(({ type }) => type === 'MessageAccepted')
  assert.equal(accepted?.data.requiretls, true)
})
