/** Bodies on their way into a bucket, and back, through all that can go wrong with it. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import dns from 'node:dns'
import { type TestContext, test } from 'node:test'
import type { Patience } from '../../src/content/s3/patience.ts'
import { openBucketContent } from '../../src/content/s3/store.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { eventually } from '../eventually.ts'
import { type S3StandIn, type StandInOptions, testKeys } from '../s3/stand-in.ts'
import { standIn, withEnvironment } from '../s3/target.ts'
import { scratch } from '../scratch.ts'

/** Milliseconds. A bucket that is silent is silent for good. */
const patience: Patience = { connect: 2_000, attempt: 800, call: 20_000, pause: 5 }
const MiB = 1024 * 1024
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const id = '01bodies0aaa'
const key = `content/0a/${id}`

const place = async (
  t: TestContext,
  { memory, ...options }: StandInOptions & { readonly memory?: number } = {},
) => {
  const server = await standIn(t, options)
  const directory = scratch('content')
  const content = await openBucketContent({
    ...{ address: server.url, directory, log: openMemoryLog(), patience },
    ...(memory !== undefined && { memory }),
  })
  t.after(() => content.close())
  await content.swept
  return { server, content }
}
const write = async (content: Awaited<ReturnType<typeof place>>['content'], bytes: Buffer, name = id) => {
  const writer = await content.begin(name)
  for (let at = 0; at < bytes.length; at += 100_000) await writer.write(bytes.subarray(at, at + 100_000))
  return writer.finish()
}
const count = ({ asked }: S3StandIn, operation: string): number =>
  asked.filter((one) => one === operation).length

test('what fits into a part is one request, what does not is sent in parts of 8 MiB as it comes', async (t) => {
  const { server, content } = await place(t)
  const small = randomBytes(300_000)
  await write(content, small, '01small000')
  assert.equal(count(server, 'CreateUpload'), 0)

  const large = randomBytes(20 * MiB + 1)
  const writer = await content.begin(id)
  await writer.write(large.subarray(0, 9 * MiB))
  await eventually(() => count(server, 'UploadPart') === 1, { what: 'the first part' })
  await writer.write(large.subarray(9 * MiB))
  assert.deepEqual(await writer.finish(), { size: large.length, sha256: sha256(large) })
  assert.equal(count(server, 'UploadPart'), 3)
  assert.deepEqual(server.vault.get(key).bytes, large)
  assert.equal(server.vault.uploads.size, 0)
  const back = await content.stream(id)
  assert.deepEqual(Buffer.concat(await back!.toArray()), large)
})

test('parts go over connections that are kept, and wait for no permission', async (t) => {
  const { server, content } = await place(t)
  const before = server.connections
  await write(content, randomBytes(40 * MiB))
  assert.ok(server.connections - before <= 1)
})

test('a body of exactly a part, and of exactly two', async (t) => {
  const { content } = await place(t)
  for (const [at, size] of [8 * MiB, 16 * MiB].entries()) {
    const bytes = randomBytes(size)
    await write(content, bytes, `01exact00${at}`)
    assert.equal(await content.verify(`01exact00${at}`, { size, sha256: sha256(bytes) }), 'intact')
  }
})

test('50 MB go through in the memory of a few parts', async (t) => {
  const { server, content } = await place(t, { memory: 24 * MiB })
  const piece = randomBytes(64 * 1024)
  const writer = await content.begin(id)
  // The store in its own memory may hold three parts; with more of them this would be refused.
  for (let n = 0; n < 800; n++) await writer.write(Buffer.from(piece))
  assert.equal((await writer.finish()).size, 800 * piece.length)
  assert.equal(server.vault.get(key).bytes.length, 800 * piece.length)
})

test('a body that is given up leaves no upload', async (t) => {
  const { server, content } = await place(t)
  const writer = await content.begin(id)
  for (let n = 0; n < 10; n++) await writer.write(randomBytes(MiB))
  await eventually(() => server.vault.uploads.size === 1, { what: 'the upload' })
  await writer.discard()
  assert.equal(server.vault.uploads.size, 0)
  assert.equal(await content.read(id), null)
})

test('when memory is used up, the body that has been silent longest gives way', async (t) => {
  const { content } = await place(t, { memory: 4 * MiB })
  const begun = await Promise.all(
    ['01silent00', '01busy0000', '01late0000'].map((name) => content.begin(name)),
  )
  const [silent, busy, late] = begun
  await silent!.write(randomBytes(MiB))
  await busy!.write(randomBytes(MiB))
  await late!.write(randomBytes(2 * MiB))
  await busy!.write(randomBytes(MiB))
  assert.throws(() => silent!.write(randomBytes(1)), { name: 'ContentFull' })
  await silent!.discard()
  assert.equal((await busy!.finish()).size, 2 * MiB)
  assert.equal((await late!.finish()).size, 2 * MiB)
  const alone = await content.begin('01alone000')
  assert.throws(() => alone.write(randomBytes(5 * MiB)), { name: 'ContentFull' })
})

