import assert from 'node:assert/strict'
import { test } from 'node:test'
import { viewsOf } from './views.ts'

test('a message has the shape that is promised outside', async (context) => {
  const views = await viewsOf(
    context,
    'open ehlo mail rcpt data accept(t1 bob@example.org=bob@example.org carol@example.com=>example.com)',
  )
  assert.deepEqual(views.message('t1'), {
    id: 't1',
    acceptedAt: '2026-01-01T00:00:06.000Z',
    session: 's1',
    sender: 'alice@example.net',
    user: null,
    recipients: ['bob@example.org', 'carol@example.com'],
    size: 1000,
    sha256: 'ab'.repeat(32),
    subject: 'about t1',
    messageId: '<t1@example.net>',
    from: 'Alice <alice@example.net>',
    waiting: 1,
    mailboxes: 1,
    stream: 'smtp_session-s1',
    cause: null,
    contentForgottenAt: null,
    tags: [],
  })
})

test('messages are found by envelope, session and subject', async (context) => {
  const views = await viewsOf(
    context,
    's1:open s1:accept(t1 bob@example.org) s2:open s2:accept(t2 Bob@example.org x@y.z) s2:accept(t3 x_y@y.z)',
  )
  const found = (filter: Parameters<typeof views.messages>[0]) =>
    [...views.messages(filter)].map(({ id }) => id).join(' ')
  assert.equal(found({}), 't1 t2 t3')
  assert.equal(found({ limit: 1 }), 't3')
  assert.equal(found({ recipient: 'bob@EXAMPLE.org' }), 't1 t2')
  assert.equal(found({ recipient: '*@y.z' }), 't2 t3')
  assert.equal(found({ recipient: 'xxy@y.z' }), '')
  assert.equal(found({ recipient: 'x_y@y.z' }), 't3')
  assert.equal(found({ session: 's2' }), 't2 t3')
  assert.equal(found({ subject: 'BOUT t2' }), 't2')
  assert.equal(found({ sender: '<>' }), '')
  assert.equal(found({ sender: '<alice@example.net>' }), 't1 t2 t3')
  assert.equal(found({ since: Date.parse(views.message('t2')!.acceptedAt) }), 't2 t3')
})

test('messages are found by the account that submitted them', async (context) => {
  const views = await viewsOf(
    context,
    'open submit(Ann@example.org t1) submit(bob@example.org t2) accept(t3) submit(ann@example.org t4)',
  )
  const found = (filter: Parameters<typeof views.messages>[0]) =>
    [...views.messages(filter)].map(({ id }) => id).join(' ')
  assert.equal(found({ account: 'ann@Example.org' }), 't1 t4')
  assert.equal(found({ account: 'ann@example.org', limit: 1 }), 't4')
  assert.equal(found({ account: 'ann@example.org', subject: 't1' }), 't1')
  assert.equal(found({ account: '*' }), '')
  assert.equal(found({ account: 'carol@example.org' }), '')
})

test('messages are found by the rules by which they are Junk', async (context) => {
  const views = await viewsOf(
    context,
    `open took(t1 a@x.example spf.fail dmarc.quarantine) took(t2 a@x.example) took(t3 b@x.example dmarc.quarantine)
     took(t4 b@x.example spf.softfail)`,
  )
  const found = (filter: Parameters<typeof views.messages>[0]) =>
    [...views.messages(filter)].map(({ id }) => id).join(' ')
  assert.deepEqual(views.message('t1')?.tags, ['spf.fail', 'dmarc.quarantine'])
  assert.equal(found({ tag: 'spf.fail' }), 't1')
  assert.equal(found({ tag: 'spf.*' }), 't1 t4')
  assert.equal(found({ tag: '*' }), 't1 t3 t4')
  assert.equal(found({ tag: '*', limit: 2 }), 't3 t4')
  assert.equal(found({ tag: 'DMARC.quarantine', sender: 'b@x.example' }), 't3')
  assert.equal(found({ tag: 'dmarc' }), '')
})

test('the ledger: every recipient is in a mailbox or waits', async (context) => {
  const views = await viewsOf(context, 'open accept(t1 a@x b@x=a@x c@y=>hop) accept(t2 d@y=>hop)')
  assert.deepEqual(views.ledger(), { messages: 2, filed: 1, waiting: 2, unaccounted: 0 })
})

test('a receipt is due until a message is accepted that is it, or the log says that none will be', async (context) => {
  const line = `s1:open s1:accept(t1 bob@x?delivered carol@y=>hop) s1:accept(t2 sales@x->ann@x?expanded sales@x->eve@y=>y?expanded)
    s1:accept(t3 bob@x) s1:accept(t4 bob@x?delivered) s1:accept(t5 bob@x?delivered)`
  const before = await viewsOf(context, line)
  assert.deepEqual(
    before.receiptsDue(9).map(({ message }) => message),
    ['t1', 't2', 't4', 't5'],
  )
  assert.deepEqual(before.receiptsDue(1), [
    { message: 't1', stream: 'smtp_session-s1', revision: 1, at: Date.UTC(2026, 0, 1, 0, 0, 2) },
  ])
  const after = await viewsOf(
    context,
    `${line} receipt(n1 t1 alice@example.net) unreceipted(t4 nobody-to-tell)`,
  )
  assert.deepEqual(
    after.receiptsDue(9).map(({ message }) => message),
    ['t2', 't5'],
  )
  assert.deepEqual(after.message('n1')?.cause, { message: 't1', kind: 'delivered' })
  assert.equal(after.message('n1')?.stream, 'notice-t1_delivered')
  assert.deepEqual(after.noticesDue(9), [])
})
