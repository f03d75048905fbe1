/** `fsmtp events`: where it begins, and what it says when there is nothing. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { before, type TestContext, test } from 'node:test'
import { session } from '../../machines/session/index.ts'
import type { Append } from '../../src/log/port.ts'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'
import { folder, fsmtp } from '../authentication/command.ts'
import { appendOf, policyAppend, record } from '../history/recorder.ts'
import { policy, policyHash, sessionSaid } from '../history/sessions.ts'

const life = record(session, policy, sessionSaid([]))
const stream = 'smtp_session-01kdy4z8m20000abcdef'
const cwd = folder()

const append = async (place: string, appends: readonly Append[]): Promise<void> => {
  const log = await openSqliteLog({ directory: join(place, 'data') })
  await log.append(appends)
  await log.close()
}

before(() => append(cwd, [policyAppend(policyHash, policy), appendOf(stream, life)]))

/** `fsmtp events --follow` and more words; lines of its answer, and what it remarks. */
const followed = (t: TestContext, place: string, ...words: string[]) => {
  const main = new URL('../../src/cli/main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [main, 'events', '--follow', '--json', ...words], { cwd: place })
  t.after(() => child.kill())
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const remarks = createInterface({ input: child.stderr })[Symbol.asyncIterator]()
  return {
    child,
    next: async () => (JSON.parse(String((await lines.next()).value)) as { type: string }).type,
    remark: async () => String((await remarks.next()).value),
  }
}

test('--follow alone begins now, and says how to see the rest', async (t) => {
  const place = folder()
  await append(place, [policyAppend(policyHash, policy)])
  const { child, next, remark } = followed(t, place)
  assert.match(await remark(), /^following what comes after position 1; --after 0 shows everything/)
  await append(place, [appendOf(stream, life)])
  assert.deepEqual([await next(), await next()], ['SessionOpened', 'ClientIdentified'])
  child.kill('SIGINT')
  assert.deepEqual(await once(child, 'exit'), [0, null])
})

test('--follow --after shows what came after that position, then what another process appends', async (t) => {
  const place = folder()
  await append(place, [policyAppend(policyHash, policy)])
  const { next } = followed(t, place, '--after', '0')
  assert.equal(await next(), 'PolicyAdopted')
  await append(place, [appendOf(stream, life)])
  assert.deepEqual([await next(), await next()], ['SessionOpened', 'ClientIdentified'])
})

for (const [words, code, said] of [
  [
    ['--type', 'Nonsense'],
    1,
    /^fsmtp: there is no event type Nonsense; there are SessionOpened, .*SenderRefused.*\n$/,
  ],
  [
    ['--type', 'MesageAccepted'],
    1,
    /^fsmtp: there is no event type MesageAccepted; did you mean MessageAccepted\?\n$/,
  ],
  [['--follow', '--type', 'sessionopened'], 1, /did you mean SessionOpened\?\n$/],
  [['--type', 'MessageAccepted'], 0, /^no event fits\n$/],
  [['--after', '999'], 0, /^no event fits\n$/],
  [['--stream', 'unknown-1'], 1, /^fsmtp: there is no stream unknown-1\n$/],
  [['--stream', stream, '--after', '999'], 0, /^no event fits\n$/],
  [['--stream', 'domain'], 0, /^there is no stream of domain yet\n$/],
  [
    ['--stream', 'sessions'],
    1,
    /^fsmtp: there are no streams of sessions; there may be some of smtp_session, /,
  ],
] as const)
  test(`events ${words.join(' ')}: nothing to show, and why`, async () => {
    const ran = await fsmtp(cwd, ['events', ...words])
    assert.equal(ran.out, '')
    assert.match(ran.err, said)
    assert.equal(ran.code, code)
  })

test('the newest come first where that is asked, of all, of one stream, behind a position', async () => {
  const ran = async (...words: string[]): Promise<number[]> => {
    const { code, out } = await fsmtp(cwd, ['events', '--json', ...words])
    assert.equal(code, 0)
    return out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { position: number }).position)
  }
  for (const words of [[], ['--stream', stream], ['--stream', 'smtp_session'], ['--after', '1']]) {
    const all = await ran(...words)
    assert.ok(all.length > 1)
    assert.deepEqual(await ran('--newest', ...words), all.toReversed())
    assert.deepEqual(await ran('--newest', '--limit', '2', ...words), all.toReversed().slice(0, 2))
  }
  const both = await fsmtp(cwd, ['events', '--newest', '--follow'])
  assert.deepEqual([both.code, /leave out --newest/.test(both.err)], [2, true])
})

test('a type of another release is shown where the log has it', async () => {
  const place = folder()
  const [first] = life
  assert.ok(first)
  const kind = { ...first.kind, type: 'SessionPondered' }
  await append(place, [appendOf('smtp_session-other', [{ ...first, kind }])])
  const { code, out } = await fsmtp(place, ['events', '--type', 'SessionPondered'])
  assert.equal(code, 0)
  assert.match(out, /smtp_session-other 0 {2}SessionPondered/)
})
