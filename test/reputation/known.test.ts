import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { reputation } from '../../projections/reputation.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { Known } from '../../src/reputation/known.ts'
import { viewsFile } from '../../src/views/database.ts'
import { beginning, Teller } from '../projections/marbles.ts'
import { atEnd, directoryFor, foldAll } from '../projections/views.ts'

const second = 1_000
const day = 86_400 * second

const knowing = async (context: TestContext, line: string) => {
  const directory = directoryFor(context)
  const teller = new Teller(openMemoryLog())
  const { log } = teller
  const clock = { now: beginning + 10 * second }
  const known = new Known({ directory, log, now: () => clock.now })
  atEnd(context, () => known.close())
  await teller.tell(line)
  const fold = () => foldAll({ directory, log, projections: [reputation] })
  return { clock, directory, fold, known, teller }
}
const nobody = { waited: null, accepted: 0 }

test('before anybody looked, and where there is no view, nobody knows', async (context) => {
  const { fold, known } = await knowing(context, 'open took(t1) quit')
  assert.equal(known.karmaOf('192.0.2.1'), undefined)
  await known.look()
  assert.equal(known.karmaOf('192.0.2.1'), undefined)
  await fold()
  await known.look()
  assert.deepEqual(known.karmaOf('192.0.2.200'), { network: '192.0.2.0/24', score: 9 })
  assert.deepEqual(known.karmaOf('198.51.100.1'), { network: '198.51.100.0/24', score: 0 })
})

test('a pair is known under one name, from all of its network, until its time is over', async (context) => {
  const { clock, fold, known } = await knowing(
    context,
    'from(192.0.2.9) mail norcpt(x@example.org greylisted) quit b:open b:took(t1 bob+1@example.net)',
  )
  await fold()
  await known.look()
  assert.deepEqual(known.acquaintanceOf('192.0.2.1', 'Alice@example.net'), {
    waited: 7 * second,
    accepted: 0,
  })
  assert.deepEqual(known.acquaintanceOf('192.0.2.1', 'bob+2@example.net'), { waited: null, accepted: 1 })
  assert.deepEqual(known.acquaintanceOf('192.0.2.1', 'carol@example.net'), nobody)
  assert.deepEqual(known.acquaintanceOf('198.51.100.1', 'alice@example.net'), nobody)
  clock.now += 3 * day
  await known.look()
  assert.deepEqual(known.acquaintanceOf('192.0.2.1', 'alice@example.net'), nobody)
  assert.equal(known.acquaintanceOf('192.0.2.1', 'bob@example.net')?.accepted, 1)
  clock.now += 33 * day
  await known.look()
  assert.deepEqual(known.acquaintanceOf('192.0.2.1', 'bob@example.net'), nobody)
})

test('a view that is behind by more than half a minute knows nobody, and knows again when it has caught up', async (context) => {
  const { clock, fold, known, teller } = await knowing(context, 'open took(t1) quit')
  await fold()
  await known.look()
  await teller.tell('b:open b:took(t2)')
  const later = async (seconds: number) => {
    clock.now += seconds * second
    await known.look()
    return known.karmaOf('192.0.2.1')?.score
  }
  assert.equal(await later(5), 9)
  assert.equal(await later(29), 9)
  assert.equal(await later(2), undefined)
  await fold()
  assert.equal(await later(1), 17)
  await teller.tell('c:open')
  // Nobody looked for a while.
  clock.now += 11 * second
  assert.equal(known.karmaOf('192.0.2.1'), undefined)
  assert.equal(await later(0), 17)
})

test('a server that starts with a view that is behind knows nobody before it has caught up', async (context) => {
  const { fold, known, teller } = await knowing(context, 'open took(t1) quit')
  await fold()
  await teller.tell('b:open b:took(t2)')
  await known.look()
  assert.equal(known.karmaOf('192.0.2.1'), undefined)
  await fold()
  await known.look()
  assert.equal(known.karmaOf('192.0.2.1')?.score, 17)
})

test('a view that stopped knows nobody', async (context) => {
  const { fold, known, teller } = await knowing(context, 'open took(t1) quit')
  await teller.tellNonsense('smtp_session-bad', 'SessionOpened', { door: 'open' })
  await fold()
  await known.look()
  assert.equal(known.karmaOf('192.0.2.1'), undefined)
  assert.equal(known.acquaintanceOf('192.0.2.1', 'alice@example.net'), undefined)
})

test('a file that was deleted and made anew is read anew', async (context) => {
  const { directory, fold, known, teller } = await knowing(context, 'open took(t1) quit')
  await fold()
  await known.look()
  for (const suffix of ['', '-wal', '-shm']) rmSync(viewsFile(directory) + suffix, { force: true })
  await known.look()
  assert.equal(known.karmaOf('192.0.2.1'), undefined)
  await teller.tell('b:open b:took(t2)')
  await fold()
  await known.look()
  assert.equal(known.karmaOf('192.0.2.1')?.score, 17)
})
