/** What has become of each recipient's mail, as the view of deliveries tells the ledger. */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { openDeliveryBooks } from '../../src/cli/delivery-books.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { viewsFile } from '../../src/views/database.ts'
import { Teller } from '../projections/marbles.ts'
import { atEnd, directoryFor, foldAll } from '../projections/views.ts'
import { tellDelivery } from './deliveries.ts'

const fates = async (context: TestContext, life: string, after = '', spoil = ''): Promise<string> => {
  const directory = directoryFor(context)
  const log = openMemoryLog()
  const teller = new Teller(log)
  await teller.tell('open accept(t1 bob@y=>y eve@y=>y dan@z=>z)')
  await tellDelivery(log, 'd1', life)
  await teller.tell(after)
  await foldAll({ directory, log })
  if (spoil !== '') {
    const database = new DatabaseSync(viewsFile(directory))
    for (const { name } of database
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE ? || '\\__%' ESCAPE '\\'`)
      .all(spoil))
      database.exec(`DELETE FROM "${String(name)}"`)
    database.close()
  }
  const books = openDeliveryBooks(directory)
  assert.ok(books !== null)
  atEnd(context, () => books.close())
  return ['bob', 'eve'].map((name) => books.fate('t1', 'y', `${name}@y`)).join(', ')
}

const parted = 'queue(bob@y eve@y) start route connected end(bob@y=550 eve@y=451)'

test('a recipient has its fate while the delivery goes on', async (context) => {
  assert.equal(await fates(context, 'queue(bob@y eve@y) start'), 'going on, going on')
  assert.equal(await fates(context, parted), 'failed and told, going on')
  assert.equal(
    await fates(context, `${parted} start route connected end(eve@y=250)`),
    'failed and told, ended well',
  )
})

test('told is who stands in a notice that is owed, was made, or was dropped for a reason', async (context) => {
  const made = 'report(n1 d1 failed alice@example.net 1)'
  assert.equal(await fates(context, parted, made), 'failed and told, going on')
  assert.equal(
    await fates(context, parted, 'dropped(d1 failed 1 nobody-to-tell)'),
    'failed and told, going on',
  )
})

test('the notice of one attempt does not stand for those who failed in another', async (context) => {
  const both = `${parted} start route connected end(eve@y=550)`
  const first = 'report(n1 d1 failed alice@example.net 1)'
  assert.equal(await fates(context, both, first), 'failed and told, failed and told')
  assert.equal(await fates(context, both, first, 'notices_due'), 'failed and told, failed and not told')
})

test('who did not want to hear of it stands in none', async (context) => {
  assert.equal(
    await fates(context, 'queue(bob@y/NEVER eve@y) start route connected end(bob@y=550 eve@y=250)'),
    'failed and not told, ended well',
  )
})
