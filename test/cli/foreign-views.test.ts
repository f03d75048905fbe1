/** Views that another release made, as commands find them while a server has not built them again yet. */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { serveControl } from '../../src/control.ts'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'
import { viewsFile } from '../../src/views/database.ts'
import { registered } from '../../src/views/register.ts'
import { Teller } from '../projections/marbles.ts'
import { fsmtp, scratch } from '../server.ts'

/** Views of a log, one of them as an earlier release left it; a server is there, and builds nothing. */
const place = async (t: TestContext, { building }: { readonly building: boolean }): Promise<string> => {
  const data = scratch('foreign')
  const log = await openSqliteLog({ directory: data })
  t.after(() => log.close())
  await new Teller(log).tell('open accept(t1 bob@example.org carol@example.com=>mx.example.com) quit')
  assert.equal((await fsmtp(data, ['deliveries', '--data', data])).code, 0)
  const db = new DatabaseSync(viewsFile(data))
  const own = registered(db).find(({ name }) => name === 'deliveries')!
  db.exec(`UPDATE views SET version = 0 WHERE name = 'deliveries'`)
  if (building)
    db.exec(
      `INSERT INTO views (name, generation, version, role, position) VALUES ('deliveries', 999, ${own.version}, 'next', 1)`,
    )
  db.close()
  const control = await serveControl(data, log)
  t.after(() => control.close())
  return data
}

const asked = ['deliveries', 'messages', 'delivery t1', 'retry --status deferred', 'message t1'] as const

test('a view that is being built again: a sentence that says how far it is, exit 1', async (t) => {
  const data = await place(t, { building: true })
  for (const words of asked.slice(0, 2)) {
    const { code, stdout, stderr } = await fsmtp(data, [...words.split(' '), '--data', data])
    assert.deepEqual([code, stdout], [1, ''])
    assert.equal(
      stderr,
      'fsmtp: the view deliveries is being built again for this release, from the log, and has read it up to position 1; try again in a moment, `fsmtp views` shows how far it is\n',
    )
  }
})

test('nobody builds it: who runs here is of another release', async (t) => {
  const data = await place(t, { building: false })
  for (const words of asked.slice(2)) {
    const { code, stderr } = await fsmtp(data, [...words.split(' '), '--data', data])
    assert.equal(code, 1)
    assert.match(stderr, /^fsmtp: the view deliveries has version 0, which this release cannot read, .*\n$/)
  }
})

test('other views answer as ever, without waiting for it', async (t) => {
  const data = await place(t, { building: true })
  const { code, stdout, stderr } = await fsmtp(data, ['mailboxes', '--data', data])
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /bob@example\.org/)
})
