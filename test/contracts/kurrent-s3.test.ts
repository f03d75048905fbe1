/** The contract on EventStoreDB / KurrentDB with small bodies in a bucket, both of them stand-ins. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { withContents } from '../../src/content/beside.ts'
import { bodiesOf } from '../../src/content/open.ts'
import { openBucketContent } from '../../src/content/s3/store.ts'
import { openKurrentLog } from '../../src/log/kurrent/index.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { type EventLog, kindOf } from '../../src/log/port.ts'
import { startKurrentStandIn } from '../kurrent/stand-in.ts'
import { startS3StandIn } from '../s3/stand-in.ts'
import { standIn } from '../s3/target.ts'
import { scratch } from '../scratch.ts'
import { eventLogContract, type OpenedLog } from './event-log.ts'

const open = async (): Promise<OpenedLog> => {
  const [database, bucket, data] = [await startKurrentStandIn(), await startS3StandIn(), scratch('log')]
  const connect = async (): Promise<EventLog> =>
    withContents(await openKurrentLog({ url: database.url }), {
      bodies: bodiesOf({ data, content: bucket.url }),
    })
  let log = await connect()
  return {
    log,
    reopen: async () => {
      await log.close()
      log = await connect()
      return log
    },
    reader: connect,
    dispose: async () => {
      await log.close()
      await database.close()
      await bucket.stop()
    },
  }
}

eventLogContract({
  name: 'KurrentDB, bodies in a bucket',
  keeps: 'for the next opening',
  readableBy: 'every process',
  positions: 'ascending',
  forgets: 'later',
  several: 'one after the other',
  open,
})

const noted = kindOf('MessageAccepted', 1, {})
const told = (id: string, bytes: Uint8Array) => ({
  stream: `smtp_session-${id}`,
  expected: -1,
  events: [{ id, kind: noted, at: 0, data: { message: id } }],
  contents: [{ id, bytes }],
})

test('a body that the bucket does not take keeps its event out of the log', async (t) => {
  const bucket = await standIn(t)
  const log = withContents(openMemoryLog(), {
    bodies: bodiesOf({ data: scratch('log'), content: bucket.url }),
  })
  void bucket.faults.next('PutObject', { status: 403, code: 'AccessDenied' })
  await assert.rejects(log.append([told('01denied000', randomBytes(10))]), { name: 'LogUnavailable' })
  void bucket.faults.next('PutObject', { status: 507, code: 'XMinioStorageFull' })
  await assert.rejects(log.append([told('01full00000', randomBytes(10))]), { name: 'LogFull' })
  assert.equal(await log.tail(), 0)
  await log.append([told('01taken0000', randomBytes(10))])
  assert.equal((await log.last())?.data.message, '01taken0000')
  await log.close()
})

test('a server that knows no conditions is written to without', async (t) => {
  const bucket = await standIn(t)
  const log = withContents(openMemoryLog(), {
    bodies: bodiesOf({ data: scratch('log'), content: bucket.url }),
  })
  void bucket.faults.next('PutObject', { status: 501, code: 'NotImplemented' })
  await log.append([told('01plain0000', Buffer.from('body'))])
  assert.equal(Buffer.from((await log.content('01plain0000'))!).toString(), 'body')
  await log.close()
})

test('small and large bodies lie side by side in the bucket, and large ones are never read whole beside the log', async (t) => {
  const [bucket, directory] = [await standIn(t), scratch('log')]
  const log = withContents(openMemoryLog(), { bodies: bodiesOf({ data: directory, content: bucket.url }) })
  const content = await openBucketContent({ address: bucket.url, directory, log })
  const small = randomBytes(1000)
  await log.append([told('01small0000', small)])
  const large = randomBytes(300_000)
  const writer = await content.begin('01large0000')
  await writer.write(large)
  await writer.finish()
  assert.deepEqual([...bucket.vault.objects.keys()].sort(), [
    'content/00/01large0000',
    'content/00/01small0000',
  ])
  assert.deepEqual(Buffer.from((await content.read('01small0000'))!), small)
  assert.equal(await log.content('01large0000'), null)
  assert.deepEqual(Buffer.from((await content.read('01large0000'))!), large)
  await content.close()
  await log.close()
})
