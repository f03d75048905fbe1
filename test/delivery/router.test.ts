/** What leaves of a message: by next hop, and for each alias apart, under names that are always the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type {
  AcceptedRecipient,
  DeliveryQueued,
  MessageAccepted,
  Place,
} from '../../machines/vocabulary/events.ts'
import { givenAddresses, type Onward, onwardOf, recipientsFor } from '../../machines/vocabulary/recipients.ts'
import { deliveryIds } from '../../src/delivery/ids.ts'
import { Router, type RouterOptions } from '../../src/delivery/router.ts'

const at = Date.UTC(2026, 0, 1)

const alias = (name: string, ...targets: readonly string[]): Place => ({
  kind: 'alias',
  alias: name,
  targets: targets.map((address) => {
    const domain = address.slice(address.indexOf('@') + 1)
    const isOurs = domain === 'example.org'
    return {
      address,
      destination: isOurs ? { kind: 'mailbox', mailbox: address } : { kind: 'nextHop', nextHop: domain },
    }
  }),
})
const foreign = (nextHop: string): Place => ({ kind: 'foreign', nextHop })
const sales = alias('sales@example.org', 'ann@example.org', 'carol@remote.example', 'dan@remote.example')
const info = alias('info@example.org', 'carol@remote.example', 'eve@remote.example', 'eve@other.example')

const messageTo = (
  recipients: readonly AcceptedRecipient[],
  more: Partial<MessageAccepted> = {},
): MessageAccepted => ({
  ...{ message: 'm', sender: 'bob@far.example', user: null, recipients, received: 0, size: 1, sha256: '' },
  ...{ subject: null, from: null, messageId: null },
  trace: { by: 'mx', helo: '', peer: { address: '', port: 0, name: null }, protocol: 'ESMTP', tls: null },
  ...more,
})

type Queued = Pick<DeliveryQueued, 'nextHop' | 'sender' | 'forwarder' | 'prefix'> & {
  readonly id: string
  readonly to: readonly string[]
}
const routed = async (
  message: MessageAccepted,
  { only, ...over }: { readonly only?: ReadonlySet<string> } & Partial<RouterOptions> = {},
): Promise<readonly Queued[]> => {
  const queued: Queued[] = []
  const router = new Router({
    courier: {
      queue: (id, _policy, { nextHop, sender, forwarder, prefix, recipients }) => {
        queued.push({
          ...{ id, nextHop, sender, prefix, to: recipients.map(({ address }) => address) },
          ...(forwarder !== undefined && { forwarder }),
        })
      },
    },
    ...{
      node: 'mx',
      policy: { hash: 'x', value: {} },
      sign: async () => 'DKIM-Signature: x\r\n',
      warn: assert.fail,
    },
    returnPath: (sender, forwarder) => `${sender} for ${forwarder}`,
    ...over,
  })
  await router.route({ message, at }, only)
  return queued
}

test('an alias becomes those it stands for; a report would name the alias', () => {
  assert.deepEqual(recipientsFor('Sales+x@example.org', sales, { notify: ['FAILURE'] }), [
    {
      address: 'ann@example.org',
      destination: { kind: 'mailbox', mailbox: 'ann@example.org' },
      notify: ['FAILURE'],
      orcpt: 'rfc822;Sales+x@example.org',
      alias: 'sales@example.org',
      given: 'Sales+x@example.org',
    },
    ...['carol@remote.example', 'dan@remote.example'].map((address) => ({
      address,
      destination: { kind: 'nextHop', nextHop: 'remote.example' },
      notify: ['FAILURE'],
      orcpt: 'rfc822;Sales+x@example.org',
      alias: 'sales@example.org',
      given: 'Sales+x@example.org',
    })),
  ])
  const [first] = recipientsFor('sales@example.org', sales, { orcpt: 'rfc822;first@list.example' })
  assert.equal(first?.orcpt, 'rfc822;first@list.example')
  assert.equal(first?.given, undefined)
  const [beyond] = recipientsFor('büro@example.org', alias('büro@example.org', 'x@y.example'))
  assert.equal(beyond?.orcpt, 'utf-8;büro@example.org')
})

test('a message is listed with what was given, an alias once', () => {
  const recipients = [
    ...recipientsFor('sales@example.org', sales),
    ...recipientsFor('zoe@remote.example', foreign('remote.example')),
    ...recipientsFor('SALES@example.org', sales),
  ]
  assert.deepEqual(givenAddresses(recipients), [
    'sales@example.org',
    'zoe@remote.example',
    'SALES@example.org',
  ])
})

test('mail for an alias leaves apart from all other, and each address gets it once', () => {
  const recipients = [
    ...recipientsFor('dan@remote.example', foreign('remote.example')),
    ...recipientsFor('sales@example.org', sales),
    ...recipientsFor('info@example.org', info),
    ...recipientsFor('sales@example.org', sales),
  ]
  const ways = onwardOf(recipients).map(({ nextHop, forwarder, recipients: to }) => [
    nextHop,
    forwarder,
    to.map(({ address }) => address),
  ])
  assert.deepEqual(ways, [
    ['remote.example', null, ['dan@remote.example']],
    ['remote.example', 'sales@example.org', ['carol@remote.example']],
    ['remote.example', 'info@example.org', ['eve@remote.example']],
    ['other.example', 'info@example.org', ['eve@other.example']],
  ])
})

test('nothing leaves for a recipient whose mail others get already', () => {
  const one = alias('one@example.org', 'dan@remote.example')
  const recipients = [
    ...recipientsFor('dan@remote.example', foreign('remote.example')),
    ...recipientsFor('one@example.org', one),
  ]
  assert.equal(onwardOf(recipients).length, 1)
})

test('what is forwarded has a sender of its own and says who forwarded it, above the signature', async () => {
  const message = messageTo([
    ...recipientsFor('zoe@remote.example', foreign('remote.example')),
    ...recipientsFor('sales@example.org', sales),
  ])
  const [plain, forwarded, ...others] = await routed(message)
  assert.deepEqual(others, [])
  assert.equal(plain?.sender, 'bob@far.example')
  assert.equal(plain?.forwarder, undefined)
  assert.match(plain?.prefix ?? '', /^DKIM-Signature: x\r\nReceived: /)
  assert.equal(forwarded?.sender, 'bob@far.example for sales@example.org')
  assert.equal(forwarded?.forwarder, 'sales@example.org')
  assert.equal(forwarded?.prefix, `Delivered-To: sales@example.org\r\n${plain?.prefix}`)
  assert.notEqual(forwarded?.id, plain?.id)
})

test('asked again, or for one hop only, the names are the same', async () => {
  const message = messageTo(recipientsFor('info@example.org', info))
  const all = await routed(message)
  assert.deepEqual(await routed(message), all)
  const some = await routed(message, { only: new Set(['other.example']) })
  assert.deepEqual(
    some,
    all.filter(({ nextHop }) => nextHop === 'other.example'),
  )
})

test('the name of a delivery follows from its message and its next hop, and so does its end', () => {
  const way = (nextHop: string): Onward => ({ nextHop, forwarder: null, recipients: [] })
  assert.deepEqual(deliveryIds('m', [way('example.net')]), ['m21p8ac'])
  // Two deliveries to one domain are told apart by the last six characters.
  assert.deepEqual(deliveryIds('n', [way('example.net')]), ['n83mh7b'])
})

test('no two that leave of one message share a name', () => {
  const ways = Array.from(
    { length: 60_000 },
    (_, number): Onward => ({ nextHop: `${number}.example`, forwarder: null, recipients: [] }),
  )
  const ids = deliveryIds('m', ways)
  assert.equal(new Set(ids).size, ways.length)
  // Long odds for one message; not for sixty thousand hops, where without care some would be lost.
  const alone = new Set(ways.map((way) => deliveryIds('m', [way])[0]))
  assert.ok(alone.size < ways.length)
})

test('a seal stands above all that leaves for an alias, and is made for nothing else; without one the mail goes all the same', async () => {
  const asked: string[] = []
  const seal: RouterOptions['seal'] = async (_, forwarder, prefix) => {
    asked.push(`${forwarder} ${prefix.split('\r\n')[0]}`)
    return 'ARC-Seal: x\r\n'
  }
  const message = messageTo(recipientsFor('sales@example.org', sales))
  const [sealed] = await routed(message, { seal })
  assert.match(
    sealed!.prefix,
    /^ARC-Seal: x\r\nDelivered-To: sales@example\.org\r\nDKIM-Signature: x\r\nReceived: /,
  )
  assert.deepEqual(asked, ['sales@example.org Delivered-To: sales@example.org'])
  const warned: string[] = []
  const [unsealed] = await routed(message, {
    seal: () => Promise.reject(new Error('no')),
    warn: (what) => warned.push(what),
  })
  assert.match(unsealed!.prefix, /^Delivered-To: /)
  assert.match(warned.join(), /is handed on unsealed$/)
})
