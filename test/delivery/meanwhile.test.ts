/** What somebody asks of a delivery while an attempt of it is under way, at each step that a far side can hang at. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { delivery } from '../../machines/delivery/index.ts'
import type { Act } from '../../machines/delivery/inputs.ts'
import { actOffline } from '../../src/delivery/offline.ts'
import { HostFailed, NoRoute, type Sent } from '../../src/delivery/port.ts'
import { steps } from '../../src/history/steps.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { sole } from '../../src/nodes/sole.ts'
import { accepts, type FarSide, farSide, faultOf, outcomeOf, policy, type Script } from './far-side.ts'

/** A far side that says nothing at one step until it is told to, or until we end the attempt. */
const hangingAt = (step: 'resolve' | 'connect' | 'envelope' | 'send') => {
  const answered = Promise.withResolvers<Sent | null>()
  const hang = async (signal: AbortSignal): Promise<Sent | null> => {
    const stopped = once(signal, 'abort').then(() => {
      throw step === 'resolve'
        ? new NoRoute(faultOf('stopped', { during: 'route' }))
        : new HostFailed(faultOf('stopped'))
    })
    return Promise.race([answered.promise, stopped])
  }
  const script: Script = {
    ...(step === 'resolve' && { resolve: async (signal) => void (await hang(signal)) }),
    ...(step === 'connect' && { connect: async ({ signal }) => void (await hang(signal)) }),
    ...(step === 'envelope' && { envelope: async (signal) => void (await hang(signal)) }),
    // Past the final dot nobody ends it.
    ...(step === 'send' && {
      send: async (envelope) => (await answered.promise) ?? accepts(envelope),
    }),
  }
  return { script: () => script, answer: (sent: Sent | null = null) => answered.resolve(sent) }
}
const before = {
  resolve: 'AttemptStarted',
  connect: 'RouteResolved',
  envelope: 'Connected',
  send: 'Connected',
} as const
const states = { resolve: 'resolving', connect: 'connecting', envelope: 'sending', send: 'sending' } as const
const early = ['resolve', 'connect', 'envelope'] as const
const all = [...early, 'send'] as const
const deferred: Sent = { outcomes: [], fault: faultOf('timeout', { during: 'content' }), uncertain: false }

const last = async (far: FarSide) => (await far.events('d1')).at(-1)!
const act = (far: FarSide, what: Act) => far.courier.act('d1', what, 'ann')
/** Its whole history is what the machine says today. */
const proved = async (far: FarSide): Promise<void> => {
  for (const { diverged } of steps(await far.events('d1'), delivery, policy)) assert.equal(diverged, null)
  assert.deepEqual(far.warnings, [])
}

for (const step of early)
  test(`cancelled while it hangs at ${step}, the attempt ends at once, and nothing leaves`, async () => {
    const { script } = hangingAt(step)
    const far = await farSide(script)
    far.queue('d1')
    await far.until('d1', before[step])
    assert.deepEqual(await act(far, 'CANCEL'), { before: states[step], after: 'cancelled' })
    const { type, data, meta } = await last(far)
    assert.deepEqual(
      [type, meta.to, data.reason, data.nextAttemptAt, data.uncertain, data.answered],
      ['Deferred', 'cancelled', 'called-off', null, false, null],
    )
    assert.equal((data.noted as { by: string }).by, 'ann')
    assert.equal((await far.types('d1')).at(-2), 'ActNoted')
    assert.deepEqual([far.sent.length, far.notified.length, far.courier.now.active], [0, 0, 0])
    await proved(far)
  })

for (const step of all)
  test(`held while it hangs at ${step}, it goes on; delivered, it is delivered, and the history says so`, async () => {
    const { script, answer } = hangingAt(step)
    const far = await farSide(script)
    far.queue('d1')
    await far.until('d1', before[step])
    const noted = { before: states[step], after: states[step], noted: 'hold' }
    assert.deepEqual(await act(far, 'HOLD'), noted)
    answer()
    await far.until('d1', 'Delivered')
    assert.equal(((await last(far)).data.noted as { act: string }).act, 'hold')
    assert.equal(far.sent.length, 1)
    await proved(far)
  })

