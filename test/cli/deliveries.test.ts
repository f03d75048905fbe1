/** Deliveries from the command line: followed, acted upon, named by a part of their ids, replayed, and told in a message's trace. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { eventually, finished, objects, root } from '../server.ts'
import { type Playground, playground } from './playground.ts'

/** `fsmtp send --wait` to these, running; `said` resolves when it has told this of standard output. */
const waiting = (t: TestContext, { folder, mx }: Playground, to: string) => {
  const words = ['send', '--via', mx, '--to', to, '--wait']
  const child = spawn(process.execPath, [join(root, 'src/cli/main.ts'), ...words], { cwd: folder })
  t.after(() => child.kill('SIGKILL'))
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  return {
    ended: finished(child),
    said: async (pattern: RegExp): Promise<void> => {
      await eventually(
        () => {
          assert.ok(child.exitCode === null || pattern.test(output), `it ended: ${output}`)
          return pattern.test(output)
        },
        { what: String(pattern) },
      )
    },
  }
}

test('--wait tells each change, ends with the last one, and says no unless everybody has the mail', async (t) => {
  const ground = await playground(t)
  const good = await ground.run(...['send', '--via', ground.mx, '--wait', '--to', 'a@delivered.test'])
  assert.equal(good.code, 0, good.stderr)
  assert.match(good.stdout, /\n\w+ {2}a@delivered\.test {2}delivered: 250 2\.0\.0 /)
  const here = await ground.run(...['send', '--via', ground.mx, '--wait', '--to', 'you@example.org'])
  assert.deepEqual([here.code, here.stdout.split('\n')[1]], [0, 'in 1 mailbox here'])
  const bad = await ground.run(...['send', '--via', ground.mx, '--wait', '--to', 'a@bounced.test'])
  assert.equal(bad.code, 1)
  assert.match(bad.stdout, /a@bounced\.test {2}failed: 550 5\.1\.1 /)
  const later = waiting(t, ground, 'a@deferred.test')
  await later.said(/deferred: 451 4\.7\.1 .*; next attempt \d{4}-/)
  assert.equal((await ground.run('retry', '--status', 'deferred')).code, 0)
  const { code, stdout } = await later.ended
  assert.match(stdout, /deferred: 451.*\n(?:.*\n)*.*delivered: 250/)
  assert.equal(code, 0)
})

test('--wait ends when somebody holds it, when the server stops, and where the mail is nobody’s here', async (t) => {
  const ground = await playground(t)
  const held = waiting(t, ground, 'a@deferred.test')
  await held.said(/deferred: 451/)
  await ground.run('hold', '--status', 'deferred')
  const id = (await ground.standing('held', 1))[0]!.id
  const first = await held.ended
  assert.equal(first.code, 1)
  assert.equal(first.stderr, `${id} is held; release it with \`fsmtp release ${id}\`\n`)
  const elsewhere = await playground(t)
  const words = ['send', '--via', elsewhere.mx, '--to', 'you@example.org', '--wait']
  const other = await ground.run(...words)
  assert.equal(other.code, 1)
  assert.match(
    other.stderr,
    /^fsmtp: there is no message \w+ in .*: --wait follows mail that a server with this data took/,
  )
  const left = waiting(t, ground, 'b@deferred.test')
  await left.said(/deferred: 451/)
  assert.equal(await ground.server.end(), 0)
  const second = await left.ended
  assert.equal(second.code, 1)
  assert.match(
    second.stderr,
    /^the server has stopped; it goes on with what is left when it is started again\n$/,
  )
})

test('an act whose filter fits nothing says so and does nothing; ids and filters do not mix', async (t) => {
  const ground = await playground(t)
  await ground.send('--to', 'a@deferred.test')
  await ground.send('--to', 'a@delivered.test')
  await ground.standing('delivered', 1)
  const id = (await ground.standing('deferred', 1))[0]!.id
  for (const json of [[], ['--json']]) {
    const nothing = await ground.run('retry', '--domain', 'nowhere.test', ...json)
    assert.deepEqual(nothing, {
      ...{ code: 1, stdout: '' },
      stderr: 'fsmtp: no delivery fits; `fsmtp deliveries` lists all of them\n',
    })
    const other = await ground.run('retry', '--domain', 'delivered.test', ...json)
    assert.deepEqual(other, {
      ...{ code: 1, stdout: '' },
      stderr: 'fsmtp: 1 delivery fits but is delivered\n',
    })
  }
  const dry = await ground.run('cancel', '--domain', 'deferred.test', '--dry-run')
  assert.deepEqual([dry.code, dry.stderr], [0, '1 delivery fits; nothing was done\n'])
  assert.equal((await ground.run('hold', id, '--domain', 'deferred.test')).code, 2)
  assert.equal((await ground.run('hold')).code, 2)
  assert.equal((await ground.run('hold', '--status', 'lost')).code, 2)
  const done = await ground.run('hold', id, '--json')
  assert.deepEqual([done.code, objects(done)], [0, [{ id, done: true, state: 'held', status: 'held' }]])
  const again = await ground.run('retry', id)
  assert.deepEqual(
    [again.code, again.stdout],
    [1, `0 deliveries to be tried now\n${id}  not: it is held; release it first\n`],
  )
})

