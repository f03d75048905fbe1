/** What comes from outside does not steer the terminal, and faults of files are sentences. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { unwritable } from '../../src/cli/open.ts'
import { stepText } from '../../src/cli/replay-text.ts'
import { visible } from '../../src/cli/terminal.ts'
import type { Step } from '../../src/history/steps.ts'
import { fsmtp } from '../authentication/command.ts'

const evil = 'a\u001b[31mb\u0007\u009b2J\u202ec\u200ed\u200fe\u061cf\ng'
const steering = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/

const placeFor = async (t: TestContext): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'fsmtp-terminal-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test('controls and marks of direction become visible', () => {
  assert.doesNotMatch(visible(evil), steering)
  assert.match(visible(evil), /^ab.*c�d�e�f�g$/)
})

test('no part of a step reaches the terminal as it is', () => {
  const step: Step = {
    ...{ revision: 0, at: '2026-01-02T03:04:05.000Z', input: evil, event: evil, from: evil, to: `${evil}2` },
    ...{
      effects: [evil],
      transition: null,
      reason: evil,
      facts: { [evil]: { [evil]: evil, [`${evil}2`]: [evil] } },
    },
    changes: [
      { op: 'add', path: `/${evil}`, value: { [evil]: evil } },
      { op: 'remove', path: `/${evil}` },
    ],
    ...{ next: [evil], dialogue: [`C: ${evil}`, `S: ${evil}`], diverged: null },
  }
  for (const one of [step, { ...step, diverged: evil }])
    for (const line of stepText(one, undefined, new Set())) assert.doesNotMatch(line, steering)
})

const configs: readonly [string, string, RegExp][] = [
  ['bomb', `a: &a [x,x,x,x,x,x,x,x,x]\n${bombs()}`, /^bomb\.yaml:1:1: too many aliases/],
  ['self', 'limits: &a\n  x: *a\n', /^self\.yaml:1:1: too many aliases/],
  ['deep', `a: ${'['.repeat(20_000)}${']'.repeat(20_000)}\n`, /too many values inside each other/],
  ['escape', 'hostname: "a\\e[2Jb\\u200e\\n"\n', /^escape\.yaml:1:1: hostname: .*no domain name/],
]
function bombs(): string {
  const names = ['b', 'c', 'd', 'e']
  return names
    .map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcd'[at]}`).join(',')}]\n`)
    .join('')
}
for (const [name, text, expected] of configs)
  test(`a configuration with ${name} is refused in plain lines`, async (t) => {
    const folder = await placeFor(t)
    await writeFile(join(folder, `${name}.yaml`), text)
    const { code, out, err } = await fsmtp(folder, ['config', 'check', '--config', `${name}.yaml`])
    assert.deepEqual([code, err], [1, ''])
    assert.match(out, expected)
    for (const line of out.trimEnd().split('\n')) assert.doesNotMatch(line, steering)
  })

test('a file that is no history is a sentence', async (t) => {
  const folder = await placeFor(t)
  const header = '{"format":"fsmtp-history","version":1}\n'
  await writeFile(join(folder, 'none.ndjson'), 'x\n')
  await writeFile(join(folder, 'deep.ndjson'), `${header}{"data":${'['.repeat(1e5)}${']'.repeat(1e5)}}\n`)
  for (const [file, why] of [
    ['none', 'not a history file: its first line must be a header of format "fsmtp-history"'],
    ['deep', 'line 2: more than 64 values inside each other'],
  ])
    assert.deepEqual(await fsmtp(folder, ['replay', `${file}.ndjson`]), {
      ...{ code: 1, out: '' },
      err: `fsmtp: ${file}.ndjson: ${why}\n`,
    })
})

test('a place where nothing can be written is a sentence; other faults stay what they are', () => {
  const fault = unwritable(
    Object.assign(new Error('attempt to write a readonly database'), { errcode: 1544 }),
  )
  assert.match(fault?.message ?? '', /^the data directory cannot be written to \(attempt to write/)
  assert.ok(unwritable(Object.assign(new Error('denied'), { code: 'EACCES' })))
  assert.equal(unwritable(Object.assign(new Error('damaged'), { errcode: 11 })), null)
})
