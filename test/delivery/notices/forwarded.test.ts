/** Notices about mail that an alias sent on: the sender hears of the alias, and of nobody behind it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asAddressed } from '../../../src/delivery/notices/forwarded.ts'
import type { NoticeRecipient } from '../../../src/delivery/notices/index.ts'
import { notice, parsed, refused, reportOf } from './letters.ts'

const carol: NoticeRecipient = {
  ...refused,
  ...{ address: 'carol@remote.example', orcpt: 'rfc822;info@example.org', host: 'mx1.remote.example' },
  reply: {
    ...{ code: 550, enhanced: '5.1.1', command: 'RCPT' },
    text: '<Carol@remote.example>: carol is not known at mail.remote.example',
  },
}

test('neither the report nor the text names the address behind an alias, its domain or its hosts', async () => {
  const recipients = asAddressed([carol, { ...carol, address: 'dave@remote.example' }], 'info@example.org')
  const composed = await notice({ recipients })
  assert.doesNotMatch(composed.bytes.toString(), /carol|dave|remote\.example/i)
  const [, group, ...others] = reportOf(composed)
  assert.deepEqual(others, [])
  assert.deepEqual(group!.slice(0, 5), [
    ['original-recipient', 'rfc822; info@example.org'],
    ['final-recipient', 'rfc822; info@example.org'],
    ['action', 'failed'],
    ['status', '5.1.1'],
    ['diagnostic-code', 'smtp; 550 5.1.1 <info@example.org>: *** is not known at ***'],
  ])
  const { text, subject } = await parsed(composed)
  assert.equal(subject, 'Not delivered to info@example.org: Hello')
  const said = text!.replace(/\s+/g, ' ')
  assert.match(said, /<info@example\.org> The other side said: 550 5\.1\.1 /)
  assert.match(
    said,
    /Mail for it goes on to another address, which is not named here\. The address you wrote to is right, /,
  )
})

test('what was wrong on the way, and what was said before, names nobody either', async () => {
  const unreached = {
    ...carol,
    ...{ reply: null, fault: 'there is no domain remote.example', faultKind: 'no-such-domain' },
    before: { reply: { ...carol.reply!, code: 451, enhanced: '4.7.1' }, host: 'mx1.remote.example' },
  }
  const composed = await notice({ recipients: asAddressed([unreached], 'info@example.org') })
  assert.doesNotMatch(composed.bytes.toString(), /carol|remote\.example/i)
  assert.match(
    (await parsed(composed)).text!.replace(/\s+/g, ' '),
    /could not be passed on to where this address leads\. Before that, the other side said: 451 /,
  )
})

test('mail that was addressed so keeps its names', () => {
  assert.deepEqual(asAddressed([carol], undefined), [carol])
})

test('faults are sentences; names at their beginning stay as they are', async () => {
  const of = async (fault: string) =>
    (await parsed(await notice({ recipients: [{ ...refused, reply: null, host: null, fault }] }))).text
  assert.match((await of('cannot connect to 192.0.2.1'))!, /\n {4}Cannot connect to 192\.0\.2\.1\.\n/)
  assert.match((await of('example.net says no'))!, /\n {4}example\.net says no\.\n/)
})
