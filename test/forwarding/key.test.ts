/** The key of return paths: made once, for us alone, and never replaced in silence. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openForwarding } from '../../src/forwarding/index.ts'
import { keyFile, loadReturnPathKeys } from '../../src/forwarding/key.ts'
import { scratch } from '../server.ts'

const day = 24 * 60 * 60 * 1000

test('it is made with the first use, readable by nobody else, and stays', async () => {
  const data = scratch('key')
  const keys = await loadReturnPathKeys(data)
  assert.deepEqual([keys.length, keys[0].length], [1, 32])
  assert.equal(statSync(join(data, keyFile)).mode & 0o777, 0o600)
  const text = readFileSync(join(data, keyFile), 'utf8')
  assert.deepEqual(await loadReturnPathKeys(data), keys)
  assert.equal(readFileSync(join(data, keyFile), 'utf8'), text)
})

test('a file that holds no key is named, not replaced', async () => {
  const data = scratch('key')
  writeFileSync(join(data, keyFile), 'short\n')
  await assert.rejects(loadReturnPathKeys(data), /srs\.key holds no key .*back-up/)
  assert.equal(readFileSync(join(data, keyFile), 'utf8'), 'short\n')
})

test('a key in a file of its own is what counts; servers with the same one read what the others signed', async () => {
  const file = join(scratch('key'), 'shared.key')
  await assert.rejects(
    loadReturnPathKeys(scratch('key'), file),
    /shared\.key does not exist; returnPathKey names it/,
  )
  assert.equal(existsSync(file), false)
  writeFileSync(file, `${Buffer.alloc(32, 7).toString('base64')}\n`)
  const [one, other, stranger] = await Promise.all(
    [file, file, undefined].map((key) => openForwarding({ data: scratch('key'), key, giveUpAfter: 5 * day })),
  )
  const address = one!.returnPath(() => false)('bob@far.example', 'sales@example.org', 0)
  const local = address.slice(0, address.lastIndexOf('@'))
  assert.equal(other!.read(local, day).kind, 'address')
  assert.notEqual(stranger!.read(local, day).kind, 'address')
})

test('senders of ours and the null sender keep theirs; all others get one of the alias’s domain', async () => {
  const forwarding = await openForwarding({ data: scratch('key'), giveUpAfter: 5 * day })
  const returnPath = forwarding.returnPath((domain) => domain === 'example.org')
  assert.equal(returnPath('', 'sales@example.org', 0), '')
  assert.equal(returnPath('ann@example.org', 'sales@example.org', 0), 'ann@example.org')
  const address = returnPath('bob@far.example', 'sales@example.org', 0)
  assert.match(address, /^SRS0=.*=far\.example=bob@example\.org$/)
  const local = address.slice(0, address.lastIndexOf('@'))
  assert.deepEqual(forwarding.read(local, 21 * day), { kind: 'address', address: 'bob@far.example' })
  assert.deepEqual(forwarding.read(local, 22 * day), { kind: 'expired' })
})

test('who tries for long waits for reports longer', async () => {
  const forwarding = await openForwarding({ data: scratch('key'), giveUpAfter: 60 * day })
  const address = forwarding.returnPath(() => false)('bob@far.example', 'sales@example.org', 0)
  const local = address.slice(0, address.lastIndexOf('@'))
  assert.equal(forwarding.read(local, 74 * day).kind, 'address')
  assert.equal(forwarding.read(local, 75 * day).kind, 'expired')
})

test('of several keys the first signs, all are believed, and marks tell them apart', async () => {
  const [older, newer] = [7, 8].map((byte) => Buffer.alloc(32, byte).toString('base64url'))
  const opened = (...keys: readonly (string | undefined)[]) => {
    const key = join(scratch('key'), 'shared.key')
    writeFileSync(key, `${keys.join('\n')}\n`)
    return openForwarding({ data: scratch('key'), key, giveUpAfter: 5 * day })
  }
  const [before, after, both] = await Promise.all([opened(older), opened(newer), opened(newer, older)])
  const localBy = (forwarding: typeof before) => {
    const address = forwarding.returnPath(() => false)('bob@far.example', 'sales@example.org', 0)
    return address.slice(0, address.lastIndexOf('@'))
  }
  assert.equal(localBy(both), localBy(after))
  for (const forwarding of [before, after]) assert.equal(both.read(localBy(forwarding), day).kind, 'address')
  assert.equal(before.read(localBy(both), day).kind, 'forged')
  assert.deepEqual(both.marks, [...after.marks, ...before.marks])
  assert.ok(!both.marks.some((mark) => [older, newer].some((key) => key!.includes(mark))))
})

test('a file in which one of several keys is none is named', async () => {
  const key = join(scratch('key'), 'shared.key')
  writeFileSync(key, `${Buffer.alloc(32, 7).toString('base64url')}\nshort\n`)
  await assert.rejects(loadReturnPathKeys(scratch('key'), key), /shared\.key holds no key/)
})
