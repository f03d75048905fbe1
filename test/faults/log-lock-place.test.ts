/** The place of a lock: closed to others, and never a way to somebody else's file. */
import assert from 'node:assert/strict'
import { chmodSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { lockDirectory } from '../../src/log/lock.ts'
import { directoryFor } from './log-place.ts'

test('a link in the place of lock.pid is replaced, and its target left alone', async (t) => {
  const directory = await directoryFor(t)
  const target = join(await directoryFor(t), 'precious')
  writeFileSync(target, 'precious')
  symlinkSync(target, join(directory, 'lock.pid'))
  const lock = lockDirectory(directory)
  t.after(() => lock.release())
  assert.equal(readFileSync(target, 'utf8'), 'precious')
  assert.ok(lstatSync(join(directory, 'lock.pid')).isFile())
  assert.equal(readFileSync(join(directory, 'lock.pid'), 'utf8'), `${process.pid}\n`)
})

test('a directory of ours that others may enter is closed to them', async (t) => {
  const directory = await directoryFor(t)
  chmodSync(directory, 0o755)
  lockDirectory(directory).release()
  assert.equal(statSync(directory).mode & 0o777, 0o700)
})
