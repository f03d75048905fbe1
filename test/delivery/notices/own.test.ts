/** Refusals that no host spoke: nobody else is quoted with them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RemoteReply } from '../../../machines/vocabulary/events.ts'
import { fieldOf, type Given, notice, parsed, partsOf, refused } from './letters.ts'

const own = (enhanced: string, text: string): RemoteReply => ({
  ...{ code: 550, enhanced, text, command: 'MAIL' },
  own: true,
})
const noUtf8 = own('5.6.7', 'the host does not take internationalised addresses (SMTPUTF8)')

const textOf = async (recipient: NonNullable<Given['recipients']>[number]): Promise<string> =>
  (await parsed(await notice({ recipients: [recipient] }))).text!.replace(/\n {4}/g, ' ')

test('the report names no host that reported, and a code of our own kind', async () => {
  const composed = await notice({ recipients: [{ ...refused, reply: noUtf8 }] })
  assert.equal(fieldOf(composed, 'Status'), '5.6.7')
  assert.equal(fieldOf(composed, 'Remote-MTA'), undefined)
  assert.equal(
    fieldOf(composed, 'Diagnostic-Code'),
    'x-fsmtp; 550 5.6.7 the host does not take internationalised addresses (SMTPUTF8)',
  )
})

test('the text quotes nobody', async () => {
  const text = await textOf({ ...refused, reply: noUtf8 })
  assert.match(
    text,
    /It was not sent to mx\.example\.net: the host does not take internationalised addresses \(SMTPUTF8\)\. That system cannot take/,
  )
  assert.doesNotMatch(text, /said:/)
})

test('where the route was not good enough, its fault is told, and no rule of the other side is blamed', async () => {
  const fault = 'the mail wants REQUIRETLS, and this route is configured without TLS'
  const reply = own('5.7.30', 'REQUIRETLS support required')
  const text = await textOf({ ...refused, host: null, reply, fault })
  assert.match(
    text,
    /It was not sent: the mail wants REQUIRETLS, and this route is configured without TLS\. It is to travel/,
  )
  assert.doesNotMatch(text, /said:|by its own rules/)
})

test('a sender that cannot be written is not asked to look at the recipient', async () => {
  const reply = own('5.1.7', 'the sender’s address cannot be written in SMTP')
  assert.match(
    await textOf({ ...refused, reply }),
    /The address to mend is the one the message was sent from\./,
  )
})

test('what a host said stays its own', async () => {
  const composed = await notice({
    recipients: [{ ...refused, reply: { ...refused.reply!, enhanced: '5.7.1' } }],
  })
  assert.equal(fieldOf(composed, 'Remote-MTA'), 'dns; mx.example.net')
  assert.match(fieldOf(composed, 'Diagnostic-Code')!, /^smtp; 550 /)
  assert.match(partsOf(composed)[0]!.body, /mx\.example\.net said: 550/)
})
