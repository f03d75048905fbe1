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
  trailKey,
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

test('mermaid lights the path a history took and numbers its moves', () => {
  const trail = {
    states: new Set(['packed', 'standing.locked', 'off']),
    moves: new Map([
      [trailKey('packed', 'standing.locked'), [1]],
      [trailKey('standing.locked', 'off'), [3]],
      [trailKey('standing.locked', 'standing.locked'), [2]],
    ]),
  }
  const text = toMermaid(turnstile, { trail })
  assert.match(text, /standing_locked --> standing_locked: step 2<br\/>COIN<br\/>PUSH\n/)
  assert.match(text, /standing_locked --> off: step 3\n/)
  assert.match(text, /class packed,standing_locked,off taken\n/)
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