test('held in the middle and put off by the host, it is held; released, it is tried again', async () => {
  const { script, answer } = hangingAt('send')
  const far = await farSide(script)
  far.queue('d1')
  await far.until('d1', 'Connected')
  await act(far, 'HOLD')
  answer(deferred)
  await far.until('d1', 'Deferred')
  assert.equal((await last(far)).meta.to, 'held')
  assert.equal(far.courier.now.active, 0)
  assert.deepEqual(await act(far, 'RELEASE'), { before: 'held', after: 'waiting' })
  await far.untilOne('d1', ['Deferred'])
  assert.equal((await last(far)).meta.to, 'waiting')
  await proved(far)
})

test('past the final dot a cancel waits for the answer: later it is cancelled, taken it is delivered', async () => {
  for (const [sent, type, to] of [
    [deferred, 'Deferred', 'cancelled'],
    [null, 'Delivered', 'delivered'],
  ] as const) {
    const { script, answer } = hangingAt('send')
    const far = await farSide(script)
    far.queue('d1')
    await far.until('d1', 'Connected')
    assert.deepEqual(await act(far, 'CANCEL'), { before: 'sending', after: 'sending', noted: 'cancel' })
    answer(sent)
    await far.until('d1', type)
    assert.equal((await last(far)).meta.to, to)
    await proved(far)
  }
})

test('some taken, some put off: the taken stay delivered, the rest is cancelled, and who was refused is told of', async () => {
  const { script, answer } = hangingAt('send')
  const far = await farSide(script)
  far.queue('d1', { recipients: ['a', 'b', 'c'].map((name) => ({ address: `${name}@example.net` })) })
  await far.until('d1', 'Connected')
  await act(far, 'CANCEL')
  answer({
    outcomes: [
      outcomeOf('a@example.net', 'delivered'),
      outcomeOf('b@example.net', 'deferred'),
      outcomeOf('c@example.net', 'failed'),
    ],
    ...{ fault: null, uncertain: false },
  })
  await far.until('d1', 'Deferred')
  assert.equal((await last(far)).meta.to, 'cancelled')
  assert.deepEqual(far.notified, ['failed d1'])
  await proved(far)
})

test('a hold is taken back by release, and not noted twice; a cancel stands, whatever is asked after it', async () => {
  const { script, answer } = hangingAt('send')
  const far = await farSide(script)
  far.queue('d1')
  await far.until('d1', 'Connected')
  const under = { before: 'sending', after: 'sending' }
  assert.deepEqual(await act(far, 'RELEASE'), under)
  assert.deepEqual(await act(far, 'RETRY'), under)
  assert.deepEqual(await act(far, 'HOLD'), { ...under, noted: 'hold' })
  assert.deepEqual(await act(far, 'HOLD'), under)
  assert.deepEqual(await act(far, 'RELEASE'), { ...under, noted: 'release' })
  assert.deepEqual(await act(far, 'HOLD'), { ...under, noted: 'hold' })
  assert.deepEqual(await act(far, 'CANCEL'), { ...under, noted: 'cancel' })
  for (const what of ['HOLD', 'RELEASE', 'RETRY', 'CANCEL'] as const)
    assert.deepEqual(await act(far, what), under)
  assert.deepEqual((await far.types('d1')).slice(4), [
    ...['ActRefused', 'ActRefused', 'ActNoted', 'ActRefused', 'ActTakenBack', 'ActNoted', 'ActNoted'],
    ...['ActRefused', 'ActRefused', 'ActRefused', 'ActRefused'],
  ])
  answer(deferred)
  await far.until('d1', 'Deferred')
  assert.equal((await last(far)).meta.to, 'cancelled')
  await proved(far)
})

test('a hold that was taken back leaves no trace on what becomes of it', async () => {
  const { script, answer } = hangingAt('send')
  const far = await farSide(script)
  far.queue('d1')
  await far.until('d1', 'Connected')
  await act(far, 'HOLD')
  await act(far, 'RELEASE')
  answer(deferred)
  await far.until('d1', 'Deferred')
  const { data, meta } = await last(far)
  assert.equal(meta.to, 'waiting')
  assert.ok(Number(data.nextAttemptAt) > 0)
  assert.equal('noted' in data, false)
})

