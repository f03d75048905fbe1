/** Charts for the page: everything of a machine has its place, and nothing lies upon another. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { draw, mergedEdges } from '../../machines/drawing/index.ts'
import { machines } from '../../machines/index.ts'
import { chartOf, type Place } from '../../src/drawing/chart.ts'

const touch = (one: Place, other: Place): boolean =>
  one.x < other.x + other.width &&
  other.x < one.x + one.width &&
  one.y < other.y + other.height &&
  other.y < one.y + one.height

for (const { name, machine } of machines) {
  test(`${name}: every state has a place of its own within the chart, with its sentence`, async () => {
    const drawing = draw(machine)
    const { states, width, height } = await chartOf(drawing)
    const named = states.filter(({ path }) => path !== '').map(({ path }) => path)
    assert.deepEqual(
      named.toSorted(),
      drawing.states
        .map(({ path }) => path)
        .filter(Boolean)
        .toSorted(),
    )
    for (const state of states) {
      assert.ok(
        state.x >= 0 && state.y >= 0 && state.x + state.width <= width && state.y + state.height <= height,
      )
      assert.ok(state.description.length > 5)
      const upon = states.filter((other) => other !== state && touch(state, other))
      assert.deepEqual(upon, [])
    }
  })

  test(`${name}: every way between two states is drawn, or leads to an end that can come at any time`, async () => {
    const drawing = draw(machine)
    const { edges } = await chartOf(drawing)
    const drawn = new Set(edges.flatMap(({ states, to }) => states.map((from) => `${from} ${to}`)))
    const left = mergedEdges(drawing).filter(({ from, to }) => !drawn.has(`${from} ${to}`))
    for (const { to } of left) assert.ok(drawn.has(` ${to}`), `nothing leads to ${to}`)
    for (const { line, events } of edges) {
      assert.match(line, /^M[\d.]+ [\d.]+/)
      assert.ok(events.length > 0)
    }
  })

  test(`${name}: the same machine gives the same chart`, async () => {
    assert.deepEqual(await chartOf(draw(machine)), await chartOf(draw(machine)))
  })
}

test('delivery: ways out that all states of an attempt have in common are drawn once, out of a frame around them', async () => {
  const drawing = draw(machines.find(({ name }) => name === 'delivery')!.machine)
  const { frame, states, edges } = await chartOf(drawing)
  assert.ok(frame)
  const inside = states.filter((state) => touch(state, frame))
  assert.deepEqual(
    inside.map(({ path }) => path),
    ['resolving', 'connecting', 'securing', 'sending'],
  )
  const out = edges.filter(({ from }) => from === frame.path)
  assert.deepEqual(out.map(({ to }) => to).toSorted(), [
    ...['cancelled', 'delivered', 'expired', 'failed', 'held', 'waiting'],
  ])
  for (const { path } of inside)
    for (const { to, states: from } of edges)
      if (from.length === 1 && from[0] === path)
        assert.ok(
          inside.some((state) => state.path === to),
          to,
        )
  assert.ok(edges.length <= mergedEdges(drawing).length / 1.5)
})
