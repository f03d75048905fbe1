/** What the lists say when there is nothing to list, how their columns are called, and numbers of one. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { byQueued } from '../../src/cli/deliveries.ts'
import { counted } from '../../src/cli/terminal.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'
import { openViews } from '../../src/views/index.ts'
import { folder, fsmtp } from '../authentication/command.ts'
import { tellDelivery } from '../history/deliveries.ts'
import { policyAppend } from '../history/recorder.ts'
import { policy, policyHash } from '../history/sessions.ts'
import { beginning } from '../projections/marbles.ts'
import { atEnd, directoryFor, foldAll } from '../projections/views.ts'

const cwd = folder()
const data = join(cwd, 'data')

before(async () => {
  const log = await openSqliteLog({ directory: data })
  await log.append([policyAppend(policyHash, policy)])
  await log.close()
})

for (const [words, said] of [
  [['sessions'], 'nothing was received yet: no client has come so far\n'],
  [['sessions', '--outcome', 'refused'], 'nothing was received yet: no client has come so far\n'],
  [['messages'], 'nothing was received yet; `fsmtp sessions` shows who tried\n'],
  [['messages', '--since', '1d'], 'nothing was received yet; `fsmtp sessions` shows who tried\n'],
] as const)
  test(`${words.join(' ')}, before anything came`, async () => {
    assert.deepEqual(await fsmtp(cwd, words), { code: 0, out: '', err: said })
  })

test('numbers of one', async () => {
  assert.deepEqual(
    [counted(0, 'event'), counted(1, 'event'), counted(2, 'history', 'histories')],
    ['0 events', '1 event', '2 histories'],
  )
  assert.match((await fsmtp(cwd, ['verify'])).out, /^0 streams, 0 transitions, 0 messages in /)
  const copy = folder()
  const { code, out, err } = await fsmtp(copy, ['import', '-'], (await fsmtp(cwd, ['export', '--all'])).out)
  assert.deepEqual({ code, out, err }, { code: 0, out: '1 event imported\n', err: '' })
})

test('every table has the same kind of header', async () => {
  const place = folder()
  await fsmtp(place, ['user', 'add', 'ann@example.org', '--generate', '--data', data])
  await fsmtp(place, ['domain', 'add', 'example.net', '--data', data])
  for (const [words, header] of [
    [['user', 'list'], /^ACCOUNT +OTHER ADDRESSES\nann@example\.org/],
    [['domain', 'list'], /^DOMAIN +CATCH-ALL +ALIASES +DKIM +WRITTEN IN\nexample\.net/],
    [['config', 'show'], /^SETTING +FROM +VALUE\nhostname/],
  ] as const)
    assert.match((await fsmtp(place, [...words, '--data', data])).out, header)
})

test('export says what it wrote, and replaces a file only when told to', async () => {
  const place = folder()
  const words = ['export', `policy-${policyHash}`, '--data', data, '--out', 'one.ndjson']
  const first = await fsmtp(place, words)
  const text = await readFile(join(place, 'one.ndjson'))
  const said = `fsmtp: exported 1 stream, 1 event, ${text.length} bytes to one.ndjson\n`
  assert.deepEqual(first, { code: 0, out: '', err: said })
  assert.deepEqual(await fsmtp(place, words), {
    ...{ code: 1, out: '' },
    err: 'fsmtp: one.ndjson is there already; name another file, or give --force to replace it\n',
  })
  assert.deepEqual(await fsmtp(place, [...words, '--force']), first)
  const piped = await fsmtp(place, words.slice(0, -2))
  assert.equal(piped.out, text.toString())
  assert.equal(piped.err, said.replace(' to one.ndjson', ''))
  assert.ok(!existsSync(join(place, 'one.ndjson.unfinished')))
})

test('deliveries come in the order in which they were queued, whatever their ids say, all of them or the newest so many', async (t) => {
  const directory = directoryFor(t)
  const log = openMemoryLog()
  // What came in first is queued last; among many, so that one page is not all.
  const all = Array.from({ length: 2_050 }, (_, at) => `t${String(at).padStart(6, '0')}`)
  for (const [at, id] of all.entries())
    await tellDelivery(log, id, 'queue', { message: id, start: beginning + (all.length - at) * 1_000 })
  await foldAll({ directory, log, batch: 500 })
  const views = openViews({ directory, log })
  atEnd(t, () => views.close())
  const told = (limit?: number): readonly string[] =>
    [...byQueued((filter) => views.deliveries(filter), { limit })].map(({ id }) => id)
  assert.deepEqual(told(), all.toReversed())
  assert.deepEqual(told(3), all.slice(0, 3).toReversed())
  assert.deepEqual(told(2_000), all.slice(0, 2_000).toReversed())
})
