/** Charts for the page: everything of a machine has its place, and nothing lies upon another. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { draw, mergedEdges, mergedLoop } from '../../machines/drawing/index.ts'
import { machines } from '../../machines/index.ts'
import { chartOf, type Place } from '../../src/drawing/chart.ts'

const touch = (one: Place, other: Place): boolean =>
  one.x < other.x + other.width &&
  other.x < one.x + one.width &&
  one.y < other.y + other.height &&
  other.y < one.y + one.height

/** A text as a browser shows it is no wider than this: DejaVu Sans Bold, which is as wide as any, at 11 pixels. */
const boldWidth = (text: string): number => text.length * 11 * 0.68

/** The straight pieces of a line, as places without a breadth. */
const piecesOf = (line: string): readonly Place[] => {
  const points = [...line.matchAll(/[MLQ ]?([\d.]+) ([\d.]+)/g)].map(([, x, y]) => ({
    x: Number(x),
    y: Number(y),
  }))
  return points.slice(1).map((to, at) => {
    const from = points[at]!
    return {
      ...{ x: Math.min(from.x, to.x), y: Math.min(from.y, to.y) },
      ...{ width: Math.abs(from.x - to.x), height: Math.abs(from.y - to.y) },
    }
  })
}

for (const { name, machine } of machines) {
  for (const isCounted of [true, false])
    test(`${name}: no label lies upon a state or another label, or is crossed by a line${isCounted ? ', with room for counts' : ''}`, async () => {
      const { states, edges, width, height } = await chartOf(draw(machine), { isCounted })
      for (const { key, label, events, when } of edges) {
        assert.ok(label)
        assert.ok(label.x >= 0 && label.x + label.width <= width, key)
        assert.ok(label.y >= 0 && label.y + label.height <= height, key)
        const others = edges.filter((other) => other.key !== key)
        const upon = [
          ...states.filter((state) => touch(label, state)).map(({ path }) => path),
          ...others.filter((other) => other.label && touch(label, other.label)).map((other) => other.key),
          ...edges
            .filter(({ line }) => piecesOf(line).some((piece) => touch(label, piece)))
            .map((other) => `line ${other.key}`),
        ]
        assert.deepEqual(upon, [], key)
        // Any event alone, in full, and how often with a count of five digits.
        const written = [...events.filter((event) => event !== '*'), ...label.lines]
        for (const text of [...written, ...(isCounted ? ['12k× · 9.9 min', '9999× · 999 ms'] : [])])
          assert.ok(boldWidth(text) <= label.width, `${key}: ${text}`)
        const lines = label.lines.length + (isCounted ? 1 : 0)
        assert.ok(lines * 13.5 <= label.height, key)
        if (when !== null) assert.equal(label.lines[0], `${when}:`)
      }
    })

  test(`${name}: no line runs through a state`, async () => {
    const { states, edges } = await chartOf(draw(machine))
    for (const { x, y, width, height, path } of states) {
      const inside = { x: x + 1, y: y + 1, width: width - 2, height: height - 2 }
      for (const { key, line } of edges)
        assert.ok(!piecesOf(line).some((piece) => touch(inside, piece)), `${key} through ${path}`)
    }
  })

  test(`${name}: what stays where it is has a loop on its state`, async () => {
    const drawing = draw(machine)
    const { edges } = await chartOf(drawing)
    const loops = edges.filter(({ from, to }) => from === to)
    for (const { path } of drawing.states) {
      const { edges: staying } = mergedLoop(drawing, path)
      const events = [...new Set(staying.map(({ event }) => event))]
      const loop = loops.find(({ from }) => from === path)
      assert.deepEqual(loop?.events ?? [], events, path)
    }
    assert.ok(loops.length > 3)
  })

  test(`${name}: every state has a place of its own within the chart, with its sentence`, async () => {
    const drawing = draw(machine)
    const { states, width, height } = await chartOf(drawing)
    const named = states.filter(({ kind }) => kind !== 'anytime').map(({ path }) => path)
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
  const between = edges.filter((edge) => edge.from !== edge.to)
  assert.ok(between.length <= mergedEdges(drawing).length / 1.5)
})

test('session: what ends it at any time is apart from what ends it only once too often, and from what single states know', async () => {
  const { edges } = await chartOf(draw(machines.find(({ name }) => name === 'session')!.machine))
  const ends = edges.filter(({ to }) => to === 'closed')
  assert.deepEqual(
    ends.map(({ from, when }) => [from, when]),
    [
      ['', null],
      ['', 'once too often'],
      ['in some states', null],
    ],
  )
  const [always, sometimes, single] = ends
  assert.ok(always?.events.includes('QUIT') && !always.events.includes('NOOP'))
  assert.ok(sometimes?.events.includes('NOOP') && !sometimes.events.includes('QUIT'))
  assert.ok(single?.states.includes('arriving') && single.events.includes('OPEN'))
  assert.ok(!single?.events.includes('TIMEOUT'))
})
