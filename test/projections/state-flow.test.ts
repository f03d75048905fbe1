import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowsOf } from '../tables/table.ts'
import { viewsOf } from './views.ts'

const file = new URL('./state-flow.md', import.meta.url)

for (const row of rowsOf(file, 'Flow')) {
  const events = row.cell('events')
  test(`state-flow.md:${row.line} ${events}: ${row.cell('way')}`, async (context) => {
    const views = await viewsOf(context, events)
    const [from, input, to] = row.cell('way').split(' ')
    const found = views
      .flow('session')
      .find((way) => way.from === from && way.input === input && way.to === to)
    assert.deepEqual(
      { count: found?.count, time: found?.time },
      { count: Number(row.cell('count')), time: Number(row.cell('time')) * 1_000 },
    )
  })
}

test('events of no machine are no way through one', async (context) => {
  const views = await viewsOf(context, 'account(a@x)')
  assert.deepEqual(views.flow(), [])
})
