/** What may be forgotten: nothing that is open, brought mail, or of which somebody has still to hear. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noticeStream } from '../../machines/vocabulary/notices.ts'
import { acceptanceOf, endedWithoutMail, isSettled } from '../../src/retention/proof.ts'
import {
  accepted,
  closed,
  deliveryOf,
  elsewhere,
  type Fact,
  mailbox,
  opened,
  refused,
  start,
  stories,
} from './log.ts'

const sessions: readonly (readonly [string, readonly Fact[], boolean])[] = [
  ['one that ended', [opened(), closed(10)], true],
  ['one in which something was refused', [opened(), refused, closed(10)], true],
  ['one that was turned away at the door', [opened('too-many-sessions')], true],
  ['one that is open', [opened(), refused], false],
  ['one that was only opened', [opened()], false],
  ['one that ended later', [opened(), closed(1000)], false],
  ['one that brought mail', [opened(), accepted('m1', [mailbox('bob@example.org')]), closed(10)], false],
  ['one that is not there', [], false],
]
for (const [what, facts, mayGo] of sessions)
  test(`${what}: ${mayGo ? 'may go' : 'stays'}`, async () => {
    const { log, tell } = stories()
    if (facts.length > 0) await tell('smtp_session-s1', ...facts)
    assert.equal(await endedWithoutMail(log, 's1', start + 1000), mayGo)
  })

const owed = { notices: [{ kind: 'failed', attempt: 1, recipients: ['bob@far.example'] }] }
const delivery = deliveryOf('m1')
const notice = noticeStream({ delivery: delivery.slice('delivery-'.length), kind: 'failed', attempt: 1 })
const receipt = noticeStream({ message: 'm1', kind: 'delivered' })
const queued: Fact = { type: 'DeliveryQueued', to: 'queued' }
const ended = (to: string, data: object = {}): Fact => ({ type: 'Failed', to, data })
const told: Fact = { type: 'NoticeDropped', data: {} }
const bob = mailbox('bob@example.org')
const carol = elsewhere('carol@far.example')

type Story = { readonly recipients: readonly object[]; readonly streams?: Record<string, readonly Fact[]> }
const mails: readonly (readonly [string, Story, boolean])[] = [
  ['in a mailbox', { recipients: [bob] }, true],
  ['for elsewhere, not queued yet', { recipients: [carol] }, false],
  ['queued', { recipients: [carol], streams: { [delivery]: [queued] } }, false],
  ['held', { recipients: [carol], streams: { [delivery]: [queued, ended('held')] } }, false],
  [
    'in the middle of an attempt',
    { recipients: [carol], streams: { [delivery]: [ended('sending')] } },
    false,
  ],
  ['delivered', { recipients: [bob, carol], streams: { [delivery]: [queued, ended('delivered')] } }, true],
  ['cancelled', { recipients: [carol], streams: { [delivery]: [queued, ended('cancelled')] } }, true],
  [
    'failed, its sender not told yet',
    { recipients: [carol], streams: { [delivery]: [queued, ended('failed', owed)] } },
    false,
  ],
  [
    'failed, its sender told',
    { recipients: [carol], streams: { [delivery]: [queued, ended('failed', owed)], [notice]: [told] } },
    true,
  ],
  [
    'delivered after a delay of which its sender was not told yet',
    { recipients: [carol], streams: { [delivery]: [ended('deferred', owed), ended('delivered')] } },
    false,
  ],
  [
    'in a mailbox, its sender to be told so',
    { recipients: [mailbox('bob@example.org', { receipt: 'delivered' })] },
    false,
  ],
  [
    'in a mailbox, its sender told so',
    { recipients: [mailbox('bob@example.org', { receipt: 'delivered' })], streams: { [receipt]: [told] } },
    true,
  ],
]
for (const [what, { recipients, streams = {} }, mayGo] of mails)
  test(`a mail that is ${what}: its body ${mayGo ? 'may go' : 'stays'}`, async () => {
    const { log, tell } = stories()
    await tell('smtp_session-s1', opened(), accepted('m0', [carol]), accepted('m1', recipients))
    for (const [stream, facts] of Object.entries(streams)) await tell(stream, ...facts)
    const found = await acceptanceOf(log, { stream: 'smtp_session-s1', message: 'm1' })
    assert.equal(found?.data.message, 'm1')
    assert.equal(await isSettled(log, found!), mayGo)
  })
