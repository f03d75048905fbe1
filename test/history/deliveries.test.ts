/** Deliveries proved and told: by verify, replay, and attempt by attempt. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { delivery } from '../../machines/delivery/index.ts'
import type { EventOf } from '../../machines/vocabulary/events.ts'
import { attemptsOf } from '../../src/history/attempts.ts'
import type { Finding } from '../../src/history/findings.ts'
import type { DeliveryBooks, Fate } from '../../src/history/ledger.ts'
import { steps } from '../../src/history/steps.ts'
import { verifyLog } from '../../src/history/verify.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { type EventLog, kindOf, type StoredEvent } from '../../src/log/port.ts'
import { Teller } from '../projections/marbles.ts'
import { deliveryAppend, deliveryEvents, deliveryPolicy, tellDelivery } from './deliveries.ts'

const long =
  'queue(bob@y eve@y) start route connected(STARTTLS) secured end(bob@y=250 eve@y=451) hold release start lost start route hostfailed(timeout 421) connected hold end(eve@y=550)'

const eventsOf = async (log: EventLog, stream: string): Promise<readonly StoredEvent[]> => {
  const events: StoredEvent[] = []
  for await (const page of log.readStream(stream)) events.push(...page)
  return events
}

const verified = async (log: EventLog, deliveries: DeliveryBooks | null = null) => {
  const findings: Finding[] = []
  const found = (finding: Finding) => findings.push(finding)
  const options = { machines: [delivery], content: null, books: null, deliveries, found }
  return { summary: await verifyLog(log, options), findings }
}

const logWith = async (context: TestContext, line: string): Promise<EventLog> => {
  const log = openMemoryLog()
  context.after(() => log.close())
  await tellDelivery(log, 'd1', line)
  return log
}

test('a delivery is proved, its host’s words included in what is told and not in what is proved', async (context) => {
  const log = await logWith(context, long)
  const { summary, findings } = await verified(log)
  assert.deepEqual(findings, [])
  assert.deepEqual([summary.streams, summary.ok, summary.transitions], [1, 1, 16])
})

test('a delivery that was changed is found out', async (context) => {
  const log = await logWith(context, 'queue hold')
  const told = deliveryEvents('queue start fault(timeout)', { message: 't2' })
  const changed = told.map((event, at) =>
    at === 2 ? { ...event, data: { ...event.data, nextAttemptAt: 0 } } : event,
  )
  await log.append([deliveryAppend('d2', changed)])
  const { findings } = await verified(log)
  assert.equal(findings.length, 1)
  const [finding] = findings
  assert.ok(finding?.kind === 'diverged')
  assert.deepEqual([finding.stream, finding.revision], ['delivery-d2', 2])
  assert.deepEqual(finding.expected, { data: { nextAttemptAt: 0 } })
})

test('replay tells each step of a delivery under its policy', async (context) => {
  const log = await logWith(context, long)
  const told = steps(await eventsOf(log, 'delivery-d1'), delivery, deliveryPolicy)
  assert.deepEqual(
    told.filter(({ diverged }) => diverged !== null),
    [],
  )
  assert.equal(told.at(-1)?.to, 'failed')
  assert.equal(told.at(-1)?.reason, 'refused-for-good')
  assert.deepEqual(told[3]?.dialogue[0], 'S: 220 mx.y ESMTP')
})

test('attempt by attempt: hosts, words, outcomes, and what people did in between', async (context) => {
  const log = await logWith(context, long)
  // What the machine recorded is what the vocabulary says.
  const told = attemptsOf((await eventsOf(log, 'delivery-d1')) as readonly EventOf[])
  const short = told.map((one) => {
    if (one.kind === 'postponement') return 'put off'
    return one.kind === 'act'
      ? `${one.act} ${one.refused ?? (one.noted ? 'noted' : 'done')}`
      : `${one.number} ${one.result}`
  })
  assert.deepEqual(short, ['1 deferred', 'hold done', 'release done', '2 lost', '3 failed', 'hold noted'])
  const [first, , , , third] = told
  assert.ok(first?.kind === 'attempt' && third?.kind === 'attempt')
  assert.equal(first.hosts[0]?.tls?.version, 'TLSv1.3')
  assert.equal(first.route?.kind, 'mx')
  assert.deepEqual(
    first.outcomes.map(({ address, result }) => `${address} ${result}`),
    ['bob@y delivered', 'eve@y deferred'],
  )
  assert.ok(first.transcript.includes('S: 451 4.7.1 Come back later'))
  assert.deepEqual(
    third.hosts.map(({ greeting, fault }) => [greeting, fault?.kind ?? null]),
    [
      [null, 'timeout'],
      ['mx.y ESMTP', null],
    ],
  )
  assert.equal(third.reason, 'refused-for-good')
})

test('the ledger follows each recipient to the end of its delivery', async (context) => {
  const log = openMemoryLog()
  context.after(() => log.close())
  const teller = new Teller(log)
  const names = ['owed', 'going', 'well', 'told', 'untold', 'nowhere']
  await teller.tell(`report(n1 d1 failed ${names[0]}@y 1) open`)
  const recipients = names.map((name) => `${name}@y=>y`).join(' ')
  await teller.tell(`accept(t1 ${recipients})`)
  const fates: Readonly<Record<string, Fate>> = {
    'owed@y': 'owed',
    'going@y': 'going on',
    'well@y': 'ended well',
    'told@y': 'failed and told',
    'untold@y': 'failed and not told',
  }
  const books = (position: number): DeliveryBooks => ({
    position,
    fate: (message, nextHop, address) =>
      message === 't1' && nextHop === 'y' ? (fates[address] ?? null) : null,
    atOnce: (ask) => ask(),
  })
  const lost = async (position: number) =>
    (await verified(log, books(position))).findings.flatMap((finding) =>
      finding.kind === 'unaccounted' ? [`${finding.recipient} ${finding.detail}`] : [],
    )
  assert.deepEqual(await lost(3), [
    'untold@y its delivery to y failed, and the sender was not told',
    'nowhere@y there is no delivery of it to y, and none is to be queued',
  ])
  // What the view has not seen is no loss.
  assert.deepEqual(await lost(2), [])
})

test('who does not want to hear of a failure is not missed in a report', async (context) => {
  const log = openMemoryLog()
  context.after(() => log.close())
  const accepted = (message: string, sender: string, notify?: readonly string[]) => ({
    stream: `smtp_session-${message}`,
    expected: -1,
    events: [
      {
        id: crypto.randomUUID(),
        kind: kindOf('MessageAccepted', 1, {}),
        at: 1_700_000_000_000,
        data: {
          ...{ message, sender },
          recipients: [
            { address: 'bob@y', destination: { kind: 'nextHop', nextHop: 'y' }, ...(notify && { notify }) },
          ],
        },
      },
    ],
  })
  await log.append([
    accepted('t1', 'alice@example.net'),
    accepted('t2', ''),
    accepted('t3', 'alice@example.net', ['NEVER']),
    accepted('t4', 'alice@example.net', ['SUCCESS']),
    accepted('t5', 'alice@example.net', ['FAILURE', 'DELAY']),
  ])
  const books: DeliveryBooks = { position: 5, fate: () => 'failed and not told', atOnce: (ask) => ask() }
  const { findings } = await verified(log, books)
  assert.deepEqual(
    findings.map((finding) => (finding.kind === 'unaccounted' ? finding.message : finding.kind)),
    ['t1', 't5'],
  )
})