for (const [what, to] of [
  ['HOLD', 'held'],
  ['CANCEL', 'cancelled'],
] as const) {
  test(`stopped after ${what} was noted, the attempt is lost and the delivery ${to}`, async () => {
    const far = await farSide(hangingAt('send').script)
    far.queue('d1')
    await far.until('d1', 'Connected')
    await act(far, what)
    await far.courier.stop(0)
    const { type, data, meta } = await last(far)
    assert.deepEqual([type, meta.to, data.uncertain, data.nextAttemptAt], ['AttemptLost', to, true, null])
    await proved(far)
  })

  test(`gone after ${what} was noted, the next start finds it, and does not send it`, async () => {
    const far = await farSide(hangingAt('send').script)
    far.queue('d1')
    await far.until('d1', 'Connected')
    await act(far, what)
    // No stop: the process is gone.
    const again = await farSide(() => ({}), {
      log: far.log,
      backlog: { underWay: () => [{ id: 'd1', node: 'mx.test' }] },
    })
    await again.courier.begin()
    await again.until('d1', 'AttemptLost')
    assert.equal((await last(again)).meta.to, to)
    assert.equal(again.sent.length, 0)
    await proved(again)
  })
}

test('stopped where nothing was sent yet, with a hold noted: nobody waits', async () => {
  const far = await farSide(hangingAt('connect').script)
  far.queue('d1')
  await far.until('d1', 'RouteResolved')
  await act(far, 'HOLD')
  // Half an hour of grace: it would be waited for.
  await far.courier.stop(1_800_000)
  assert.equal((await last(far)).meta.to, 'held')
})

// Several servers.

const fleet = (node: string, others: readonly string[]) => ({ ...sole(node), others: () => others })

for (const step of all)
  test(`asked of another server while it hangs at ${step}: noted there, and the one that has it goes on and does so`, async () => {
    const log = openMemoryLog()
    const { script, answer } = hangingAt(step)
    const a = await farSide(script, { log, node: 'a', members: fleet('a', ['b']) })
    const b = await farSide(() => ({}), { log, node: 'b', members: fleet('b', ['a']) })
    a.queue('d1')
    await a.until('d1', before[step])
    const state = states[step]
    assert.deepEqual(await act(b, 'HOLD'), { before: state, after: state, noted: 'hold' })
    assert.deepEqual(await act(b, 'RELEASE'), { before: state, after: state, noted: 'release' })
    assert.deepEqual(await act(b, 'HOLD'), { before: state, after: state, noted: 'hold' })
    answer(deferred)
    await a.untilOne('d1', ['Deferred', 'Delivered'])
    const { data, meta } = await last(a)
    assert.equal((data.noted as { act: string }).act, 'hold')
    assert.deepEqual([meta.to, meta.node], [step === 'send' ? 'held' : 'delivered', 'a'])
    assert.equal(a.courier.now.active, 0)
    await proved(a)
    await proved(b)
    // Nothing was done twice.
    assert.deepEqual([a.connections.length, a.sent.length], [1, 1])
  })

test('cancelled by another server before its next step, it comes to no final dot', async () => {
  const log = openMemoryLog()
  const { script, answer } = hangingAt('connect')
  const a = await farSide(script, { log, node: 'a', members: fleet('a', ['b']) })
  const b = await farSide(() => ({}), { log, node: 'b', members: fleet('b', ['a']) })
  a.queue('d1')
  await a.until('d1', 'RouteResolved')
  assert.deepEqual(await act(b, 'CANCEL'), { before: 'connecting', after: 'connecting', noted: 'cancel' })
  answer()
  await a.until('d1', 'Deferred')
  assert.equal((await last(a)).meta.to, 'cancelled')
  assert.equal(a.sent.length, 0)
  await proved(a)
})

test('a server that lives no more left it in the middle: what is asked of another is done at once', async () => {
  const log = openMemoryLog()
  const a = await farSide(hangingAt('send').script, { log, node: 'a' })
  a.queue('d1')
  await a.until('d1', 'Connected')
  const b = await farSide(() => ({}), { log, node: 'b', members: fleet('b', []) })
  assert.deepEqual(await act(b, 'HOLD'), { before: 'sending', after: 'held' })
  assert.deepEqual((await b.types('d1')).slice(-2), ['AttemptLost', 'Held'])
})

test('on a stopped server a hold that was noted is found when the next act asks', async () => {
  const far = await farSide(hangingAt('send').script)
  far.queue('d1')
  await far.until('d1', 'Connected')
  await act(far, 'HOLD')
  const [acted] = await actOffline(
    far.log,
    { act: 'RELEASE', ids: ['d1'], by: 'operator' },
    { node: 'mx.test', isAlone: true, warn: assert.fail },
  )
  assert.deepEqual(acted?.done, { before: 'sending', after: 'waiting' })
  assert.deepEqual((await far.types('d1')).slice(-3), ['ActNoted', 'AttemptLost', 'Released'])
})
