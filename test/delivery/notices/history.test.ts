/** What the history of a delivery says of a notice that its sender is owed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventOf, NoticeKind } from '../../../machines/vocabulary/events.ts'
import { storyOf } from '../../../src/delivery/notices/history.ts'
import type { Story } from '../../../src/delivery/notices/story.ts'
import { openMemoryLog } from '../../../src/log/memory.ts'
import { tellDelivery } from '../../history/deliveries.ts'

const begun = Date.UTC(2026, 0, 1)

const eventsOf = async (line: string): Promise<readonly EventOf[]> => {
  const log = openMemoryLog()
  await tellDelivery(log, 'd1', line)
  const events: EventOf[] = []
  for await (const page of log.readStream('delivery-d1')) events.push(...(page as readonly EventOf[]))
  return events
}

const story = async (line: string, kind: NoticeKind, attempt: number): Promise<Story> => {
  const found = storyOf(await eventsOf(line), { delivery: 'd1', kind, attempt })
  assert.ok(found !== null)
  return found
}
const names = ({ recipients }: Story): string => recipients.map(({ address }) => address).join(' ')

const parted = 'queue(bob@y eve@y) start route connected end(bob@y=550 eve@y=451)'

test('each attempt tells of those who failed in it, and at the end of those who were left', async () => {
  const line = `${parted} +10h start route connected end(eve@y=451)`
  const first = await story(line, 'failed', 1)
  assert.deepEqual([names(first), first.attempt], ['bob@y', 1])
  const [bob] = first.recipients
  assert.deepEqual([bob?.reply?.code, bob?.host], [550, 'mx.y'])
  assert.equal(bob?.lastAttemptAt, begun + 4_000)
  const second = await story(line, 'failed', 2)
  assert.deepEqual([names(second), second.attempt], ['eve@y', 2])
  assert.equal(second.recipients[0]?.reply?.code, 451)
})

test('no such notice, no story', async () => {
  const events = await eventsOf(parted)
  for (const [kind, attempt] of [
    ['failed', 2],
    ['delayed', 1],
    ['delivered', 1],
  ] as const)
    assert.equal(storyOf(events, { delivery: 'd1', kind, attempt }), null)
  assert.equal(storyOf([], { delivery: 'd1', kind: 'failed', attempt: 1 }), null)
})

test('where no host answered the last time: the fault, and what was said before', async () => {
  const { recipients } = await story(
    `${parted} +10h start route hostfailed(timeout) fault(connection-refused)`,
    'failed',
    2,
  )
  const [eve] = recipients
  assert.deepEqual([eve?.reply, eve?.host], [null, null])
  assert.deepEqual([eve?.fault, eve?.faultKind], ['connection-refused at mx.y', 'connection-refused'])
  assert.deepEqual([eve?.before?.reply.code, eve?.before?.host], [451, 'mx.y'])
})

test('a fault of our own is not told in detail', async () => {
  const { recipients } = await story('queue +10h start fault(unforeseen)', 'failed', 1)
  assert.equal(recipients[0]?.fault, 'A fault of this mail system kept the message from being sent.')
})

test('a host that refuses the connection with words is named with them', async () => {
  const { recipients } = await story('queue +10h start route fault(host-closing 421)', 'failed', 1)
  assert.deepEqual([recipients[0]?.reply?.code, recipients[0]?.host], [421, 'mx.y'])
})

test('turns that were left out say nothing', async () => {
  const line = 'queue start fault(connection-refused) +5m postpone +10h start fault(timeout)'
  const { recipients } = await story(line, 'failed', 2)
  assert.equal(recipients[0]?.faultKind, 'timeout')
})

test('a delay is told of those who still wait, and of none when it is over', async () => {
  const late = 'queue(bob@y eve@y) +2h start route connected end(bob@y=451 eve@y=451)'
  const waiting = await story(late, 'delayed', 1)
  assert.equal(names(waiting), 'bob@y eve@y')
  assert.ok(Number(waiting.recipients[0]?.nextAttemptAt) > begun + 7_200_000)
  const since = await story(`${late} start route connected end(bob@y=250 eve@y=451)`, 'delayed', 1)
  assert.equal(names(since), 'eve@y')
  for (const end of ['start route connected end(bob@y=250 eve@y=250)', 'cancel'])
    assert.equal(names(await story(`${late} ${end}`, 'delayed', 1)), '')
  // What failed stays news.
  assert.equal(names(await story(`${parted} cancel`, 'failed', 1)), 'bob@y')
})
