/** `fsmtp machines`: what is laid over a picture, and what a machine says of itself. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { draw } from '../../machines/drawing/index.ts'
import { machines } from '../../machines/index.ts'
import { session } from '../../machines/session/index.ts'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'
import { folder, fsmtp } from '../authentication/command.ts'
import { tagsOf } from '../drawing/xml.ts'
import { appendOf, policyAppend, record } from '../history/recorder.ts'
import { policy, policyHash, sessionSaid } from '../history/sessions.ts'

const cwd = folder()

before(async () => {
  const log = await openSqliteLog({ directory: join(cwd, 'data') })
  const life = record(session, policy, sessionSaid([]))
  await log.append([policyAppend(policyHash, policy), appendOf('smtp_session-01kdy4z8m20000abcdef', life)])
  await log.close()
})

const well = async (...words: string[]): Promise<string> => {
  const { code, out, err } = await fsmtp(cwd, ['machines', ...words])
  assert.equal(code, 0, err)
  return out
}

test('counts stand in every picture; without --format it is an SVG', async () => {
  const said = tagsOf(await well('session', '--counts')).map(({ text }) => text)
  assert.ok(said.includes('1 time, after 250 ms'))
  const mermaid = await well('session', '--counts', '--format', 'mermaid')
  assert.match(mermaid, /greeted --> identified: 1 time, after 250 ms<br\/>EHLO<br\/>HELO\n/)
  assert.match(mermaid, /greeted --> securing: never<br\/>STARTTLS\n/)
  assert.match(await well('session', '--counts', '--format', 'dot'), /label="1 time, after 250 ms\\lEHLO\\l/)
  const { code, err } = await fsmtp(cwd, ['machines', 'session', '--counts', '--format', 'scxml'])
  assert.equal(code, 2)
  assert.match(err, /SCXML has no place for counts/)
})

test('--json prints the machine as one object, with its counts in it where they are asked for', async () => {
  const line = async (...words: string[]) => {
    const lines = (await well('session', '--json', ...words)).trimEnd().split('\n')
    assert.equal(lines.length, 1)
    return JSON.parse(lines[0]!) as {
      name: string
      states: object[]
      flow?: { items: { from: string; count: number; meanMs: number }[]; states: object[] }
    }
  }
  const bare = await line()
  assert.deepEqual([bare.name, bare.states.length > 5, 'flow' in bare], ['session', true, false])
  assert.deepEqual(bare, JSON.parse(await well('session', '--format', 'json')))
  const { flow, ...machine } = await line('--counts')
  assert.deepEqual(machine, bare)
  const greeted = flow?.items.find(({ from }) => from === 'greeted')
  assert.deepEqual([greeted?.count, greeted?.meanMs], [1, 250])
  assert.ok((flow?.states.length ?? 0) > 0)
  const { code, err } = await fsmtp(cwd, ['machines', 'session', '--json', '--format', 'svg'])
  assert.deepEqual(
    [code, err],
    [2, 'fsmtp: --json prints the machine as an object: leave out --format svg, or --json\n'],
  )
})

test('counts of a period: what happened outside of it is not counted', async () => {
  const of = (...words: string[]) => well('session', '--counts', '--format', 'dot', ...words)
  assert.match(await of('--until', '1s'), /1 time, after 250 ms/)
  assert.doesNotMatch(await of('--since', '1s'), /1 time, after/)
  assert.doesNotMatch(await of('--until', '2020-01-01'), /1 time, after/)
  const { code, err } = await fsmtp(cwd, ['machines', 'session', '--since', '1h'])
  assert.equal(code, 2)
  assert.match(err, /--since and --until are about counts: add --counts/)
})

test('every machine says what it is', async () => {
  for (const { name, machine } of machines) {
    assert.notEqual(draw(machine).states[0]?.description, '')
    const { description } = JSON.parse(await well(name, '--format', 'json')) as { description: string }
    assert.match(description, /^[A-Z].*\.$/)
  }
  const listed = (await well('--format', 'json')).trimEnd().split('\n')
  for (const [at, { name }] of machines.entries()) {
    const one = JSON.parse(listed[at]!) as { name: string; description: string }
    assert.deepEqual([one.name, one.description === ''], [name, false])
  }
})

test('a picture is of one machine', async () => {
  for (const words of [['--counts'], ['--format', 'svg']]) {
    const { code, err } = await fsmtp(cwd, ['machines', ...words])
    assert.deepEqual([code, err], [2, 'fsmtp: say which machine to draw: session, delivery\n'])
  }
})
