/** A machine that was suspended: its own clock stood still, and the lease is over all the same. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as soon } from 'node:timers/promises'
import { openMemoryLog } from '../../src/log/memory.ts'
import { elapsedBy } from '../../src/nodes/elapsed.ts'
import { join } from '../../src/nodes/membership.ts'

const scripted = () => {
  const time = { own: 500, system: 70_000 }
  return {
    time,
    elapsed: elapsedBy({ own: () => time.own, system: () => time.system }),
    pass: (milliseconds: number) => {
      time.own += milliseconds
      time.system += milliseconds
    },
  }
}

test('time passes as our own clock has it, and with what it missed', () => {
  const { time, elapsed, pass } = scripted()
  const begun = elapsed()
  pass(5_000)
  assert.equal(elapsed() - begun, 5_000)
  time.system += 60_000
  pass(100)
  assert.equal(elapsed() - begun, 65_100)
  pass(1_000)
  time.system += 30_000
  pass(10)
  assert.equal(elapsed() - begun, 96_110)
})

test('a coarse system clock, or one that goes back, changes nothing; nor one that is not there', () => {
  const { time, elapsed, pass } = scripted()
  const begun = elapsed()
  for (const off of [-1_000, 1_500, -50_000, 0]) {
    time.system += off
    pass(1_000)
    elapsed()
    time.system -= off
  }
  assert.equal(elapsed() - begun, 4_000)
  let own = 7
  const alone = elapsedBy({
    own: () => own,
    system: () => {
      throw new Error('no such thing')
    },
  })
  own += 100
  assert.equal(alone(), 107)
})

test('a server whose machine was suspended for its lease begins another life when it wakes, and acts not before', async (context: TestContext) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const { time, elapsed, pass } = scripted()
  const lease = 9_000
  const member = await join({
    ...{ log: openMemoryLog(), node: 'a', instance: 'i', lease, elapsed },
    ...{ vacated: () => {}, ousted: () => {}, warn: () => {} },
  })
  context.after(() => member.leave())
  const wait = async (milliseconds: number) => {
    pass(milliseconds)
    context.mock.timers.tick(milliseconds)
    for (let turn = 0; turn < 20; turn++) await soon()
  }
  await wait(1_000)
  assert.deepEqual([member.isAlive(), member.life()], [true, 1])
  // Neither its clock nor its timers go on.
  time.system += 60_000
  pass(20)
  assert.equal(member.isAlive(), false)
  await wait(lease / 3)
  assert.deepEqual([member.isAlive(), member.life()], [true, 2])
})
