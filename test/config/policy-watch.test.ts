/** Policy files while they are edited: half of one is not believed, and what is no file is not waited for. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import type { PolicyFile } from '../../src/config/policy.ts'
import { watchPolicy } from '../../src/config/policy-watch.ts'
import { eventually } from '../eventually.ts'
import { scratch } from '../scratch.ts'

const whole = 'spf: { fail: refuse }\n'

/** The first `refused` changes cannot be taken over. */
const place = (t: TestContext, { settling, refused = 0 }: { settling: number; refused?: number }) => {
  const folder = scratch('watch')
  const file = join(folder, 'policy.yaml')
  writeFileSync(join(folder, 'fsmtp.yaml'), 'hostname: mx.example.org\npolicy: ./policy.yaml\n')
  writeFileSync(file, whole)
  const changes: (PolicyFile | undefined)[] = []
  const faults: string[] = []
  /** How many faults there had been, each time it was well. */
  const wells: number[] = []
  let readings = 0
  const load = {
    get cwd() {
      readings += 1
      return folder
    },
  }
  const watch = watchPolicy({
    ...{ load, every: 5, settling },
    changed: async (policy) => {
      changes.push(policy)
      return changes.length > refused
    },
    failed: ({ message }) => faults.push(message),
    well: () => wells.push(faults.length),
  })
  const loaded = loadConfig({ cwd: folder })
  t.after(() => watch.stop())
  return {
    ...{ file, changes, faults, wells, config: join(folder, 'fsmtp.yaml'), stop: () => watch.stop() },
    follow: () => watch.follow(loaded),
    /** Until the file was read once more. */
    looked: async (): Promise<void> => {
      const before = readings
      await eventually(() => readings > before, { what: 'a look' })
    },
  }
}

test('half a policy that is one is not taken while the rest is on its way', async (t) => {
  const { file, changes, follow, looked } = place(t, { settling: 1000 })
  follow()
  await looked()
  writeFileSync(file, '# new\n')
  await looked()
  writeFileSync(file, 'spf: { fail: tag, softfail: tag }\n')
  await eventually(() => changes.length > 0, { what: 'a change' })
  assert.deepEqual(
    changes.map((policy) => [policy?.spf.fail, policy?.spf.softfail]),
    [['tag', 'tag']],
  )
})

test('a policy written between its loading and the first look is noticed', async (t) => {
  const { file, changes, follow } = place(t, { settling: 10 })
  writeFileSync(file, 'spf: { fail: tag }\n')
  follow()
  await eventually(() => changes.length > 0, { what: 'a change' })
  assert.deepEqual(
    changes.map((policy) => policy?.spf.fail),
    ['tag'],
  )
})

test('a policy that cannot be taken over is told again until it holds, though nobody touches its file', async (t) => {
  const { file, changes, follow, looked } = place(t, { settling: 10, refused: 2 })
  follow()
  await looked()
  writeFileSync(file, 'spf: { fail: tag }\n')
  await eventually(() => changes.length === 3, { what: 'the third attempt' })
  assert.deepEqual(
    changes.map((policy) => policy?.spf.fail),
    ['tag', 'tag', 'tag'],
  )
})

test('a policy that could not be read for a fault elsewhere is read when that is mended, though nobody touches its file', async (t) => {
  const { file, config, changes, faults, follow, looked } = place(t, { settling: 10 })
  follow()
  await looked()
  const before = readFileSync(config)
  writeFileSync(config, 'hostname: [\n')
  writeFileSync(file, 'spf: { fail: tag }\n')
  await eventually(() => faults.length > 0, { what: 'the fault' })
  writeFileSync(config, before)
  await eventually(() => changes.length > 0, { what: 'a change' })
  assert.deepEqual(
    changes.map((policy) => policy?.spf.fail),
    ['tag'],
  )
})

test('a look that is under way when the watch ends tells nothing any more', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { file, wells, follow, stop } = place(t, { settling: 10 })
  const untilRead = async (): Promise<void> => {
    for (let count = 0; count < 20; count++) await stat(file)
  }
  follow()
  t.mock.timers.tick(5)
  await untilRead()
  assert.equal(wells.length, 1)
  writeFileSync(file, 'spf: { fail: tag }\n')
  t.mock.timers.tick(5)
  stop()
  await untilRead()
  assert.equal(wells.length, 1)
})

test('a pipe in the place of the policy, and a file that is too long, change nothing and stop nobody', async (t) => {
  const { file, changes, faults, follow } = place(t, { settling: 10 })
  follow()
  rmSync(file)
  execFileSync('mkfifo', [file])
  await eventually(() => faults.some((fault) => fault.includes('no plain file')), { what: 'the fault' })
  rmSync(file)
  writeFileSync(file, `${whole}# ${'x'.repeat(5 * 1024 * 1024)}\n`)
  await eventually(() => faults.some((fault) => fault.includes('is too long')), { what: 'the other fault' })
  assert.deepEqual(changes, [])
})

test('a policy that was broken and is as it was before changes nothing, and is said to be well', async (t) => {
  const { file, changes, faults, wells, follow, looked } = place(t, { settling: 10 })
  follow()
  await looked()
  writeFileSync(file, 'spf: { fail: nonsense }\n')
  await eventually(() => faults.length > 0, { what: 'the fault' })
  writeFileSync(file, whole)
  await eventually(() => wells.some((before) => before > 0), { what: 'that it is well' })
  assert.deepEqual(changes, [])
})
