/** A stream that others write to, too: their facts stand between an actor's, and nothing is lost, or done twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assign, emit, setup } from 'xstate'
import type { EffectEmitted, Emitted, MachineModule } from '../../machines/vocabulary/machine.ts'
import { ActorHost } from '../../src/actors/host.ts'
import { Outbox } from '../../src/actors/outbox.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { type Append, type EventLog, kindOf, type StoredEvent } from '../../src/log/port.ts'

type Input = { readonly type: 'STEP' | 'NOTE' | 'END' }
type Context = { readonly notes: number }
const said = <Type extends Emitted>(what: (context: Context) => Type) =>
  emit<Context, Input, undefined, Input, Emitted>(({ context }) => what(context))
const fact = (name: string) =>
  said((context) => ({ type: 'fact', name, data: name === 'Ended' ? { notes: context.notes } : {} }))

const machine = setup({
  types: {} as { context: Context; events: Input; emitted: Emitted },
  actions: {
    note: assign(({ context }) => ({ notes: context.notes + 1 })),
    recordStepped: fact('Stepped'),
    recordNoted: fact('Noted'),
    recordEnded: fact('Ended'),
    step: said(() => ({ type: 'effect', name: 'step' })),
    end: said(() => ({ type: 'effect', name: 'end' })),
  },
}).createMachine({
  context: { notes: 0 },
  initial: 'open',
  states: {
    open: {
      on: {
        STEP: { actions: ['recordStepped', 'step'] },
        NOTE: { actions: ['recordNoted', 'note'] },
        END: { target: 'over', actions: ['recordEnded', 'end'] },
      },
    },
    over: { type: 'final' },
  },
})
const module: MachineModule = {
  ...{ name: 'walker', category: 'walker', version: 1, fingerprint: 'x', machine },
  barriers: new Set(['Noted', 'Ended']),
  inputs: { STEP: [], NOTE: [], END: [] },
}

const place = () => {
  const log = openMemoryLog()
  const gates: (() => void)[] = []
  let isSlow = false
  /** The actor's own way to the log, which can be held up. */
  const slow: EventLog = Object.assign(Object.create(log) as EventLog, {
    append: async (appends: readonly Append[]) => {
      if (isSlow) await new Promise<void>((resolve) => gates.push(resolve))
      return log.append(appends)
    },
  })
  const read = async (): Promise<readonly StoredEvent[]> => {
    const events: StoredEvent[] = []
    for await (const page of log.readStream('walker-1')) events.push(...page)
    return events
  }
  const acts: string[] = []
  const faults: string[] = []
  const outbox = new Outbox({ log: slow, patience: 1 })
  const host = new ActorHost({
    ...{ module, id: '1', input: {}, outbox, node: 'here' },
    others: { read, mayStand: ({ type }) => type === 'Noted' },
    perform: ({ name }: EffectEmitted) => acts.push(name),
    passed: () => acts.push('passed'),
    failed: ({ message }) => faults.push(message),
  })
  const other = async (type: string): Promise<void> => {
    const expected = (await read()).length - 1
    const kind = kindOf(type, 1, {
      ...{ machine: 'walker', machineVersion: '1', fingerprint: 'x', node: 'there' },
      ...{ input: type === 'Noted' ? 'NOTE' : 'STEP', from: 'open', to: 'open', effects: '' },
    })
    await log.append([
      { stream: 'walker-1', expected, events: [{ id: crypto.randomUUID(), kind, at: 1, data: {} }] },
    ])
  }
  return {
    ...{ host, outbox, acts, faults, other, gates },
    hold: () => {
      isSlow = true
    },
    letGo: () => {
      isSlow = false
      for (const open of gates.splice(0)) open()
    },
    types: async () => (await read()).map(({ type, meta }) => `${type} ${meta.node}`),
    read,
  }
}

test('others were faster: what was recorded stands behind theirs, knows of it, and is done once', async () => {
  const { host, outbox, acts, faults, other, types, read } = place()
  host.send({ type: 'STEP' })
  await outbox.settled()
  await other('Noted')
  host.send({ type: 'STEP' })
  host.send({ type: 'END' })
  await outbox.settled()
  assert.deepEqual(await types(), ['Stepped here', 'Noted there', 'Stepped here', 'Ended here'])
  assert.deepEqual((await read()).at(-1)!.data, { notes: 1 })
  assert.deepEqual([acts, faults], [['step', 'step', 'end', 'passed'], []])
  assert.ok(host.over)
})

test('what is not awaited comes to the log behind theirs, too, and the actor goes on', async () => {
  const { host, outbox, acts, faults, other, types } = place()
  await other('Noted')
  host.send({ type: 'STEP' })
  await outbox.settled()
  host.send({ type: 'NOTE' })
  await outbox.settled()
  assert.deepEqual(await types(), ['Noted there', 'Stepped here', 'Noted here'])
  assert.deepEqual([acts, faults], [['step', 'passed', 'passed'], []])
})

test('one append at a time: behind one that came too late no second lands in its place', async () => {
  const { host, outbox, acts, faults, other, hold, letGo, types } = place()
  host.send({ type: 'STEP' })
  await outbox.settled()
  hold()
  host.send({ type: 'STEP' })
  outbox.flush()
  host.send({ type: 'END' })
  // One fact of theirs, as many as the append that is held up has: the revision the next one would expect.
  await other('Noted')
  letGo()
  await outbox.settled()
  assert.deepEqual(await types(), ['Stepped here', 'Noted there', 'Stepped here', 'Ended here'])
  assert.deepEqual([acts, faults], [['step', 'step', 'end', 'passed'], []])
})

test('behind facts of others that change its steps it does not go on', async () => {
  const { host, outbox, acts, faults, other, types } = place()
  host.send({ type: 'STEP' })
  await outbox.settled()
  await other('Stepped')
  host.send({ type: 'END' })
  await outbox.settled()
  assert.deepEqual(await types(), ['Stepped here', 'Stepped there'])
  assert.deepEqual(acts, ['step'])
  assert.match(faults.join(), /is at revision 1, not 0/)
  assert.equal(await host.rejoined, false)
})
