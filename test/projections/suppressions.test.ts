import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { saysNoSuchAddress } from '../../machines/vocabulary/suppression.ts'
import { suppressions } from '../../projections/suppressions.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { type EventLog, kindOf } from '../../src/log/port.ts'
import { openViews } from '../../src/views/index.ts'
import { tellDelivery } from '../history/deliveries.ts'
import { rowsOf } from '../tables/table.ts'
import { atEnd, directoryFor, foldAll } from './views.ts'

const file = new URL('./suppressions.md', import.meta.url)

for (const row of rowsOf(file, 'Answers')) {
  const [code, enhanced, said] = [row.cell('code'), row.cell('enhanced'), row.cell('said to')]
  test(`suppressions.md:${row.line} ${code} ${enhanced} ${said}: ${row.cell('because')}`, () => {
    const reply = {
      ...{ code: Number(code), enhanced, text: '', command: said || 'RCPT' },
      ...(said === 'own' && ({ command: 'RCPT', own: true } as const)),
    }
    assert.equal(saysNoSuchAddress(reply) ? 'yes' : '', row.cell('gone'))
  })
}

const day = 86_400_000
const start = Date.UTC(2026, 0, 1)

const change = async (log: EventLog, what: string, address: string, at: number): Promise<void> => {
  const fact = what === 'add' ? 'SuppressionAdded' : 'SuppressionCleared'
  const stream = `suppression-${address}`
  let length = 0
  for await (const page of log.readStream(stream)) length += page.length
  const event = { id: randomUUID(), kind: kindOf(fact, 1, {}), at, data: { address, by: 'operator' } }
  await log.append([{ stream, expected: length - 1, events: [event] }])
}

const tellAll = async (log: EventLog, lives: readonly string[], apart = 3_600_000): Promise<void> => {
  for (const [at, life] of lives.entries()) {
    const [what = '', address = ''] = life.split(' ')
    const time = start + at * apart
    if (what === 'add' || what === 'clear') await change(log, what, address, time)
    else await tellDelivery(log, `d${at}`, life, { start: time })
  }
}

const viewsAfter = async (context: TestContext, lives: readonly string[], apart?: number) => {
  const directory = directoryFor(context)
  const log = openMemoryLog()
  await tellAll(log, lives, apart)
  await foldAll({ directory, log, batch: 3 })
  const views = openViews({ directory, log })
  atEnd(context, () => views.close())
  return views
}

for (const row of rowsOf(file, 'Suppressions')) {
  const lives = row.cell('lives')
  test(`suppressions.md:${row.line} ${lives}`, async (context) => {
    const views = await viewsAfter(context, lives.split('; '))
    const list = views
      .suppressions()
      .map(({ address, failures, addedAt }) => `${address} ${failures}${addedAt === null ? '' : ' added'}`)
    assert.equal(list.join('; '), row.cell('list'))
  })
}

const failed = 'queue start route connected end(bob@y=550)'

test('an address on the list says since when, why, and by which delivery', async (context) => {
  const views = await viewsAfter(context, [failed])
  assert.deepEqual(
    { ...views.suppression('bob@y') },
    {
      ...{ address: 'bob@y', failures: 1, at: start + 4_000 },
      ...{ enhanced: '5.1.1', reply: '550 5.1.1 No such user', delivery: 'd0', addedAt: null, by: null },
    },
  )
  assert.equal(views.suppression('Bob@y'), null)
})

test('what was heard more than a year ago is forgotten, what somebody added is not', async (context) => {
  const eve = 'queue(eve@y) start route connected end(eve@y=550)'
  const views = await viewsAfter(context, [failed, 'add carol@y', eve], 201 * day)
  assert.deepEqual(
    views.suppressions().map(({ address }) => address),
    ['eve@y', 'carol@y'],
  )
})

test('whatever the batches are, the rows are the same', async (context) => {
  const log = openMemoryLog()
  const eve = 'queue(eve@y) start route connected end(eve@y=550)'
  await tellAll(log, [failed, eve, 'add bob@y', 'clear eve@y', failed, eve], 90 * day)
  const checksums = []
  for (const batch of [1, 2, 5, 1000]) {
    const directory = directoryFor(context)
    await foldAll({ directory, log, batch, projections: [suppressions] })
    const views = openViews({ directory, log, projections: [suppressions] })
    atEnd(context, () => views.close())
    checksums.push((await views.checked())[0]?.checksum)
  }
  assert.equal(new Set(checksums).size, 1)
})
