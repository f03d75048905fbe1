import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MessageAccepted, SendingOver } from '../../machines/vocabulary/events.ts'
import { SendingLimits, sendingText } from '../../src/reputation/sending.ts'
import { rowsOf } from '../tables/table.ts'

const minute = 60_000
const start = Date.UTC(2026, 0, 1)
const file = new URL('./sending.md', import.meta.url)

const mailOf = (account: string, recipients: number): Pick<MessageAccepted, 'user' | 'recipients'> => ({
  user: account === '-' ? null : `${account}@example.org`,
  recipients: [
    { address: 'here@example.org', destination: { kind: 'mailbox', mailbox: 'here' } },
    ...Array.from({ length: recipients }, (_, at) => ({
      address: `${at}@far.example`,
      destination: { kind: 'nextHop', nextHop: 'far.example' } as const,
    })),
  ],
})
const ruleOf = (limits: string, own = '') => {
  const [messages = 0, recipients = 0] = limits.split(' ').map(Number)
  const [name, most] = own.split(' ')
  const accounts = name ? { [`${name}@Example.org`]: { messages: Number(most) } } : {}
  return { messages, recipients, per: 60 * minute, accounts }
}
const textOf = (over: SendingOver | null): string =>
  over === null ? 'ok' : `${over.of} ${over.count}/${over.limit}`

for (const row of rowsOf(file, 'Sending'))
  test(`sending.md:${row.line} ${row.cell('limits')}: ${row.cell('mails')}`, () => {
    const limits = new SendingLimits(ruleOf(row.cell('limits'), row.cell('own')))
    let at = start
    const overs = row
      .cell('mails')
      .split(', ')
      .map((mail) => {
        const [after = '', account = '', recipients] = mail.split(' ')
        at += Number(after) * minute
        return textOf(limits.count(mailOf(account, Number(recipients)), at))
      })
    assert.equal(overs.join(', '), row.cell('over'))
  })

test('a message is judged again as it was judged first, whatever came later', () => {
  const limits = new SendingLimits(ruleOf('2 9'))
  const times = [0, 10, 20, 30].map((minutes) => start + minutes * minute)
  const first = times.map((at) => textOf(limits.count(mailOf('ann', 1), at)))
  const again = times.map((at) => textOf(limits.judge(mailOf('ann', 1), at)))
  assert.deepEqual(again, first)
})

test('after a start it is judged by what was counted again', () => {
  const limits = new SendingLimits(ruleOf('2 9'))
  const now = start + 90 * minute
  for (const minutes of [10, 40, 50]) limits.recount(mailOf('ann', 1), { at: start + minutes * minute, now })
  assert.equal(textOf(limits.count(mailOf('ann', 1), now)), 'messages 3/2')
})

test('a configuration that is read again holds at once; with another window counts begin anew', () => {
  const limits = new SendingLimits(ruleOf('1 9'))
  limits.count(mailOf('ann', 1), start)
  limits.use(ruleOf('2 9'))
  assert.equal(limits.count(mailOf('ann', 1), start), null)
  limits.use({ ...ruleOf('1 9'), per: 120 * minute })
  assert.equal(limits.count(mailOf('ann', 1), start), null)
})

test('what it is over is said in a sentence', () => {
  const over = { account: 'ann@example.org', count: 3, limit: 2, per: 60 * minute }
  assert.equal(
    sendingText({ ...over, of: 'messages' }),
    'ann@example.org has sent 3 messages within 1h, and limits.sending allows 2',
  )
  assert.match(sendingText({ ...over, of: 'recipients' }), /has sent mail to 3 recipients within 1h/)
})
