/** A host that answers slowly, but always in time, does not hold its place for ever. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { setImmediate as soon } from 'node:timers/promises'
import { Lease } from '../../src/delivery/lease.ts'
import { statusOf } from '../../src/delivery/notices/status.ts'
import { HostFailed } from '../../src/delivery/port.ts'
import { patience } from '../../src/delivery/wire/index.ts'
import { begun, type FarSide, farSide, faultOf, hostOf, outcomeOf } from './far-side.ts'

const minute = 60_000

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await soon()
}
const clocked = (context: TestContext) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  return async (minutes: number): Promise<void> => {
    context.mock.timers.tick(minutes * minute)
    await settled()
  }
}
const last = async (far: FarSide) => (await far.events('d1')).at(-1)!
const stopped = faultOf('stopped', { during: 'RCPT' })

test('before the final dot an attempt ends in good time, and no other host is begun with', async (context) => {
  const pass = clocked(context)
  const far = await farSide(() => ({
    hosts: [hostOf('tarpit'), hostOf('other')],
    connect: async ({ signal }) => {
      await once(signal, 'abort')
      throw new HostFailed(stopped)
    },
  }))
  far.queue('d1')
  await settled()
  await pass(18.9)
  assert.equal((await last(far)).type, 'RouteResolved')
  await pass(0.2)
  const { type, data } = await last(far)
  assert.deepEqual(
    [type, data.reason, data.uncertain, data.answered],
    [...['Deferred', 'attempt-too-long', false, false]],
  )
  assert.deepEqual(data.fault, {
    ...{ kind: 'attempt-too-long', during: 'RCPT', reply: null, temporary: true },
    text: 'it took too long, and we ended it: not done within 19 min',
  })
  assert.equal(far.connections.length, 1)
  const [, begin] = await far.events('d1')
  assert.ok(Number(begin!.data.leaseUntil) - begun <= 30 * minute)
})

test('after the final dot the host has its ten minutes; then who was answered for is done, and the rest is uncertain', async (context) => {
  const pass = clocked(context)
  const far = await farSide(() => ({
    send: async (_envelope, _wire, signal) => {
      await once(signal, 'abort')
      const outcomes = [outcomeOf('a@example.net', 'delivered')]
      return { outcomes, fault: faultOf('stopped', { during: 'content' }), uncertain: true }
    },
  }))
  far.queue('d1', { recipients: [{ address: 'a@example.net' }, { address: 'b@example.net' }] })
  await settled()
  await pass(patience.final / minute)
  assert.equal((await last(far)).type, 'Connected')
  await pass(0.6)
  const { type, data } = await last(far)
  assert.deepEqual([type, data.reason, data.uncertain], ['Deferred', 'attempt-too-long', true])
})

test('a kept connection on which time ran out is no reason to begin anew', async (context) => {
  const pass = clocked(context)
  let sends = 0
  const far = await farSide(() => ({
    send: async ({ recipients }, wire, signal) => {
      if (++sends === 1)
        return {
          outcomes: recipients.map(({ address }) => outcomeOf(address, 'delivered')),
          ...{ fault: null, uncertain: false },
        }
      await once(signal, 'abort')
      wire.usable = false
      return { outcomes: [], fault: stopped, uncertain: false }
    },
  }))
  far.queue('d0')
  await settled()
  far.queue('d1')
  await settled()
  await pass(31)
  assert.equal((await last(far)).data.reason, 'attempt-too-long')
  assert.equal(far.connections.length, 1)
})

test('an attempt that ended in time leaves no clock behind that ends the next', async (context) => {
  const pass = clocked(context)
  const signals: AbortSignal[] = []
  const far = await farSide(() => ({
    connect: ({ signal }) => {
      signals.push(signal)
      throw new HostFailed(faultOf('connection-refused'))
    },
  }))
  far.queue('d1')
  await settled()
  await pass(40)
  assert.equal(signals[0]?.aborted, false)
})

test('large mail has more time: it may go at 16 KiB in a second', () => {
  const small = new Lease({ size: 1_000, end: () => {} })
  const large = new Lease({ size: 48 * 1024 * 1024, end: () => {} })
  assert.equal(Math.round((large.length - small.length) / minute), 51)
  for (const lease of [small, large]) lease.stop()
})

test('a report says 4.4.2, as of any connection that went wrong', () => {
  const recipient = {
    address: 'a@x',
    reply: null,
    host: 'x',
    lastAttemptAt: 0,
    faultKind: 'attempt-too-long',
  }
  assert.deepEqual([statusOf('delayed', recipient), statusOf('failed', recipient)], ['4.4.2', '5.4.2'])
})
