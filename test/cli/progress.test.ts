/** A bar for what takes long: on standard error, where a terminal is, and gone when it is over. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'
import { tellDelivery } from '../history/deliveries.ts'
import { requireProgram } from '../programs.ts'
import { beginning, Teller } from '../projections/marbles.ts'
import { scratch } from '../scratch.ts'
import { root } from '../server.ts'

/** Every look at the clock is so many milliseconds after the one before. */
const clock = (step: number): string =>
  `let at = 0; performance.now = () => (at += ${step}); globalThis.passed = () => at`

/** What a pseudo-terminal shows of a shell's command line, standard output thrown away. */
const shown = async (t: TestContext, line: string): Promise<string | null> => {
  const script = requireProgram(t, 'script')
  if (script === null) return null
  const child = spawn(script, ['-qec', `${line} >/dev/null`, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm', NODE_OPTIONS: '' },
  })
  t.after(() => child.kill('SIGKILL'))
  const [out] = await Promise.all([text(child.stdout), once(child, 'close')])
  return out
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
const terminal = new URL('../../src/cli/terminal.ts', import.meta.url).href
/** Ten steps, a look at the clock each. */
const ten = (step: number): string =>
  `${clock(step)}
  const { progress } = await import(${JSON.stringify(terminal)})
  const bar = progress('counting')
  for (let done = 1; done <= 10; done++) bar.update(done, 10)
  bar.end()`
const running = (code: string): string =>
  [process.execPath, '--input-type=module', '-e', code].map(quoted).join(' ')

const frames = (out: string): readonly string[] =>
  out
    .split('\r')
    .map((frame) => frame.replaceAll('\u001b[K', ''))
    .filter((frame) => frame !== '')

test('after a second it is shown, ten times a second at most, and taken away at the end', async (t) => {
  const out = await shown(t, running(ten(250)))
  if (out === null) return
  const [first, ...others] = frames(out)
  assert.match(first!, /^counting █+░+ 40%$/)
  assert.equal(first!.length, 'counting '.length + 30 + ' 40%'.length)
  assert.match(others.at(-1)!, /^counting █{30} 100%$/)
  assert.equal(others.length, 6)
  assert.ok(out.endsWith('\r\u001b[K'))
  // The clock moves on by 40 ms for each: every third is 100 ms after the one before.
  const quick = await shown(t, running(ten(40).replaceAll('<= 10', '<= 60').replace(', 10)', ', 60)')))
  assert.ok(frames(quick!).length <= 13, String(frames(quick!).length))
})

test('what is done within a second shows none, and leaves no trace', async (t) => {
  const out = await shown(t, running(ten(50)))
  if (out !== null) assert.equal(out, '')
})

test('where no terminal is, none', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', ten(250)])
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  assert.deepEqual([out, err], ['', ''])
})

test('commands that read the whole log show it', async (t) => {
  const folder = scratch('progress')
  const log = await openSqliteLog({ directory: join(folder, 'data') })
  const teller = new Teller(log)
  for (let at = 0; at < 20; at++) await teller.tell(`open ehlo mail rcpt data accept(t${at} a@here) quit`)
  await tellDelivery(log, 't1aaaaaa', 'queue', { start: beginning })
  await log.close()
  const slow = `data:text/javascript,${encodeURIComponent(clock(1_500))}`
  const command = (...words: readonly string[]): string =>
    [
      process.execPath,
      '--import',
      slow,
      join(root, 'src/cli/main.ts'),
      '--data',
      join(folder, 'data'),
      ...words,
    ]
      .map(quoted)
      .join(' ')
  for (const [label, words] of [
    ['verifying', ['verify']],
    ['building the views again', ['views', 'rebuild']],
    ['exporting', ['export', '--all']],
    ['reading the log', ['deliveries', '--as-of', new Date(beginning + 1e9).toISOString()]],
  ] as const) {
    const out = await shown(t, command(...words))
    if (out === null) return
    assert.match(out, new RegExp(`\\r\\u001b\\[K${label} [█░]{30} \\d+%`), `${label}: ${JSON.stringify(out)}`)
    assert.match(out, /\r\u001b\[K[^█░]*$/, label)
  }
})
