/** A copy made while the server writes: all of one moment, and a server can go on from it. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { openContentStore } from '../../src/content/store.ts'
import { backup } from '../../src/log/backup.ts'
import { kindOf } from '../../src/log/port.ts'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'
import { append, directoryFor, event, openLogFor, positionsIn, upTo } from './log-place.ts'

const accepted = kindOf('MessageAccepted', 1, {})

describe('a backup', () => {
  it('made under load holds a whole beginning of the log, with every body it names', async (test) => {
    const directory = await directoryFor(test)
    const target = join(await directoryFor(test), 'copy')
    const log = await openLogFor(test, { directory })
    const content = await openContentStore({ directory, log })
    // Enough that the log is copied in several steps, with commits between them.
    for (let n = 0; n < 400; n++) {
      const contents = [{ id: `small${n}`, bytes: randomBytes(64 * 1024) }]
      await log.append([{ stream: `test-${n}`, expected: -1, events: [event()], contents }])
    }
    let stop = false
    let started = (): void => {}
    const underWay = new Promise<void>((resolve) => {
      started = resolve
    })
    const load = (async () => {
      for (let n = 0; !stop; n++) {
        const message = `01message${String(n).padStart(6, '0')}`
        const writer = await content.begin(message)
        await writer.write(randomBytes(2000))
        const { size, sha256 } = await writer.finish()
        const told = { ...event({ message, size, sha256 }), kind: accepted }
        await log.append(append(`smtp_session-${message}`, -1, [told, event()]))
        if (n === 30) started()
      }
    })()
    await underWay
    const copied = await backup({ directory, target })
    const atTheEnd = await log.tail()
    stop = true
    await load
    assert.equal(copied.damage, null)
    assert.ok(copied.events >= 460 && copied.events <= atTheEnd)
    assert.deepEqual(readdirSync(target).sort(), ['content', 'log.sqlite'])
    assert.equal(existsSync(join(target, 'content', 'opened.json')), false)

    const restored = await openSqliteLog({ directory: target })
    const contents = await openContentStore({ directory: target, log: restored })
    await contents.swept
    assert.deepEqual(await positionsIn(restored), upTo(copied.events))
    for await (const page of restored.readAll(0, { filter: { types: ['MessageAccepted'] } }))
      for (const { data } of page) {
        const { message, size, sha256 } = data as { message: string; size: number; sha256: string }
        assert.equal(await contents.verify(message, { size, sha256 }), 'intact')
      }
    const { position } = await restored.append(append('test-after', -1))
    assert.equal(position, copied.events + 1)
    await restored.close()
  })

  it('takes certificates and keys along, and goes into nothing that is not empty', async (test) => {
    const directory = await directoryFor(test)
    const target = await directoryFor(test)
    const log = await openLogFor(test, { directory })
    await log.append(append('test-a', -1))
    mkdirSync(join(directory, 'tls'))
    writeFileSync(join(directory, 'tls', 'key.pem'), 'secret', { mode: 0o600 })
    writeFileSync(join(directory, 'srs.key'), 'secret, too', { mode: 0o600 })
    assert.equal((await backup({ directory, target })).files, 2)
    assert.equal(readFileSync(join(target, 'tls', 'key.pem'), 'utf8'), 'secret')
    assert.equal(readFileSync(join(target, 'srs.key'), 'utf8'), 'secret, too')
    assert.equal(statSync(join(target, 'srs.key')).mode & 0o777, 0o600)
    await assert.rejects(backup({ directory, target }), { name: 'TargetNotEmpty', message: /is not empty/ })
  })

  it('says so when the original is damaged', async (test) => {
    const directory = await directoryFor(test)
    const target = await directoryFor(test)
    const log = await openSqliteLog({ directory })
    for (let n = 0; n < 10; n++) await log.append(append(`test-${n}`, -1, [event({ text: `mark ${n}` })]))
    await log.close()
    const path = join(directory, 'log.sqlite')
    const bytes = readFileSync(path)
    bytes[bytes.lastIndexOf('mark 6') + 1]! ^= 1
    writeFileSync(path, bytes)
    const { damage, events } = await backup({ directory, target })
    assert.equal(damage?.position, 7)
    assert.equal(events, 6)
  })

  it('of a directory without a log is refused', async (test) => {
    const directory = await directoryFor(test)
    const target = await directoryFor(test)
    await assert.rejects(backup({ directory, target }), { name: 'LogUnavailable', message: /no log in/ })
  })
})
