/** Machines are data: everything in them has a name, so that it can be drawn, exported and fingerprinted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnyStateNode } from 'xstate'
import { machines } from '../../machines/index.ts'
import type { MachineModule } from '../../machines/vocabulary/machine.ts'

type Found = { readonly path: string; readonly key: string; readonly value: unknown }

/** Every value of a definition, depth first, with where it stands. */
const walk = (value: unknown, path: string, key: string): readonly Found[] => {
  const here = { path, key, value }
  if (typeof value !== 'object' || value === null) return [here]
  return [here, ...Object.entries(value).flatMap(([inner, child]) => walk(child, `${path}.${inner}`, inner))]
}

const definition = ({ name, machine }: MachineModule): readonly Found[] => walk(machine.config, name, name)

/** Every state below a node, itself not counted. */
const statesOf = (node: AnyStateNode): readonly AnyStateNode[] =>
  Object.values(node.states).flatMap((state) => [state, ...statesOf(state)])

for (const module of machines) {
  test(`${module.name}: nothing in the definition is an inline function`, () => {
    const functions = definition(module).filter(({ value }) => typeof value === 'function')
    // What a machine begins with is computed from its input; XState takes that as a function only.
    assert.deepEqual(
      functions.map(({ path }) => path).filter((path) => path !== `${module.name}.context`),
      [],
    )
  })

  test(`${module.name}: no invoke, no after, no spawn: the world answers through events`, () => {
    const worldly = definition(module).filter(
      ({ key, value }) => key === 'invoke' || key === 'after' || value === 'spawn',
    )
    assert.deepEqual(
      worldly.map(({ path }) => path),
      [],
    )
  })

  test(`${module.name}: every state has a sentence`, () => {
    const states = statesOf(module.machine.root)
    const silent = states.filter(({ description }) => (description ?? '').length < 10)
    assert.ok(states.length > 0)
    assert.deepEqual(
      silent.map(({ id }) => id),
      [],
    )
  })

  test(`${module.name}: every guard and action that is named exists`, () => {
    const { actions, guards } = module.machine.implementations
    const named = (key: string): readonly string[] =>
      definition(module)
        .filter((found) => found.key === key)
        .flatMap(({ value }) => (Array.isArray(value) ? value : [value]))
        .map((value) => (typeof value === 'object' && value !== null && 'type' in value ? value.type : value))
        .map(String)
    const actionNames = [...named('actions'), ...named('entry'), ...named('exit')]
    assert.ok(actionNames.length > 0)
    assert.deepEqual(
      actionNames.filter((name) => !(name in actions)),
      [],
    )
    assert.deepEqual(
      named('guard').filter((name) => !(name in guards)),
      [],
    )
  })
}
