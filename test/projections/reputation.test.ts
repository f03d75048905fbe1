import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Day, dayOf, faults, karmaScore } from '../../projections/karma.ts'
import { faultOf, reputation, senderKey } from '../../projections/reputation.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import type { ViewReader } from '../../src/views/index.ts'
import { openViews } from '../../src/views/index.ts'
import { rowsOf } from '../tables/table.ts'
import { beginning, Teller } from './marbles.ts'
import { atEnd, directoryFor, foldAll, viewsOf } from './views.ts'

const file = new URL('./reputation.md', import.meta.url)
const firstDay = dayOf(beginning)

const daysIn = (views: ViewReader): string =>
  [...views.networks().values()]
    .flat()
    .map((day) => {
      const counts = (['accepted', ...faults, 'putOff'] as const)
        .filter((name) => day[name] > 0)
        .map((name) => `${name}=${day[name]}`)
      return `${day.network} +${day.day - firstDay} ${counts.join(' ')}`
    })
    .join('; ')

/** Of every network that the lines of the table name: one may have senders and no days any more. */
const networks = ['192.0.2.0/24', '198.51.100.0/24', '2001:db8:0:0::/64']
const sendersIn = (views: ViewReader): string =>
  networks
    .flatMap((network) => views.acquaintances(network, 10))
    .map(({ network, sender, accepted, putOffAt }) => {
      const waits = putOffAt === null ? '' : ` waits=${(putOffAt - beginning) / 1_000}`
      return `${network} ${sender} accepted=${accepted}${waits}`
    })
    .sort()
    .join('; ')

for (const row of rowsOf(file, 'Reputation')) {
  const events = row.cell('events')
  test(`reputation.md:${row.line} ${events}`, async (context) => {
    const views = await viewsOf(context, events)
    assert.deepEqual(
      { days: daysIn(views), senders: sendersIn(views) },
      { days: row.cell('days'), senders: row.cell('senders') },
    )
  })
}

for (const row of rowsOf(file, 'Senders'))
  test(`reputation.md:${row.line} ${row.cell('sender')}`, () => {
    assert.equal(senderKey(row.cell('sender')), row.cell('known as'))
  })

for (const row of rowsOf(file, 'Refusals'))
  test(`reputation.md:${row.line} ${row.cell('code')} ${row.cell('reason')}`, () => {
    assert.equal(faultOf(Number(row.cell('code')), row.cell('reason')) ?? '', row.cell('counts as'))
  })

const now = 1_800_000_000_000
const idle = { accepted: 0, junk: 0, unknown: 0, policy: 0, protocol: 0, relaying: 0, logins: 0 }
const dayIn = (text: string): Day => {
  const [ago = '', counts = ''] = text.split(': ')
  const given = counts.split(' ').map((count) => count.split('='))
  return {
    ...{ ...idle, day: dayOf(now) - Number(ago) },
    ...Object.fromEntries(given.map(([name, count]) => [name, Number(count)])),
  }
}
for (const row of rowsOf(file, 'Karma'))
  test(`reputation.md:${row.line} ${row.cell('found')}`, () => {
    const days = row.cell('found') === '' ? [] : row.cell('found').split('; ').map(dayIn)
    assert.equal(String(karmaScore(days, now)), row.cell('score'))
  })

const long = `a:from(192.0.2.9) a:mail a:norcpt(x@example.org greylisted) a:quit +600 b:from(192.0.2.77) b:mail b:took(t1) b:quit
  c:from(198.51.100.4) c:mail(z@example.net) c:norcpt(x@example.org greylisted) +90000 d:open d:mail d:norcpt +345600
  e:from(192.0.2.8) e:mail e:norcpt(x@example.org greylisted) e:took(t2) e:quit c:norcpt(x@example.org greylisted) +3110400
  f:from(192.0.2.9) f:mail f:norcpt(x@example.org greylisted) d:norcpt f:took(t3 x@example.net) f:quit g:from(2001:db8::9) g:took(t4)`

test('whatever the batches are, and built again from the beginning, the rows are the same', async (context) => {
  const log = openMemoryLog()
  await new Teller(log).tell(long)
  const checksums = []
  for (const batch of [1, 2, 3, 5, 8, 1000]) {
    const directory = directoryFor(context)
    await foldAll({ directory, log, batch, projections: [reputation] })
    const views = openViews({ directory, log, projections: [reputation] })
    atEnd(context, () => views.close())
    const [found] = await views.checked()
    assert.equal(found?.state, 'live')
    assert.equal(found.rows, 7)
    checksums.push(found.checksum)
    await views.rebuild(['reputation'])
    checksums.push((await views.checked())[0]?.checksum)
  }
  assert.equal(new Set(checksums).size, 1)
})
