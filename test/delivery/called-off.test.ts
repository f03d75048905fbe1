/** A delivery cancelled while its host hangs at each step of the dialogue, over real connections. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import type { AttemptFault } from '../../machines/vocabulary/events.ts'
import { Outbox } from '../../src/actors/outbox.ts'
import { Courier } from '../../src/delivery/courier.ts'
import { connectWith } from '../../src/delivery/wire/index.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { sole } from '../../src/nodes/sole.ts'
import { adoptPolicy } from '../../src/policies.ts'
import { eventually } from '../server.ts'
import { Peer } from './peer.ts'

const policy = { retry: [60_000], giveUpAfter: 3_600_000, warnAfter: 1_800_000 }
const begun = 1_800_000_000_000

const office = async (context: TestContext, script: string) => {
  const peer = await Peer.listen(script)
  context.after(() => peer.close())
  const log = openMemoryLog()
  const outbox = new Outbox({ log, patience: 1 })
  const hash = await adoptPolicy(log, policy, 'test')
  const warnings: string[] = []
  const courier = new Courier({
    ...{ log, concurrency: { total: 10, perDestination: 5 }, info: () => {} },
    warn: (what) => warnings.push(what),
    backlog: {
      ...{ caughtUp: async () => {}, unrouted: () => [], underWay: () => [], due: () => [] },
      ...{ pace: () => null, noticesDue: () => [] },
    },
    tools: {
      ...{ outbox, node: 'us.example', hostname: 'us.example', members: sole('us.example') },
      ...{ now: () => begun, notify: () => {} },
      content: { stream: async () => Readable.from([Buffer.from('body\r\n')]) },
      connect: connectWith({ patience: { quit: 100 } }),
      routes: {
        resolve: async () => ({
          ...{ kind: 'route', protocol: 'smtp', tls: 'opportunistic' },
          hosts: ['first', 'second'].map((name) => ({ name, address: '127.0.0.1', port: peer.port })),
        }),
        destination: (nextHop) => nextHop,
        login: () => null,
      },
    },
  })
  context.after(() => courier.stop(0))
  const history = async () => {
    const events = []
    for await (const page of log.readStream('delivery-d1')) events.push(...page)
    return events
  }
  courier.queue('d1', policy, {
    ...{ message: 'm1', sender: 'ann@us.example', nextHop: 'a.test', size: 6, prefix: '' },
    ...{ recipients: [{ address: 'bob@a.test' }], acceptedAt: begun, node: 'us.example', policy: hash },
  })
  return { peer, courier, history, warnings }
}

const hello = `
  S: 220 mx.a.test here
  C: EHLO us.example
  S: 250 mx.a.test`
const mail = `${hello}
  C: MAIL FROM:<ann@us.example>`
const rcpt = `${mail}
  S: 250 ok
  C: RCPT TO:<bob@a.test>`
const data = `${rcpt}
  S: 250 ok
  C: DATA`
const starttls = `
  S: 220 mx.a.test here
  C: EHLO us.example
  S: 250-mx.a.test
  S: 250 STARTTLS
  C: STARTTLS`

const hangs = {
  'its greeting': ['', ''],
  EHLO: ['S: 220 here\nC: EHLO us.example', 'EHLO'],
  STARTTLS: [starttls, 'STARTTLS'],
  'the handshake': [`${starttls}\nS: 220 go`, 'STARTTLS'],
  MAIL: [mail, 'MAIL'],
  RCPT: [rcpt, 'RCPT'],
  DATA: [data, 'DATA'],
} as const

for (const [step, [script, heard]] of Object.entries(hangs))
  test(`cancelled while the host owes us ${step}: the line is cut, no other host is begun with, nothing was taken`, async (context) => {
    const { peer, courier, history, warnings } = await office(context, `${script}\nsilence`)
    await (heard === '' ? peer.connected(1) : peer.hears(heard))
    const done = await courier.act('d1', 'CANCEL', 'ann')
    assert.equal(done?.after, 'cancelled')
    const { type, data: facts } = (await history()).at(-1)!
    const { kind, reply } = facts.fault as AttemptFault
    assert.deepEqual([type, kind, reply, facts.uncertain], ['Deferred', 'called-off', null, false])
    assert.deepEqual([peer.connections, peer.contents.length, warnings.length], [1, 0, 0])
    assert.equal(courier.now.active, 0)
    // The script ends when we are gone.
    await peer.played()
  })

test('cancelled after the final dot: its answer is waited for, and counts', async (context) => {
  const { peer, courier, history } = await office(context, `${data}\nS: 354 go\nC> content\nsilence`)
  await peer.takes(1)
  const asked = await courier.act('d1', 'CANCEL', 'ann')
  assert.deepEqual(asked, { before: 'sending', after: 'sending', noted: 'cancel' })
  peer.say('250 kept\r\n')
  await eventually(async () => (await history()).at(-1)!.type === 'Delivered')
})
