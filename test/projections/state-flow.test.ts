import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slotLength } from '../../projections/state-flow.ts'
import { rowsOf } from '../tables/table.ts'
import { beginning } from './marbles.ts'
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

/** A cell of seconds as milliseconds of the log's time. */
const moment = (cell: string): number | undefined =>
  cell === '' ? undefined : beginning + Number(cell) * 1_000

for (const row of rowsOf(file, 'Periods')) {
  const [since, until] = [row.cell('since'), row.cell('until')]
  test(`state-flow.md:${row.line} ${since} to ${until}: ${row.cell('way')}`, async (context) => {
    assert.equal(beginning % slotLength, 0)
    const views = await viewsOf(context, row.cell('events'))
    const [from, input, to] = row.cell('way').split(' ')
    const found = views
      .flow('session', { since: moment(since), until: moment(until) })
      .find((way) => way.from === from && way.input === input && way.to === to)
    assert.deepEqual(
      { count: String(found?.count ?? ''), time: found === undefined ? '' : String(found.time / 1_000) },
      { count: row.cell('count'), time: row.cell('time') },
    )
  })
}

for (const row of rowsOf(file, 'States'))
  test(`state-flow.md:${row.line} ${row.cell('events')}: ${row.cell('states')}`, async (context) => {
    const views = await viewsOf(context, row.cell('events'))
    const found = views.inStates('session').map(({ state, count }) => `${state} ${count}`)
    assert.equal(found.join(', '), row.cell('states'))
  })

test('events of no machine are no way through one', async (context) => {
  const views = await viewsOf(context, 'account(a@x)')
  assert.deepEqual(views.flow(), [])
})
