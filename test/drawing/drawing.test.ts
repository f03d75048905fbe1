/**
 * Each format against a golden file in this folder. After a wanted change: `UPDATE_GOLDEN=1 node --test test/drawing`,
 * and read the difference.
 */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import {
  draw,
  fingerprint,
  toDot,
  toJson,
  toMermaid,
  toScxml,
  trailOf,
} from '../../machines/drawing/index.ts'
import { machines } from '../../machines/index.ts'
import { toSvg } from '../../src/drawing/svg.ts'
import { described, guarded, turnstileMachine, unnamed } from '../history/turnstile.ts'
import { tagsOf } from './xml.ts'

const turnstile = draw(turnstileMachine)

const golden = async (name: string, text: string): Promise<void> => {
  const file = new URL(name, import.meta.url)
  if (process.env.UPDATE_GOLDEN) await writeFile(file, text)
  assert.equal(text, await readFile(file, 'utf8'))
}

test('mermaid', () => golden('turnstile.mmd', toMermaid(turnstile)))
test('dot', () => golden('turnstile.dot', toDot(turnstile)))
test('scxml', () => golden('turnstile.scxml', toScxml(turnstile)))
test('json', () => golden('turnstile.json.txt', toJson(turnstile)))

const [packed, locked, off] = ['packed', 'standing.locked', 'off'] as const
const way = trailOf([
  { step: 0, from: packed, to: locked, transition: { from: packed, event: 'INSTALL', guard: null } },
  { step: 1, from: locked, to: locked, transition: { from: locked, event: 'PUSH', guard: null } },
  { step: 2, from: locked, to: locked, transition: { from: locked, event: 'PUSH', guard: null } },
  { step: 3, from: locked, to: locked, transition: { from: '', event: '*', guard: null } },
  { step: 4, from: locked, to: off, transition: { from: '', event: 'SWITCH_OFF', guard: null } },
])

test('mermaid lights the states of a history, and says each step where it was taken', () => {
  const text = toMermaid(turnstile, { trail: way })
  assert.match(text, /packed --> standing: step 0 INSTALL\n/)
  assert.match(text, /standing_locked --> standing_locked: step 1-2 PUSH<br\/>COIN\n/)
  assert.match(text, /anytime --> anytime: step 3 anything else in standing\.locked\n/)
  assert.match(text, /anytime --> off: step 4 SWITCH_OFF in standing\.locked\n/)
  assert.doesNotMatch(text, /standing_locked --> off/)
  assert.match(text, /class packed,standing_locked,off,anytime taken\n/)
})

