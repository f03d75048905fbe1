/** Which machines take their steps the short way, and that the others do not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AnyStateMachine, assign, createActor, createMachine } from 'xstate'
import { logicOf, plainly } from '../../machines/plain.ts'
import { turnstileMachine } from '../history/turnstile.ts'

type Context = { readonly count: number }
type Input = { readonly type: 'GO' } | { readonly type: 'STAY' }
const { remember, say } = plainly<Context, Input>()
const actions = {
  count: remember(({ context }) => ({ count: context.count + 1 })),
  tell: say(({ context, event }) => ({ type: 'told', count: context.count, event: event.type })),
  fail: remember(() => {
    throw new Error('on purpose')
  }),
}

const machine = (definition: object): AnyStateMachine =>
  createMachine({ initial: 'a', context: { count: 0 }, ...definition } as never, { actions } as never)

const plainDefinition = {
  states: {
    a: {
      on: { GO: { target: 'b', actions: ['tell', 'count', 'tell', 'count'] }, STAY: { actions: ['count'] } },
    },
    b: { on: { GO: { target: 'c', actions: ['tell'] }, STAY: { target: 'b', actions: ['tell', 'fail'] } } },
    c: { type: 'final' },
  },
} as const

type Told = { readonly said: unknown[]; readonly ends: readonly (readonly [unknown, unknown, unknown])[] }
const lived = (logic: Parameters<typeof createActor>[0], inputs: readonly string[]): Told => {
  const actor = createActor(logic)
  const said: unknown[] = []
  // What is said is heard when the step is done.
  actor.on('*', (one) => said.push([one, actor.getSnapshot().context]))
  actor.subscribe({ error: (error) => said.push(String(error)), complete: () => said.push('complete') })
  actor.start()
  const ends = inputs.map((type) => {
    actor.send({ type })
    const { value, status, context } = actor.getSnapshot()
    return [value, status, context] as const
  })
  return { said, ends }
}

test('a plain machine takes its steps the short way, and they are the same steps', () => {
  const plain = machine(plainDefinition)
  assert.notEqual(logicOf(plain), plain)
  assert.equal(logicOf(plain), logicOf(plain))
  for (const inputs of [
    ['STAY', 'GO', 'GO', 'GO'],
    ['GO', 'STAY', 'GO'],
    ['NONSENSE', 'GO', 'NONSENSE'],
  ]) {
    const ours = lived(logicOf(plain), inputs)
    assert.deepEqual(ours, lived(plain, inputs))
    assert.ok(ours.said.length > 0)
  }
})

test('an actor of a plain machine can be stopped, kept and taken up again', () => {
  const plain = machine(plainDefinition)
  const [ours, theirs] = [logicOf(plain), plain].map((logic) => {
    const first = createActor(logic).start()
    first.send({ type: 'GO' })
    const second = createActor(logic, { snapshot: first.getPersistedSnapshot() as never }).start()
    first.stop()
    second.send({ type: 'GO' })
    return [first.getPersistedSnapshot(), second.getPersistedSnapshot()]
  })
  assert.deepEqual(ours, theirs)
})

const others: Readonly<Record<string, object>> = {
  'a state within another': { states: { a: { initial: 'x', states: { x: {} } } } },
  'something done on the way in': { states: { a: { entry: 'count' } } },
  'something done on the way out': { states: { a: { exit: 'count' } } },
  'something done on the way into the whole': { states: { a: {} }, entry: 'count' },
  'a step that follows by itself': { states: { a: { always: { target: 'b' } }, b: {} } },
  'a step after a time': { states: { a: { after: { 10: 'b' } }, b: {} } },
  'states side by side': { type: 'parallel', initial: undefined, states: { a: {}, b: {} } },
  'an action without a name': { states: { a: { on: { GO: { actions: [() => {}] } } } } },
  'an action with parameters': {
    states: { a: { on: { GO: { actions: [{ type: 'count', params: { by: 2 } }] } } } },
  },
  'an action nobody described': { states: { a: { on: { GO: { actions: ['unheard'] } } } } },
  'a state entered again': { states: { a: { on: { GO: { target: 'a', reenter: true } } } } },
}

for (const [what, definition] of Object.entries(others))
  test(`a machine with ${what} is its own logic`, () => {
    const other = machine(definition)
    assert.equal(logicOf(other), other)
  })

test('a machine with actions that XState made, or with nested states, is its own logic', () => {
  const foreign = createMachine(
    { initial: 'a', states: { a: { on: { GO: { actions: ['count'] } } } } } as never,
    {
      actions: { count: assign({}) },
    } as never,
  ) as AnyStateMachine
  assert.equal(logicOf(foreign), foreign)
  assert.equal(logicOf(turnstileMachine), turnstileMachine)
})
