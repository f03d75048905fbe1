/** Connections kept for the next message: found again, let go in time, and never too many. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Wire } from '../../src/delivery/port.ts'
import { Wires } from '../../src/delivery/wires.ts'

type FakeWire = Wire & { usable: boolean; ended: string }
const wire = (): FakeWire => {
  const fake: FakeWire = {
    ...{ host: { name: 'mx', address: '192.0.2.1', port: 25 }, tls: null, greeting: '', extensions: [] },
    ...{ usable: true, ended: '' },
    send: () => assert.fail('nothing is sent here'),
    quit: async () => {
      fake.ended = 'quit'
    },
    destroy: () => {
      fake.ended = 'destroyed'
    },
  }
  return fake
}

test('a connection is kept for its destination, the latest is taken first', async () => {
  const wires = new Wires()
  const [first, second] = [wire(), wire()]
  wires.keep('x', first)
  wires.keep('x', second)
  assert.equal(wires.take('y'), null)
  assert.equal(wires.take('x'), second)
  assert.equal(wires.take('x'), first)
  assert.equal(wires.take('x'), null)
  wires.keep('x', first)
  await wires.close()
  assert.deepEqual([first.ended, second.ended], ['quit', ''])
})

test('one that the host has ended meanwhile is not given out', () => {
  const wires = new Wires()
  const [sound, broken] = [wire(), wire()]
  wires.keep('x', sound)
  wires.keep('x', broken)
  broken.usable = false
  assert.equal(wires.take('x'), sound)
  assert.equal(broken.ended, 'destroyed')
})

test('one that cannot take another message, or took a hundred, is ended', () => {
  const wires = new Wires()
  const [over, worn] = [wire(), wire()]
  over.usable = false
  wires.keep('x', over)
  for (let at = 0; at < 99; at++) {
    wires.keep('x', worn)
    assert.equal(wires.take('x'), worn)
  }
  wires.keep('x', worn)
  assert.deepEqual([over.ended, worn.ended], ['quit', 'quit'])
})

test('a hundred are kept in all: the oldest makes room, whosever it is', async () => {
  const wires = new Wires()
  const all = Array.from({ length: 101 }, wire)
  for (const [at, each] of all.entries()) wires.keep(`host${at % 7}`, each)
  assert.deepEqual(
    all.flatMap(({ ended }, at) => (ended === 'quit' ? [at] : [])),
    [0],
  )
  await wires.close()
})

test('after five seconds it is let go', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const wires = new Wires()
  const kept = wire()
  wires.keep('x', kept)
  context.mock.timers.tick(4_999)
  assert.equal(kept.ended, '')
  context.mock.timers.tick(1)
  assert.equal(kept.ended, 'quit')
  assert.equal(wires.take('x'), null)
})
