/** The gate: first the log, then the act. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as soon } from 'node:timers/promises'
import { assign, emit, setup } from 'xstate'
import type { EffectEmitted, Emitted, MachineModule } from '../../machines/vocabulary/machine.ts'
import { ActorHost } from '../../src/actors/host.ts'
import { Outbox } from '../../src/actors/outbox.ts'
import { LogUnavailable } from '../../src/log/port.ts'
import { MemoryLog } from './memory-log.ts'

type Input = { readonly type: 'PUSH' | 'STORE' | 'BREAK' | 'FORGET' | 'END' }
type Context = { readonly pushes: number }

const fact = (name: string) =>
  emit<Context, Input, undefined, Input, Emitted>({ type: 'fact', name, data: {} })
const effect = (name: string) => emit<Context, Input, undefined, Input, Emitted>({ type: 'effect', name })

const machine = setup({
  types: {} as { context: Context; events: Input; emitted: Emitted },
  actions: {
    count: assign(({ context }) => ({ pushes: context.pushes + 1 })),
    recordPushed: fact('Pushed'),
    recordStored: fact('Stored'),
    recordEnded: fact('Ended'),
    ring: effect('ring'),
    acknowledge: effect('acknowledge'),
    break: () => {
      throw new Error('an action broke')
    },
  },
}).createMachine({
  context: { pushes: 0 },
  initial: 'open',
  states: {
    open: {
      on: {
        PUSH: { actions: ['count', 'recordPushed', 'ring'] },
        STORE: { actions: ['recordStored', 'acknowledge'] },
        BREAK: { actions: ['recordPushed', 'ring', 'break'] },
        FORGET: { actions: ['ring'] },
        END: { target: 'over', actions: ['recordEnded'] },
      },
    },
    over: { type: 'final' },
  },
})

const counter: MachineModule = {
  name: 'counter',
  category: 'counter',
  version: 1,
  fingerprint: 'x',
  machine,
  barriers: new Set(['Stored']),
  inputs: { PUSH: [], STORE: [], BREAK: [], FORGET: [], END: [] },
}

/** A host whose effects are noted, each with how much the log had by then. */
const hosted = (log: MemoryLog) => {
  const outbox = new Outbox({ log, patience: 1 })
  const acts: string[] = []
  const faults: string[] = []
  const host = new ActorHost({
    module: counter,
    id: '1',
    input: {},
    outbox,
    node: 'here',
    perform: ({ name }: EffectEmitted) => acts.push(`${name} at ${log.events.length}`),
    passed: () => acts.push('passed'),
    failed: ({ message }) => faults.push(message),
  })
  return { host, outbox, acts, faults, types: () => log.events.map(({ type }) => type) }
}

test('what is no barrier is done at once, and reaches the log with the next one that is', async () => {
  const appends: number[] = []
  const log = new MemoryLog({ before: (append) => void appends.push(append) })
  const { host, outbox, acts, types } = hosted(log)
  host.send({ type: 'PUSH' })
  host.send({ type: 'PUSH' })
  assert.deepEqual(acts, ['ring at 0', 'ring at 0'])
  host.send({ type: 'STORE' })
  await outbox.settled()
  assert.deepEqual(types(), ['Pushed', 'Pushed', 'Stored'])
  assert.deepEqual(appends, [0], 'one append for all of it')
})

test('the effects of a barrier wait until it is stored, and so does every input behind it', async () => {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const { host, outbox, acts, types } = hosted(new MemoryLog({ before: () => opened }))
  host.send({ type: 'STORE' })
  host.send({ type: 'PUSH' })
  host.send({ type: 'STORE' })
  host.send({ type: 'PUSH' })
  for (let turn = 0; turn < 10; turn++) await soon()
  assert.deepEqual(acts, [])
  assert.ok(host.atBarrier)
  open()
  await outbox.settled()
  assert.deepEqual(acts, [
    'acknowledge at 1',
    'passed',
    'ring at 1',
    'acknowledge at 3',
    'passed',
    'ring at 3',
  ])
  assert.deepEqual(types(), ['Stored', 'Pushed', 'Stored', 'Pushed'])
})

test('what waits alone is handed over after its patience, without a barrier', async () => {
  const log = new MemoryLog()
  const { host, outbox } = hosted(log)
  host.send({ type: 'PUSH' })
  assert.equal(log.events.length, 0)
  while (log.events.length === 0) await soon()
  await outbox.settled()
})

test('a barrier the log did not take has no effects, and nothing behind it is believed', async () => {
  const { host, outbox, acts, faults, types } = hosted(
    new MemoryLog({
      before: () => {
        throw new LogUnavailable('gone')
      },
    }),
  )
  host.send({ type: 'STORE' })
  host.send({ type: 'PUSH' })
  await outbox.settled()
  host.send({ type: 'PUSH' })
  await outbox.settled()
  assert.deepEqual([acts, faults, types()], [[], ['gone'], []])
  assert.ok(host.over)
})

test('a fact that was not taken ends the actor even where nobody waited for it', async () => {
  const { host, outbox, faults, types } = hosted(
    new MemoryLog({
      before: (append) => {
        if (append === 0) throw new LogUnavailable('gone')
      },
    }),
  )
  host.send({ type: 'PUSH' })
  await outbox.settled()
  host.send({ type: 'STORE' })
  await outbox.settled()
  assert.deepEqual([faults, types()], [['gone'], []])
})

test('two failures are one fault', async () => {
  const { host, outbox, faults } = hosted(
    new MemoryLog({
      before: () => {
        throw new LogUnavailable('gone')
      },
    }),
  )
  host.send({ type: 'PUSH' })
  outbox.flush()
  host.send({ type: 'PUSH' })
  outbox.flush()
  await outbox.settled()
  assert.deepEqual(faults, ['gone'])
})

test('a machine whose action throws is stopped: nothing of that transition is recorded or done', async () => {
  const { host, outbox, acts, faults, types } = hosted(new MemoryLog())
  host.send({ type: 'BREAK' })
  host.send({ type: 'PUSH' })
  await outbox.settled()
  assert.deepEqual([acts, faults, types()], [[], ['an action broke'], []])
})

test('a transition that states no fact is a fault, not an act', async () => {
  const { host, acts, faults } = hosted(new MemoryLog())
  host.send({ type: 'FORGET' })
  assert.deepEqual([acts, faults], [[], ['counter recorded no fact for FORGET in open']])
})

test('an actor that is over hands its last fact over at once, and hears nothing more', async () => {
  const { host, outbox, types } = hosted(new MemoryLog())
  host.send({ type: 'END' })
  host.send({ type: 'PUSH' })
  await outbox.settled()
  assert.deepEqual(types(), ['Ended'])
})

test('an actor that is never at a barrier does not hold facts back without end', async () => {
  const log = new MemoryLog()
  const { host } = hosted(log)
  for (let push = 0; push < 64; push++) host.send({ type: 'PUSH' })
  // No timer has had its turn yet.
  await Promise.resolve()
  await new Promise((resolve) => process.nextTick(resolve))
  assert.equal(log.events.length, 64)
})

test('everybody who waits for the log to be quiet hears of it', async () => {
  const { host, outbox } = hosted(new MemoryLog())
  host.send({ type: 'STORE' })
  await Promise.all([outbox.settled(), outbox.settled(), outbox.settled()])
})
