/** `replay --step`: keys as terminals send them. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { Keys } from '../../src/cli/stepping.ts'
import { folder, fsmtp } from '../authentication/command.ts'
import { requireProgram } from '../programs.ts'
import { eventually, root } from '../server.ts'

/** A terminal that remembers whether it is raw. */
const fakeTerminal = () => {
  const stream = new PassThrough()
  const modes: boolean[] = []
  const source = Object.assign(stream, {
    setRawMode: (mode: boolean) => {
      modes.push(mode)
      return source
    },
  })
  return { source, modes }
}

test('each key is one answer, also when several come in one piece; arrows are keys, too', async () => {
  const { source, modes } = fakeTerminal()
  const keys = new Keys(source)
  source.write('  \u001b[B\u001bOA\r')
  for (let at = 0; at < 5; at += 1) assert.equal(await keys.goesOn(), true)
  const next = keys.goesOn()
  source.write('xq')
  assert.deepEqual([await next, await keys.goesOn()], [true, false])
  keys.close()
  assert.deepEqual(modes, [true, false])
  assert.deepEqual([source.listenerCount('data'), source.isPaused()], [0, true])
})

for (const [name, key] of [
  ['Ctrl-C', '\u0003'],
  ['Ctrl-D', '\u0004'],
  ['Esc', '\u001b'],
  ['Q', 'Q'],
] as const)
  test(`${name} ends`, async () => {
    const { source } = fakeTerminal()
    const keys = new Keys(source)
    source.write(key)
    assert.equal(await keys.goesOn(), false)
  })

test('a terminal that goes away ends, while a key is waited for and after', async () => {
  const { source } = fakeTerminal()
  const keys = new Keys(source)
  const waiting = keys.goesOn()
  source.end()
  assert.deepEqual([await waiting, await keys.goesOn()], [false, false])
})

test('--step is for the steps as people read them', async () => {
  for (const other of ['--transcript', '--diagram', '--json']) {
    const { code, err } = await fsmtp(folder(), ['replay', 'abc', '--step', other])
    assert.deepEqual(
      [code, err],
      [2, 'fsmtp: --step stops at steps: give it without --transcript, --diagram and --json\n'],
    )
  }
})

/** `fsmtp replay --step` under a pseudo-terminal; its output, once `enough` is in it. */
const stepping = (script: string) => {
  const history = join(root, 'test/replay/0.1.0.ndjson')
  const words = [process.execPath, join(root, 'src/cli/main.ts'), 'replay', history, '--step']
  const command = words.map((word) => `'${word}'`).join(' ')
  const child = spawn(script, ['-q', '-e', '-c', command, '/dev/null'], {
    env: { ...process.env, NO_COLOR: '1' },
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const ended = once(child, 'close') as Promise<[number | null]>
  return {
    ended,
    output: () => output,
    press: (keys: string) => child.stdin.write(keys),
    pauses: async (count: number): Promise<void> => {
      await eventually(() => output.split('any key: next step').length > count, { what: `pause ${count}` })
    },
  }
}
/** Numbers at the heads of the steps. */
const shownIn = (output: string): number[] =>
  [...output.matchAll(/^(?:\r?.*\u001b\[K)? {0,2}(\d+) {2}\d\d:\d\d:\d\d\.\d{3}/gm)].map(([, number]) =>
    Number(number),
  )

test('on a real terminal, keys go on step by step and q ends', { timeout: 120_000 }, async (t) => {
  const script = requireProgram(t, 'script')
  if (script === null) return
  const { ended, output, press, pauses } = stepping(script)
  await pauses(1)
  assert.deepEqual(shownIn(output()), [0])
  press(' ')
  await pauses(2)
  assert.deepEqual(shownIn(output()), [0, 1])
  press('\u001b[B\r')
  await pauses(4)
  assert.deepEqual(shownIn(output()), [0, 1, 2, 3])
  press('q')
  assert.deepEqual(await ended, [0, null])
  assert.deepEqual(shownIn(output()), [0, 1, 2, 3])
})