for (const [what, wrong] of [
  ['says it is busy', { status: 503, code: 'SlowDown' }],
  ['breaks the connection before it acts', { drop: 'before' }],
  ['acts and breaks the connection', { drop: 'after' }],
  ['is silent', { silent: 'before' }],
  ['acts and is silent', { silent: 'after' }],
] as const)
  test(`a bucket that ${what}, once for each request, is asked again`, async (t) => {
    const { server, content } = await place(t)
    for (const operation of [
      'PutObject',
      'HeadObject',
      'CreateUpload',
      'UploadPart',
      'CompleteUpload',
    ] as const)
      void server.faults.next(operation, wrong)
    const small = randomBytes(100_000)
    await write(content, small, '01small000')
    const large = randomBytes(9 * MiB)
    await write(content, large)
    void server.faults.next('GetObject', wrong, 2)
    assert.deepEqual(Buffer.from((await content.read(id))!), large)
    assert.deepEqual(Buffer.from((await content.read('01small000'))!), small)
    await content.remove(id)
    assert.equal(server.vault.objects.has(key), false)
  })

test('a failure behind status 200 is one', async (t) => {
  const { server, content } = await place(t)
  void server.faults.next('CompleteUpload', { failedBehind200: 'InternalError' })
  await write(content, randomBytes(9 * MiB))
  assert.equal(count(server, 'CompleteUpload'), 2)
})

test('reading goes on where the connection broke off, or nothing more came', async (t) => {
  const { server, content } = await place(t)
  const bytes = randomBytes(3 * MiB)
  await write(content, bytes)
  void server.faults.next('GetObject', { breakOff: MiB })
  void server.faults.next('GetObject', { stall: MiB })
  assert.deepEqual(Buffer.from((await content.read(id))!), bytes)
  assert.equal(count(server, 'GetObject'), 3)

  void server.faults.next('GetObject', { breakOff: 0 }, 100)
  await assert.rejects(content.read(id), { name: 'ContentUnavailable' })
})

test('another body in its place is not taken for the rest of the first', async (t) => {
  const { server, content } = await place(t)
  await write(content, randomBytes(3 * MiB))
  const body = await content.stream(id)
  const broken = server.faults.next('GetObject', { breakOff: MiB })
  const again = await content.stream(id)
  await broken
  server.vault.put(key, randomBytes(3 * MiB), {})
  await assert.rejects(again!.toArray(), { name: 'ContentUnavailable' })
  body!.destroy()
})

test('a bucket that stays away is told as such, and one that is full as full', async (t) => {
  const { server, content } = await place(t)
  void server.faults.next('PutObject', { status: 503, code: 'SlowDown' }, 100)
  await assert.rejects(write(content, randomBytes(100_000)), {
    name: 'ContentUnavailable',
    message:
      /^s3:\/\/mail at http:.*cannot write content\/0a\/01bodies0aaa: it asks to come back later \(503 SlowDown\)$/,
  })
  server.faults.end()
  void server.faults.next('PutObject', { status: 507, code: 'XMinioStorageFull' }, 100)
  await assert.rejects(write(content, randomBytes(100_000)), { name: 'ContentFull' })
  server.faults.end()
  await server.stop()
  await assert.rejects(write(content, randomBytes(100_000)), {
    name: 'ContentUnavailable',
    message: /does not answer/,
  })
  await server.start()
  await write(content, randomBytes(100_000))
})

test('an object that is not what was written is no success', async (t) => {
  const { server, content } = await place(t)
  const writer = await content.begin(id)
  await writer.write(randomBytes(100_000))
  const slow = server.faults.next('HeadObject', { slow: 50 })
  const finished = writer.finish()
  await slow
  server.vault.put(key, Buffer.from('less'), {})
  await assert.rejects(finished, /was written with 100000 bytes, and has 4/)
})

test('keys and tokens of the environment, and hosts that have the bucket in their name', async (t) => {
  const token = 'a/temporary+token='
  const server = await standIn(t, { keys: { ...testKeys, sessionToken: token } })
  const { accessKeyId, secretAccessKey } = testKeys
  withEnvironment(t, {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: token,
  })
  const names: string[] = []
  t.mock.method(dns, 'lookup', (name: string, _: unknown, found: (...answer: unknown[]) => void) => {
    names.push(name)
    found(null, [{ address: '127.0.0.1', family: 4 }])
  })
  const open = (style: string) =>
    openBucketContent({
      address: `s3://mail?endpoint=${server.endpoint.replace('127.0.0.1', 'storage.test')}&region=us-east-1&style=${style}`,
      ...{ directory: scratch('content'), log: openMemoryLog(), patience },
    })
  for (const style of ['path', 'host']) {
    const content = await open(style)
    await write(content, randomBytes(100_000))
    await content.close()
  }
  assert.deepEqual([...new Set(names)], ['storage.test', 'mail.storage.test'])
})
