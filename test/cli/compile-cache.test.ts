/** What is kept of compiled files is the user's own, and nothing depends on it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../server.ts'

const version = (env: Readonly<Record<string, string>>) =>
  spawnSync(process.execPath, [join(root, 'src/cli/main.ts'), '--version'], {
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
  })

test('compiled files are kept where only their user may write, and used again', (context) => {
  const cache = mkdtempSync(join(tmpdir(), 'fsmtp-cache-'))
  context.after(() => rmSync(cache, { recursive: true }))
  const first = version({ XDG_CACHE_HOME: cache })
  assert.deepEqual([first.status, first.stderr], [0, ''])
  const kept = join(cache, 'fsmtp')
  assert.equal(statSync(kept).mode & 0o777, 0o700)
  assert.deepEqual(version({ XDG_CACHE_HOME: cache }).stdout, first.stdout)
})

test('without a home, or told not to, it runs all the same', (context) => {
  const cache = mkdtempSync(join(tmpdir(), 'fsmtp-cache-'))
  context.after(() => rmSync(cache, { recursive: true }))
  assert.equal(version({ HOME: '/dev/null' }).status, 0)
  assert.equal(version({ HOME: cache, NODE_DISABLE_COMPILE_CACHE: '1' }).status, 0)
})
