/** Addresses that are known not to exist are not tried, and their senders hear why. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { delivery } from '../../machines/delivery/index.ts'
import { withheldFrom } from '../../src/delivery/withheld.ts'
import { steps } from '../../src/history/steps.ts'
import { accepts, farSide, faultOf, outcomeOf, policy } from './far-side.ts'

const suppression = (address: string) =>
  address.startsWith('gone') ? { enhanced: '5.1.1', why: 'it is gone' } : null
const own = { code: 550, enhanced: '5.1.1', text: 'it is gone', command: 'suppression', own: true }
const to = (...addresses: string[]) => ({ recipients: addresses.map((address) => ({ address })) })

test('where nobody is left nothing is asked of any host, and nothing is said of the destination', async () => {
  const far = await farSide(() => ({}), { suppression })
  far.queue('d1', to('gone@example.net'))
  await far.until('d1', 'Failed')
  assert.deepEqual(await far.types('d1'), ['DeliveryQueued', 'AttemptStarted', 'Failed'])
  const { outcomes, reason, fault, answered, notices } = (await far.events('d1')).at(-1)!.data
  assert.deepEqual(outcomes, [{ address: 'gone@example.net', result: 'failed', reply: own }])
  assert.deepEqual({ reason, fault, answered }, { reason: 'suppressed', fault: null, answered: null })
  assert.deepEqual(notices, [{ kind: 'failed', attempt: 1, recipients: ['gone@example.net'] }])
  assert.deepEqual(far.connections, [])
  assert.deepEqual(far.notified, ['failed d1'])
  for (const { diverged } of steps(await far.events('d1'), delivery, policy)) assert.equal(diverged, null)
})

test('the others get the mail in the same attempt', async () => {
  const far = await farSide(() => ({}), { suppression })
  far.queue('d1', to('gone@example.net', 'ann@example.net'))
  await far.until('d1', 'Failed')
  assert.deepEqual(
    far.sent.map(({ envelope }) => envelope.recipients),
    [[{ address: 'ann@example.net' }]],
  )
  const { outcomes, reason, answered } = (await far.events('d1')).at(-1)!.data
  assert.deepEqual(
    (outcomes as { address: string; result: string }[]).map(({ address, result }) => `${address} ${result}`),
    ['gone@example.net failed', 'ann@example.net delivered'],
  )
  assert.deepEqual({ reason, answered }, { reason: 'suppressed', answered: true })
})

test('where the others wait, nobody is held back twice', async () => {
  let attempt = 0
  const far = await farSide(
    () => ({
      send: (envelope) =>
        ++attempt > 1
          ? accepts(envelope)
          : { outcomes: [outcomeOf('ann@example.net', 'deferred')], fault: null, uncertain: false },
    }),
    { suppression },
  )
  far.queue('d1', to('gone@example.net', 'ann@example.net'))
  await far.until('d1', 'Deferred')
  await far.courier.act('d1', 'RETRY', 'test')
  await far.until('d1', 'Failed')
  const { outcomes } = (await far.events('d1')).at(-1)!.data
  assert.deepEqual(
    (outcomes as { address: string }[]).map(({ address }) => address),
    ['ann@example.net'],
  )
  assert.deepEqual(far.notified, ['failed d1'])
})

test('a way that is not found says nothing about who was held back', async () => {
  const far = await farSide(() => ({ noRoute: faultOf('dns-failed') }), { suppression })
  far.queue('d1', to('gone@example.net', 'ann@example.net'))
  await far.until('d1', 'Deferred')
  const { outcomes, fault } = (await far.events('d1')).at(-1)!.data
  assert.equal((outcomes as unknown[]).length, 1)
  assert.equal((fault as { kind: string }).kind, 'dns-failed')
})

test('what has no sender goes its way: nobody would hear that it did not', async () => {
  const recipients = [{ address: 'gone@example.net' }]
  assert.deepEqual(withheldFrom({ sender: '', recipients }, new Set(), suppression), [])
  assert.deepEqual(
    withheldFrom({ sender: 'a@x', recipients }, new Set(['gone@example.net']), suppression),
    [],
  )
  assert.deepEqual(withheldFrom({ sender: 'a@x', recipients }, new Set(), undefined), [])
  assert.equal(withheldFrom({ sender: 'a@x', recipients }, new Set(), suppression).length, 1)
})
