/** What facts of a delivery say to people, where it is easily misunderstood. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventOf } from '../../machines/vocabulary/events.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { deliverySentences } from '../../src/telling/delivery-story.ts'
import { tellDelivery } from '../history/deliveries.ts'

const told = async (line: string): Promise<readonly string[]> => {
  const log = openMemoryLog()
  await tellDelivery(log, 'd1', line)
  const sentences: string[] = []
  // What the machine recorded is what the vocabulary says.
  for await (const page of log.readStream('delivery-d1'))
    for (const event of page) sentences.push(...deliverySentences(event as EventOf, 'y'))
  return sentences
}

test('a turn that was left out is no attempt', async () => {
  const [, putOff] = await told('queue postpone')
  assert.match(
    putOff!,
    /^The delivery to y was put off: y is left alone until 2026-01-01T00:10:01\.000Z; next turn at 2026-01-01T00:10:01\.000Z$/,
  )
})

test('an attempt that was cut off says whether the host may have the mail', async () => {
  assert.equal(
    (await told('queue start route lost')).at(-1),
    'The attempt was cut off; nothing had been sent',
  )
  assert.equal(
    (await told('queue start route connected lost')).at(-1),
    'The attempt was cut off: the host may have the mail',
  )
})