test('dot colours the edges that were taken, and no others', () => {
  const text = toDot(turnstile, { trail: way })
  const coloured = text.split('\n').filter((line) => line.includes('penwidth'))
  assert.deepEqual(
    coloured.map((line) => line.slice(0, line.indexOf(' ['))),
    ['  "at any time" -> "off"', '  "packed" -> "standing.locked"'],
  )
  assert.match(text, /label="locked\\l {2}step 1-2 PUSH\\l {2}COIN\\l"/)
  assert.match(text, /"standing\.unlocked" \[label/)
})

test('svg lights boxes, arrows and lines that were taken, and no others', async () => {
  const svg = await toSvg(turnstile, { trail: way })
  const tags = tagsOf(svg)
  const lit = tags.filter(({ attributes }) => attributes.class?.split(' ').includes('lit'))
  assert.deepEqual(
    lit
      .flatMap(({ attributes }) => (attributes['data-to'] === undefined ? [] : [attributes['data-to']]))
      .sort(),
    ['off', 'standing'],
  )
  assert.deepEqual(
    tags.filter(({ attributes }) => attributes.class?.endsWith('taken')).map(({ text }) => text),
    [
      'step 1-2 PUSH',
      'step 3 anything else in standing.locked',
      'step 0 INSTALL',
      'step 4 SWITCH_OFF in standing.locked',
    ].sort((a, b) => svg.indexOf(a) - svg.indexOf(b)),
  )
  assert.equal(svg, await toSvg(turnstile, { trail: way }))
})

test('a move of which only the ends are known has an arrow of its own', async () => {
  const trail = trailOf([{ step: 7, from: locked, to: off, transition: null }])
  assert.match(toMermaid(turnstile, { trail }), /standing_locked --> off: step 7\n/)
  assert.match(toDot(turnstile, { trail }), /"standing\.locked" -> "off" \[label="step 7\\l"/)
  const said = tagsOf(await toSvg(turnstile, { trail })).map(({ text }) => text)
  assert.ok(said.includes('step 7'))
})

test('scxml is well-formed, and every target is a state of the document', () => {
  const tags = tagsOf(toScxml(turnstile))
  const ids = tags.map(({ attributes }) => attributes.id).filter((id) => id !== undefined)
  const targets = tags.flatMap(({ attributes }) =>
    [attributes.target, attributes.initial].filter((id) => id !== undefined),
  )
  assert.equal(new Set(ids).size, ids.length)
  assert.deepEqual(
    targets.filter((target) => !ids.includes(target)),
    [],
  )
  assert.equal(tags[0]?.attributes.version, '1.0')
  assert.equal(tags[0]?.attributes.xmlns, 'http://www.w3.org/2005/07/scxml')
})

test('guards made of others stand in scxml as expressions', () => {
  assert.match(toScxml(draw(guarded)), /cond="\(ready\(_event\) &amp;&amp; !willing\(_event\)\)"/)
})

test('svg is well-formed, shows every state and label, and its descriptions as titles', async () => {
  const svg = await toSvg(turnstile)
  const text = tagsOf(svg)
    .map((tag) => tag.text)
    .join('\n')
  for (const word of ['packed', 'locked', 'unlocked', 'off', 'COIN [enough]', 'SWITCH_OFF', 'at any time'])
    assert.ok(text.includes(word), word)
  assert.ok(svg.includes('<title>The arm does not move; &lt; one price has been paid.</title>'))
  assert.equal(svg, await toSvg(draw(turnstileMachine)))
})

test('counts stand on the edges that were taken, those of the innermost state first', async () => {
  const counts = [
    { from: 'standing.locked', to: 'standing.unlocked', input: 'COIN', count: 3, meanMs: 1500 },
    { from: 'standing.locked', to: 'off', input: 'SWITCH_OFF', count: 1, meanMs: 120 },
    { from: 'packed', to: 'packed', input: 'COIN', count: 2, meanMs: 60_000 },
  ]
  const said = tagsOf(await toSvg(turnstile, { counts })).map((tag) => tag.text)
  assert.ok(said.includes('3 times, after 1.5 s'))
  assert.ok(said.includes('1 time, after 120 ms'))
  assert.ok(said.includes('stays here after (2 times, after 1.0 min)'))
  assert.equal(said.filter((text) => text === 'never').length, 2)
})

test('a fingerprint changes with a guard, and not with a description', () => {
  assert.equal(fingerprint(described('one')), fingerprint(described('two')))
  assert.notEqual(fingerprint(described('one')), fingerprint(guarded))
  assert.match(fingerprint(guarded), /^[0-9a-f]{16}$/)
})

test('an action without a name is refused, with the state that has it', () => {
  assert.throws(() => draw(unnamed), /state "a": an action has no name/)
})

for (const { name, machine } of machines)
  test(`the ${name} machine can be drawn in every format`, async () => {
    const drawing = draw(machine)
    assert.ok(drawing.states.filter(({ path }) => path !== '').every(({ description }) => description !== ''))
    assert.doesNotThrow(() => tagsOf(toScxml(drawing)))
    assert.doesNotThrow(() => JSON.parse(toJson(drawing)))
    assert.ok(toMermaid(drawing).startsWith('stateDiagram-v2\n'))
    assert.ok(toDot(drawing).startsWith(`digraph "${name}" {\n`))
    assert.ok(tagsOf(await toSvg(drawing)).length > drawing.states.length)
  })
