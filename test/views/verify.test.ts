/** `fsmtp verify` looks at the views too, and goes on past what it cannot read. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { kindOf, type NewEvent } from '../../src/log/port.ts'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'
import { fsmtp } from '../authentication/command.ts'

const domain = (name: string, type = 'DomainAdded'): NewEvent => ({
  ...{ id: randomUUID(), kind: kindOf(type, 1, {}), at: 1_700_000_000_000 },
  data: { domain: name, catchAll: null },
})

const placeWith = async (t: TestContext, events: readonly NewEvent[]): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'fsmtp-verify-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const log = await openSqliteLog({ directory: join(folder, 'data') })
  for (const [at, event] of events.entries())
    await log.append([{ stream: `domain-${at}.example`, expected: -1, events: [event] }])
  await log.close()
  return folder
}

const spoil = (folder: string, sql: string): void => {
  const log = new DatabaseSync(join(folder, 'data', 'log.sqlite'))
  log.exec(sql)
  log.close()
}

test('a view that stopped is a fault', async (t) => {
  const folder = await placeWith(t, [domain('a.example'), domain('b.example', 'MessageAccepted')])
  const { code, out } = await fsmtp(folder, ['verify'])
  assert.equal(code, 1)
  assert.match(out, /^view messages \(position 2\): it stopped here and holds nothing of what came later: /m)
  assert.match(out, /not well: .*\d views stopped or ahead of the log\n$/)
})

test('a log that lost its end is found out by the views', async (t) => {
  const folder = await placeWith(
    t,
    ['a.example', 'b.example', 'c.example'].map((name) => domain(name)),
  )
  assert.equal((await fsmtp(folder, ['verify'])).code, 0)
  spoil(folder, 'DELETE FROM records WHERE position > 1')
  const { code, out } = await fsmtp(folder, ['verify'])
  assert.equal(code, 1)
  assert.match(out, /^view sessions \(position 3\): the log ends at position 1: it lost what came after$/m)
})

test('damaged records are all named, and the summary is given', async (t) => {
  const folder = await placeWith(
    t,
    ['a', 'b', 'c', 'd'].map((name) => domain(`${name}.example`)),
  )
  spoil(folder, `UPDATE records SET body = replace(body, 'example', 'exampel') WHERE position IN (1, 3)`)
  const { code, out } = await fsmtp(folder, ['verify'])
  assert.equal(code, 1)
  for (const position of [1, 3])
    assert.match(out, new RegExp(`^the log is damaged at position ${position}: a row`, 'm'))
  assert.match(out, /^\d+ streams, .*\nnot well: 2 places of the log damaged/m)
})
