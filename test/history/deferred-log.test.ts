/** The log that the bench fills is one that a server could have written. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { fillDeferred, recipientAt, senderAt } from '../../bench/deferred-log.ts'
import { fsmtp, objects, scratch } from '../server.ts'

test('a log filled with deferred deliveries is proved by verify, and each of them waits', async () => {
  const folder = scratch('deferred')
  const count = 115
  await fillDeferred(join(folder, 'data'), count)
  const proved = await fsmtp(folder, ['verify', '--data', 'data'])
  assert.equal(proved.code, 0, proved.stdout)
  const found = objects(await fsmtp(folder, ['deliveries', '--json', '--data', 'data']))
  assert.equal(found.length, count)
  assert.ok(found.every(({ status }) => status === 'deferred'))
  const hour = 3_600_000
  assert.ok(found.every(({ nextAttemptAt }) => Date.parse(String(nextAttemptAt)) > Date.now() + 4 * hour))
  const last = objects(
    await fsmtp(folder, [
      'deliveries',
      '--json',
      '--data',
      'data',
      '--recipient',
      recipientAt(count - 1, count),
    ]),
  )
  assert.ok(last.some(({ sender }) => sender === senderAt(count - 1)))
})
