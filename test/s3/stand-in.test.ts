/** The stand-in says no where S3 does: a client that signs wrongly is found out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { type S3StandIn, testKeys } from './stand-in.ts'
import { standIn } from './target.ts'

const clientOf = (
  { endpoint }: S3StandIn,
  { secret = testKeys.secretAccessKey as string, region = 'us-east-1' } = {},
) =>
  new S3Client({
    ...{ endpoint, region, forcePathStyle: true, maxAttempts: 1 },
    credentials: { accessKeyId: testKeys.accessKeyId, secretAccessKey: secret },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  })
const body = { Bucket: 'mail', Key: 'a b/ü+(1)*', Body: Buffer.from('hello'), Metadata: { by: 'me' } }

test('what is signed rightly is taken, whatever the key looks like', async (t) => {
  const server = await standIn(t)
  const client = clientOf(server)
  await client.send(new PutObjectCommand(body))
  const found = await client.send(new GetObjectCommand({ Bucket: 'mail', Key: body.Key, Range: 'bytes=2-' }))
  assert.equal(await found.Body?.transformToString(), 'llo')
  assert.deepEqual(found.Metadata, { by: 'me' })
})

test('a wrong secret, a wrong region and no signature are refused', async (t) => {
  const server = await standIn(t)
  await assert.rejects(clientOf(server, { secret: 'guessed' }).send(new PutObjectCommand(body)), {
    name: 'SignatureDoesNotMatch',
  })
  await assert.rejects(clientOf(server, { region: 'mars-1' }).send(new PutObjectCommand(body)), {
    name: 'AuthorizationHeaderMalformed',
  })
  assert.equal((await fetch(`${server.endpoint}/mail/x`, { method: 'PUT', body: 'x' })).status, 403)
  assert.equal(server.vault.objects.size, 0)
})

test('what was changed on its way is refused', async (t) => {
  const server = await standIn(t)
  const client = clientOf(server)
  const changed = (change: (request: { body?: unknown; path: string }) => void): void =>
    client.middlewareStack.add(
      (next) => (args) => {
        change(args.request as { body?: unknown; path: string })
        return next(args)
      },
      { step: 'finalizeRequest', priority: 'low', name: 'changed', override: true },
    )
  changed((request) => {
    request.body = Buffer.from('jello')
  })
  await assert.rejects(client.send(new PutObjectCommand(body)), { name: 'XAmzContentSHA256Mismatch' })
  changed((request) => {
    request.path += 'x'
  })
  await assert.rejects(client.send(new PutObjectCommand(body)), { name: 'SignatureDoesNotMatch' })
})

test('parts that are too small, unknown or out of order make no object', async (t) => {
  const client = clientOf(await standIn(t))
  const place = { Bucket: 'mail', Key: 'large' }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(place))
  const part = async (PartNumber: number) => {
    const { ETag } = await client.send(
      new UploadPartCommand({ ...place, UploadId, PartNumber, Body: Buffer.from(`part ${PartNumber}`) }),
    )
    return { PartNumber, ETag }
  }
  const [first, second] = [await part(1), await part(2)]
  const complete = (Parts: { PartNumber: number; ETag: string | undefined }[]) =>
    client.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }))
  await assert.rejects(complete([first, second]), { name: 'EntityTooSmall' })
  await assert.rejects(complete([second, first]), { name: 'InvalidPartOrder' })
  await assert.rejects(complete([{ PartNumber: 3, ETag: first.ETag }]), { name: 'InvalidPart' })
  await complete([second])
  await assert.rejects(complete([second]), { name: 'NoSuchUpload' })
})
