/** The gate on its own: what it does when a machine, or the log, fails. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emit, setup } from 'xstate'
import type { MachineModule } from '../../machines/vocabulary/machine.ts'
import { ActorHost } from '../../src/actors/host.ts'
import { Outbox } from '../../src/actors/outbox.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { type EventLog, LogUnavailable } from '../../src/log/port.ts'

const machine = setup({
  actions: {
    boom: () => {
      throw new Error('boom')
    },
    recordTold: emit({ type: 'fact', name: 'Told', data: { it: 1 } }),
    recordKept: emit({ type: 'fact', name: 'Kept', data: { it: 2 } }),
    act: emit({ type: 'effect', name: 'act' }),
  },
}).createMachine({
  initial: 'open',
  states: {
    open: {
      on: {
        BREAK: { actions: ['boom'] },
        TELL: { actions: ['recordTold', 'act'] },
        KEEP: { actions: ['recordKept', 'act'] },
        SILENT: {},
      },
    },
  },
})

const module: MachineModule = {
  name: 'test',
  category: 'test',
  version: 1,
  fingerprint: '',
  machine,
  barriers: new Set(['Kept']),
  inputs: { BREAK: [], TELL: [], KEEP: [], SILENT: [] },
}

const stage = (log: EventLog) => {
  const seen: string[] = []
  const settled = Promise.withResolvers<void>()
  const note = (what: string): void => {
    seen.push(what)
    if (what !== 'act') settled.resolve()
  }
  const outbox = new Outbox({ log, patience: 1 })
  const host = new ActorHost({
    module,
    id: '1',
    input: {},
    outbox,
    node: 'here',
    perform: ({ name }) => note(name),
    passed: () => note('passed'),
    failed: (error) => note(`failed: ${error.message}`),
  })
  return { host, seen, outbox, settled: settled.promise }
}

test('an action that throws ends the actor, not the process', async () => {
  const escaped: unknown[] = []
  const catcher = (error: unknown): void => {
    escaped.push(error)
  }
  process.on('uncaughtException', catcher)
  const { host, seen } = stage(openMemoryLog())
  host.send({ type: 'BREAK' })
  // XState would throw from a timer of its own, due before this one.
  await new Promise((resolve) => setTimeout(resolve))
  process.off('uncaughtException', catcher)
  assert.deepEqual(seen, ['failed: boom'])
  assert.deepEqual(escaped, [])
  assert.equal(host.over, true)
})

test('a transition that records nothing is a fault of the machine', () => {
  const { host, seen } = stage(openMemoryLog())
  host.send({ type: 'SILENT' })
  assert.deepEqual(seen, ['failed: test recorded no fact for SILENT in open'])
})

test('a barrier acts only after its append, and what came meanwhile waits its turn', async () => {
  const log = openMemoryLog()
  const { host, seen, settled, outbox } = stage(log)
  host.send({ type: 'KEEP' })
  host.send({ type: 'TELL' })
  assert.deepEqual(seen, [])
  assert.equal(host.atBarrier, true)
  await settled
  await outbox.settled()
  assert.deepEqual(seen, ['act', 'passed', 'act'])
  const types: string[] = []
  for await (const page of log.readStream('test-1')) types.push(...page.map(({ type }) => type))
  assert.deepEqual(types, ['Kept', 'Told'])
})

test('an append that fails at a barrier ends the actor, and its effects never happen', async () => {
  const log = openMemoryLog()
  const failing: EventLog = Object.assign(Object.create(log) as EventLog, {
    append: () => Promise.reject(new LogUnavailable('gone')),
  })
  const { host, seen, settled } = stage(failing)
  host.send({ type: 'KEEP' })
  await settled
  host.send({ type: 'TELL' })
  assert.deepEqual(seen, ['failed: gone'])
  assert.equal(host.over, true)
})
