/** Sessions whose server died in the middle get their end at the next start, once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { session } from '../../machines/session/index.ts'
import type { SessionInput } from '../../machines/session/inputs.ts'
import { endCutOff } from '../../src/actors/cut-off.ts'
import { ActorHost } from '../../src/actors/host.ts'
import { Outbox } from '../../src/actors/outbox.ts'
import { parseConfig } from '../../src/config/load.ts'
import { sessionPolicy } from '../../src/config/session-policy.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import type { EventLog, StoredEvent } from '../../src/log/port.ts'
import { adoptPolicy } from '../../src/policies.ts'

const { config } = parseConfig('playground: true', { shown: null, file: null, folder: '/', data: '/' })
const policy = sessionPolicy(config, 'mx')
const nothing = (): void => {}

/** A session that got as far as these inputs. */
const begun = async (log: EventLog, id: string, inputs: readonly SessionInput[]): Promise<void> => {
  const outbox = new Outbox({ log })
  const failed = (error: Error): void => assert.fail(error)
  const host = new ActorHost({
    module: session,
    id,
    input: { policy },
    outbox,
    node: 'a',
    perform: nothing,
    passed: nothing,
    failed,
  })
  for (const input of inputs) host.send(input)
  await outbox.settled()
}

const opening = (hash: string): SessionInput => ({
  type: 'OPEN',
  service: 'mx',
  local: { address: '127.0.0.1', port: 25 },
  peer: { address: '192.0.2.1', port: 4321, name: null },
  proxy: null,
  tls: null,
  policy: hash,
  trusted: false,
  node: 'mx',
  door: 'open',
})

const eventsOf = async (log: EventLog, id: string): Promise<readonly StoredEvent[]> => {
  const events: StoredEvent[] = []
  for await (const page of log.readStream(`smtp_session-${id}`)) events.push(...page)
  return events
}

const endAll = (log: EventLog, ids: readonly string[], notice = assert.fail as (what: string) => void) =>
  endCutOff({ module: session, ids, log, outbox: new Outbox({ log }), node: 'b', notice })

test('a session that was cut off is ended where it stood, and only once', async () => {
  const log = openMemoryLog()
  const hash = await adoptPolicy(log, policy, 'a')
  await begun(log, 'one', [
    opening(hash),
    { type: 'EHLO', helo: 'client' },
    { type: 'MAIL', sender: 'a@b.example' },
  ])
  assert.equal(await endAll(log, ['one']), 1)
  const last = (await eventsOf(log, 'one')).at(-1)!
  assert.equal(last.type, 'SessionClosed')
  assert.deepEqual(last.data, { reason: 'cut-off', during: 'addressing', messages: 0 })
  assert.deepEqual(
    [last.revision, last.meta.from, last.meta.to, last.meta.node],
    [3, 'addressing', 'closed', 'b'],
  )
  assert.equal(await endAll(log, ['one']), 0)
  assert.equal((await eventsOf(log, 'one')).length, 4)
})

test('a session that cannot be relived stays as it is, with a notice', async () => {
  const log = openMemoryLog()
  await begun(log, 'lost', [opening('unrecorded')])
  const notices: string[] = []
  assert.equal(await endAll(log, ['lost'], (what) => notices.push(what)), 0)
  assert.equal(notices.length, 1)
  assert.equal((await eventsOf(log, 'lost')).length, 1)
})
