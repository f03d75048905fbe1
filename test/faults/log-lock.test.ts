import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { DirectoryInUse, lockDirectory } from '../../src/log/lock.ts'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'
import { append, directoryFor, openLogFor } from './log-place.ts'

const module = JSON.stringify(new URL('../../src/log/lock.ts', import.meta.url).href)
const holderScript = `
  const { lockDirectory } = await import(${module})
  globalThis.held = lockDirectory(process.argv[1]) // What nobody names is collected, and its lock with it.
  process.stdout.write('held')
  setInterval(() => {}, 1000)
`

describe('the lock of a data directory', () => {
  it('makes the directory for its owner only', async (test) => {
    const directory = join(await directoryFor(test), 'deep', 'data')
    const lock = lockDirectory(directory)
    assert.equal(statSync(directory).mode & 0o777, 0o700)
    lock.release()
  })

  it('refuses a second process, names the first, and is freed when that is killed', async (test) => {
    const directory = await directoryFor(test)
    const holder = spawn(process.execPath, ['--input-type=module', '-e', holderScript, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    test.after(() => holder.kill('SIGKILL'))
    await once(holder.stdout, 'data')
    await assert.rejects(openSqliteLog({ directory }), (error) => {
      assert.ok(error instanceof DirectoryInUse)
      assert.equal(error.pid, holder.pid)
      assert.match(error.message, new RegExp(`in use by process ${holder.pid}`))
      return true
    })
    assert.equal(existsSync(join(directory, 'log.sqlite')), false, 'nothing was changed')
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    const log = await openLogFor(test, { directory })
    await log.append(append('test-a', -1))
  })

  it('refuses a second log in the same process, until the first is closed', async (test) => {
    const directory = await directoryFor(test)
    const log = await openSqliteLog({ directory })
    await assert.rejects(openSqliteLog({ directory }), { name: 'DirectoryInUse', pid: process.pid })
    await log.close()
    await openLogFor(test, { directory })
  })

  it('can be held by the caller, and is then left to the caller', async (test) => {
    const directory = await directoryFor(test)
    const lock = lockDirectory(directory)
    const log = await openSqliteLog({ directory, lock })
    await log.close()
    assert.throws(() => lockDirectory(directory), DirectoryInUse)
    lock.release()
    lock.release()
    lockDirectory(directory).release()
  })

  it('is given back when the log cannot be opened', async (test) => {
    const directory = await directoryFor(test)
    const { writeFileSync } = await import('node:fs')
    writeFileSync(
      join(directory, 'log.sqlite'),
      'this is no database, and long enough to be looked at '.repeat(40),
    )
    await assert.rejects(openSqliteLog({ directory }), { name: 'LogDamaged' })
    lockDirectory(directory).release()
  })
})