test('an id that stands for several: which they are, and what tells them apart', async (t) => {
  const ground = await playground(t)
  const { sent } = await ground.send('--to', 'a@bounced.test', '--to', 'a@deferred.test')
  const message = String(sent.id)
  await ground.standing('failed', 1)
  await ground.standing('deferred', 1)
  const { code, stderr } = await ground.run('delivery', message)
  assert.equal(code, 1)
  const [first, ...candidates] = stderr.trimEnd().split('\n')
  assert.equal(first, `fsmtp: "${message}" stands for more than one delivery; give the whole id:`)
  const told = candidates.map((line) => line.replace(/^ {2}\w{26} {2}|, queued .*$/g, '')).toSorted()
  assert.deepEqual(told, [
    'delivery to bounced.test for a@bounced.test, failed',
    'delivery to deferred.test for a@deferred.test, deferred',
  ])
  const { sent: alone } = await ground.send('--to', 'a@delivered.test')
  await ground.standing('delivered', 1)
  const found = await ground.run('delivery', String(alone.id), '--json')
  assert.equal(objects(found)[0]!.message, alone.id)
})

test('replay: times as times, line ends as such, and next without what would be refused', async (t) => {
  const ground = await playground(t)
  const { sent } = await ground.send('--to', 'a@deferred.test')
  const id = (await ground.standing('deferred', 1))[0]!.id
  await ground.run('hold', id)
  await ground.run('retry', id)
  const { stdout } = await ground.run('replay', id)
  const iso = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`
  for (const name of ['acceptedAt', 'startedAt', 'leaseUntil', 'endedAt', 'nextAttemptAt', 'actedAt'])
    assert.match(stdout, new RegExp(`^ {6}${name} +${iso}$`, 'm'))
  assert.match(stdout, new RegExp(`^ +dueAt = ${iso}$`, 'm'))
  assert.match(stdout, /^ {6}prefix +Received: .*\\r\\n\\tby localhost .*\\r\\n$/m)
  assert.doesNotMatch(stdout, /ï¿½|\b1[0-9]{12}\b/)
  assert.doesNotMatch(stdout, /At any time/)
  assert.match(stdout, /^ {6}held {3}ActRefused\n(?:.*\n)*? {6}next +RELEASE CANCEL\n/m)
  assert.match(stdout, /\nSo far: held\. Somebody stopped it; /)
  await ground.run('release', id)
  await ground.standing('delivered', 1)
  const steps = objects(await ground.run('replay', id, '--json'))
  const next = new Map(steps.map((step) => [step.to, (step.next as string[]).join(' ')]))
  assert.deepEqual(Object.fromEntries(next), {
    queued: 'START POSTPONE RETRY HOLD CANCEL',
    resolving: 'ROUTE ATTEMPT_ENDED LOST HOLD CANCEL',
    connecting: 'CONNECTED HOST_FAILED ATTEMPT_ENDED LOST HOLD CANCEL',
    sending: 'HOST_FAILED ATTEMPT_ENDED LOST HOLD CANCEL',
    waiting: 'START POSTPONE RETRY HOLD CANCEL',
    held: 'RELEASE CANCEL',
    delivered: '',
  })
  const session = await ground.run('replay', String(sent.id), '--at', '3')
  assert.match(session.stdout, /\nAt any time: \w+/)
})

test('messages says what became of mail for others; a trace is told in the order of its times', async (t) => {
  const ground = await playground(t)
  const to = ['a@deferred.test', 'b@delivered.test', 'c@bounced.test', 'you@example.org']
  const { sent } = await ground.send(...to.flatMap((address) => ['--to', address]))
  await ground.standing('deferred', 1)
  await ground.standing('delivered', 1)
  await ground.standing('failed', 1)
  const standing = async (): Promise<string> => {
    const line = (await ground.run('messages')).stdout
      .split('\n')
      .find((one) => one.startsWith(String(sent.id)))
    return (
      /filed.*$/
        .exec(line ?? '')?.[0]
        .trimEnd()
        .split(', ')
        .toSorted()
        .join(', ') ?? ''
    )
  }
  assert.equal(await standing(), '1 deferred, 1 delivered, 1 failed, filed')
  await ground.run('retry', '--status', 'deferred')
  await ground.standing('delivered', 2)
  assert.equal(await standing(), '1 failed, 2 delivered, filed')
  const lines = objects(await ground.run('message', String(sent.id), '--trace', '--json'))
  const times = lines.map(({ at }) => String(at))
  assert.deepEqual(times, times.toSorted())
  const hops = new Set(lines.flatMap(({ delivery }) => (delivery === undefined ? [] : [delivery])))
  assert.equal(hops.size, 3)
  for (const hop of hops) {
    const own = lines.filter(({ delivery, event }) => delivery === hop && event !== 'MessageAccepted')
    const positions = own.map(({ position }) => Number(position))
    assert.deepEqual(
      positions,
      positions.toSorted((one, other) => one - other),
    )
  }
})
