import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openMemoryLog } from '../../src/log/memory.ts'
import { openViews, type ViewReader } from '../../src/views/index.ts'
import { tellDelivery } from '../history/deliveries.ts'
import { rowsOf } from '../tables/table.ts'
import { beginning } from './marbles.ts'
import { atEnd, directoryFor, foldAll } from './views.ts'

const file = new URL('./destinations.md', import.meta.url)

const viewsAfter = async (context: TestContext, lives: readonly string[]): Promise<ViewReader> => {
  const directory = directoryFor(context)
  const log = openMemoryLog()
  for (const [at, life] of lives.entries()) await tellDelivery(log, `d${at}`, life)
  await foldAll({ directory, log, batch: 3 })
  const views = openViews({ directory, log })
  atEnd(context, () => views.close())
  return views
}

for (const row of rowsOf(file, 'Destinations')) {
  const lives = row.cell('lives')
  test(`destinations.md:${row.line} ${lives}`, async (context) => {
    const views = await viewsAfter(context, lives.split('; '))
    assert.deepEqual(
      views.destinations().map(({ name }) => name),
      ['y'],
    )
    const found = views.destination('y')!
    assert.deepEqual(
      {
        active: String(found.active),
        attempts: String(found.attempts),
        'came to': [found.delivered, found.deferred, found.failed, found.lost].join(' '),
        connections: `${found.connections} ${found.reused}`,
        answers: String(found.answers),
        failures: String(found.failures),
        'failed at': found.failedAt === null ? '' : String((found.failedAt - beginning) / 1000),
        'last reply': found.lastReply ?? '',
        'last fault': found.lastFault ?? '',
      },
      Object.fromEntries(
        [
          ...['active', 'attempts', 'came to', 'connections', 'answers', 'failures'],
          ...['failed at', 'last reply', 'last fault'],
        ].map((column) => [column, row.cell(column)]),
      ),
    )
  })
}

test('what came of it is counted by the hour, and hours go back as far as asked', async (context) => {
  const views = await viewsAfter(context, [
    'queue start fault(timeout) +2h start fault(timeout) +2h start route connected end(bob@y=250)',
  ])
  const hours = [0, 1, 2].map((at) => new Date(beginning + 2 * at * 3_600_000).toISOString())
  const none = { delivered: 0, deferred: 0, failed: 0 }
  assert.deepEqual(views.destinationHours('y', 0), [
    { ...none, hour: hours[0], deferred: 1 },
    { ...none, hour: hours[1], deferred: 1 },
    { ...none, hour: hours[2], delivered: 1 },
  ])
  assert.equal(views.destinationHours('y', beginning + 3 * 3_600_000).length, 1)
  assert.deepEqual(views.destinationHours('z', 0), [])
  assert.equal(views.destination('z'), null)
})

test('where nothing was tried there is no destination', async (context) => {
  const views = await viewsAfter(context, ['queue hold release'])
  assert.deepEqual(views.destinations(), [])
})

test('those tried last come first', async (context) => {
  const directory = directoryFor(context)
  const log = openMemoryLog()
  const hour = 3_600_000
  for (const [nextHop, at] of [
    ['a.example', 1],
    ['c.example', 3],
    ['b.example', 2],
  ] as const)
    await tellDelivery(log, nextHop, 'queue start fault(timeout)', { nextHop, start: beginning + at * hour })
  await foldAll({ directory, log, batch: 3 })
  const views = openViews({ directory, log })
  atEnd(context, () => views.close())
  assert.deepEqual(
    views.destinations().map(({ name }) => name),
    ['c.example', 'b.example', 'a.example'],
  )
})
