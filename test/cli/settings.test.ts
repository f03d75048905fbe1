/** What is said while the configuration of a running server is edited: each fault once, and again where it is made again. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Settings } from '../../src/cli/settings.ts'
import { loadConfig } from '../../src/config/load.ts'
import { startServer } from '../../src/main.ts'
import { configText, eventually, workplace } from '../server.ts'

const settings = { listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }] }
const faulty = configText({ ...settings, limits: { zzzzzz: 1 } })

/** A server whose configuration is looked at without rest; `said` is what would be in its log. */
const edited = async (t: TestContext) => {
  const cwd = workplace(settings)
  const file = join(cwd, 'fsmtp.yaml')
  const said: string[] = []
  const notices = {
    info: (what: string) => said.push(what),
    warn: (what: string, error?: Error) => said.push(`${what}: ${error?.message}`),
  }
  let readings = 0
  const source = {
    get cwd() {
      readings += 1
      return cwd
    },
  }
  const loaded = loadConfig({ cwd })
  const running = await startServer(loaded.config, { info: () => {}, warn: () => {} })
  /** What the server says to a configuration that it is to take over, where that is no. */
  const troubles: Error[] = []
  const reload = async (config: typeof loaded.config): Promise<void> => {
    const trouble = troubles.shift()
    if (trouble !== undefined) throw trouble
    await running.reload(config)
  }
  const own = new Settings({
    loaded,
    source,
    running: { ...running, reload },
    notices,
    pace: { every: 5, settling: 10 },
  })
  t.after(async () => {
    own.unwatch()
    await running.stop()
  })
  /** Until the file was read so many times more. */
  const looked = async (after: () => void, times = 1): Promise<void> => {
    const before = readings
    after()
    await eventually(() => readings >= before + times, { what: `reading it ${times} times` })
  }
  await looked(() => {})
  return { own, file, said, looked, troubles }
}

test('a fault that was told to who asked is not told again by the watch that finds it, too', async (t) => {
  const { own, file, said, looked } = await edited(t)
  // Once for who asks, and once for the watch, which comes after that.
  await looked(() => {
    writeFileSync(file, faulty)
    own.readAgain()
  }, 2)
  await eventually(() => said.length > 0)
  assert.equal(said.length, 1, said.join('\n'))
})

test('a mistake, what puts it right, the same mistake, another policy and the whole configuration each have one line', async (t) => {
  const { own, file, said } = await edited(t)
  const heads = [
    'the policy stays as it was',
    'the policy can be read again, and is the one in force',
    'the policy stays as it was',
    'the policy was read again, and holds for the sessions to come',
    'configuration and certificates were read again',
  ]
  const other = configText({ ...settings, policy: { spf: { fail: 'refuse' } } })
  for (const text of [faulty, configText(settings), faulty, other]) {
    const before = said.length
    writeFileSync(file, text)
    await eventually(() => said.length > before, { what: heads[before]! })
  }
  own.readAgain()
  await eventually(() => said.length >= heads.length, { what: heads.at(-1)! })
  assert.deepEqual(
    said.map((line) => line.split(': ')[0]),
    heads,
  )
  assert.equal(said[2], said[0])
})

test('a policy that the server cannot take over is tried again until it holds, and each trouble is told once', async (t) => {
  const { file, said, troubles } = await edited(t)
  troubles.push(new Error('the log is full'), new Error('the log is full'), new Error('the log is gone'))
  writeFileSync(file, configText({ ...settings, policy: { spf: { fail: 'refuse' } } }))
  await eventually(() => said.some((line) => line.startsWith('the policy was read again')), {
    what: 'the policy in force',
  })
  assert.deepEqual(said.slice(0, -1), [
    'the policy stays as it was: the log is full',
    'the policy stays as it was: the log is gone',
  ])
})
