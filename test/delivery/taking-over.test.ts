/** What was left in the middle is taken up by a server that starts, at once or as soon as it can. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as soon } from 'node:timers/promises'
import { Outbox } from '../../src/actors/outbox.ts'
import { Directory } from '../../src/authentication/directory.ts'
import { loadConfig } from '../../src/config/load.ts'
import { openContentStore } from '../../src/content/store.ts'
import type { Backlog } from '../../src/delivery/backlog.ts'
import { startDeliveries } from '../../src/delivery/index.ts'
import { loadSigners } from '../../src/delivery/signing/index.ts'
import { takingOverBy } from '../../src/delivery/taking-over.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { sole } from '../../src/nodes/sole.ts'
import { tellDelivery } from '../history/deliveries.ts'
import { scratch } from '../scratch.ts'

/** A server of which an earlier run left an attempt in the middle. */
const started = async (backlog: Partial<Backlog>) => {
  const log = openMemoryLog()
  const directory = scratch('taking-over')
  const { config } = loadConfig({ cwd: directory, data: directory })
  await tellDelivery(log, 'd1', 'queue start route connected')
  const warnings: string[] = []
  const deliveries = await startDeliveries({
    ...{ config, log, outbox: new Outbox({ log }), members: sole('mx') },
    content: await openContentStore({ directory, log }),
    directory: await Directory.read(log, config),
    signers: await loadSigners(config),
    backlog: {
      caughtUp: async () => {},
      unrouted: () => [],
      underWay: () => [{ id: 'd1', node: 'mx' }],
      due: () => [],
      pace: () => null,
      noticesDue: () => [],
      original: async () => null,
      ...backlog,
    },
    routes: {
      resolve: () => new Promise(() => {}),
      destination: (nextHop) => nextHop,
      login: () => null,
    },
    connect: () => new Promise(() => {}),
    info: () => {},
    warn: (what, error) => warnings.push(`${what}: ${error?.message}`),
  })
  const types = async (): Promise<readonly string[]> => {
    const found: string[] = []
    for await (const page of log.readStream('delivery-d1')) found.push(...page.map(({ type }) => type))
    return found
  }
  return { deliveries, warnings, types }
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 100; turn++) await soon()
}

/** Fails once, and is in order afterwards. */
const failingOnce = <Value>(value: Value): (() => Value) => {
  let failures = 1
  return () => {
    if (failures-- > 0) throw new Error('the disk hiccuped')
    return value
  }
}

for (const [what, backlog] of [
  ['what is under way cannot be read', { underWay: failingOnce([{ id: 'd1', node: 'mx' }]) }],
  ['the views do not catch up', { caughtUp: failingOnce(Promise.resolve()) }],
] as const)
  test(`${what} at the start: it is taken up with the next sweep`, async (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] })
    const { deliveries, warnings, types } = await started(backlog)
    await settled()
    assert.match(
      warnings.join('\n'),
      /^deliveries of an earlier run could not be taken up; .*: the disk hiccuped$/,
    )
    assert.ok(!(await types()).includes('AttemptLost'))
    context.mock.timers.tick(30_000)
    await settled()
    assert.ok((await types()).includes('AttemptLost'), (await types()).join())
    assert.equal(warnings.length, 1)
    await deliveries.stop(0)
  })

test('asked for while it is under way it is done once more afterwards, not beside itself', async () => {
  const ends: (() => void)[] = []
  const { now, owed } = takingOverBy(() => new Promise((resolve) => ends.push(resolve)))
  const all = Promise.all([now(), now(), now()])
  assert.equal(ends.length, 1)
  ends[0]!()
  await settled()
  assert.equal(ends.length, 2)
  ends[1]!()
  await all
  await owed()
  assert.equal(ends.length, 2)
})
