import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { suppressions } from '../../projections/suppressions.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { kindOf } from '../../src/log/port.ts'
import { SuppressionList } from '../../src/reputation/suppressed.ts'
import { viewsFile } from '../../src/views/database.ts'
import { tellDelivery } from '../history/deliveries.ts'
import { atEnd, directoryFor, foldAll } from '../projections/views.ts'

const day = 86_400_000
const start = Date.UTC(2026, 0, 1)
const failed = 'queue start route connected end(bob@y=550)'

const listAfter = async (context: TestContext, lives: readonly string[]) => {
  const directory = directoryFor(context)
  const log = openMemoryLog()
  const clock = { now: start + day }
  const list = new SuppressionList({
    ...{ directory, suppressing: { after: 1, for: 30 * day }, now: () => clock.now },
  })
  atEnd(context, () => list.close())
  for (const [at, life] of lives.entries()) await tellDelivery(log, `d${at}`, life, { start })
  const fold = () => foldAll({ directory, log, projections: [suppressions] })
  await fold()
  return { clock, directory, fold, list, log }
}

test('an address that failed is held back with the words of its host, until its time is over', async (context) => {
  const { clock, list } = await listAfter(context, [failed])
  assert.deepEqual(list.find('Bob@y'), {
    enhanced: '5.1.1',
    why: 'mail to this address is suppressed since 2026-01-01, when the other side said: 550 5.1.1 No such user; it may be tried again after 2026-01-31',
  })
  assert.equal(list.find('eve@y'), null)
  clock.now = start + 4_000 + 30 * day - 1
  assert.notEqual(list.find('bob@y'), null)
  clock.now += 1
  assert.equal(list.find('bob@y'), null)
})

test('the configuration says how often it must fail, and for how long that counts', async (context) => {
  const { list } = await listAfter(context, [failed])
  list.suppressing = { after: 2, for: 30 * day }
  assert.equal(list.find('bob@y'), null)
  list.suppressing = { after: 1, for: 0 }
  assert.equal(list.find('bob@y'), null)
  const twice = await listAfter(context, [failed, failed])
  twice.list.suppressing = { after: 2, for: 30 * day }
  assert.notEqual(twice.list.find('bob@y'), null)
})

test('what somebody put on the list is there whatever the configuration says, for ever', async (context) => {
  const { clock, fold, list, log } = await listAfter(context, [])
  const data = { address: 'eve@y', by: 'operator' }
  const event = { id: crypto.randomUUID(), kind: kindOf('SuppressionAdded', 1, {}), at: start, data }
  await log.append([{ stream: 'suppression-eve@y', expected: -1, events: [event] }])
  await fold()
  list.suppressing = { after: 1, for: 0 }
  clock.now += 4_000 * day
  assert.deepEqual(list.find('eve@y'), {
    enhanced: '5.1.0',
    why: 'mail to this address is suppressed since 2026-01-01, by those who run this system',
  })
})

test('where the views cannot be read nobody is held back, and they are read again when they are there', async (context) => {
  const { directory, fold, list } = await listAfter(context, [failed])
  assert.notEqual(list.find('bob@y'), null)
  for (const suffix of ['', '-wal', '-shm']) rmSync(viewsFile(directory) + suffix, { force: true })
  assert.equal(list.find('bob@y'), null)
  await fold()
  assert.notEqual(list.find('bob@y'), null)
})
