import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowsOf } from '../tables/table.ts'
import { viewsOf } from './views.ts'

const file = new URL('./mailboxes.md', import.meta.url)

for (const row of rowsOf(file, 'Mailboxes')) {
  const events = row.cell('events')
  test(`mailboxes.md:${row.line} ${events} in ${row.cell('mailbox')}`, async (context) => {
    const views = await viewsOf(context, events)
    const found = views.mailbox(row.cell('mailbox'))
    const holds = found === null ? 'none' : found.map(({ number, id }) => `${number}:${id}`).join(' ')
    assert.equal(holds, row.cell('holds'))
  })
}

test('a mailbox message has the shape that is promised outside', async (context) => {
  const views = await viewsOf(context, 'open accept(t1 bob@example.org)')
  assert.deepEqual(views.mailbox('bob@example.org'), [
    {
      id: 't1.1',
      message: 't1',
      mailbox: 'bob@example.org',
      number: 1,
      filedAt: '2026-01-01T00:00:02.000Z',
      from: 'Alice <alice@example.net>',
      sender: 'alice@example.net',
      subject: 'about t1',
      size: 1000,
      flags: [],
    },
  ])
  assert.deepEqual(views.mailboxes(), [
    { mailbox: 'bob@example.org', messages: 1, size: 1000, lastFiledAt: '2026-01-01T00:00:02.000Z' },
  ])
})

test('a mailbox as it was: what had been filed by then', async (context) => {
  const views = await viewsOf(context, 'open accept(t1 a@x) +60 accept(t2 a@x)')
  const [first, second] = views.mailbox('a@x')!
  const ids = (asOf: number) => views.mailbox('a@x', { asOf })?.map(({ message }) => message)
  assert.deepEqual(ids(Date.parse(first!.filedAt) - 1), [])
  assert.deepEqual(ids(Date.parse(first!.filedAt)), ['t1'])
  assert.deepEqual(ids(Date.parse(second!.filedAt)), ['t1', 't2'])
})
