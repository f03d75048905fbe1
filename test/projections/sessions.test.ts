import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventOf } from '../../machines/vocabulary/events.ts'
import { sessions } from '../../projections/sessions.ts'
import { atTheTop } from '../../src/views/answers/pages.ts'
import { rowsOf } from '../tables/table.ts'
import { viewsOf } from './views.ts'

const file = new URL('./sessions.md', import.meta.url)

const orNull = (cell: string): string | null => (cell === '' ? null : cell)

for (const row of rowsOf(file, 'Sessions')) {
  const events = row.cell('events')
  test(`sessions.md:${row.line} ${events}`, async (context) => {
    const views = await viewsOf(context, events)
    const { outcome, reason, ended, state, refusals, transitions, messages } = views.session('s1')!
    assert.deepEqual(
      { outcome, reason, ended, state, refusals, transitions, messages: messages.join(' ') },
      {
        outcome: row.cell('outcome'),
        reason: orNull(row.cell('reason')),
        ended: orNull(row.cell('ended')),
        state: row.cell('state'),
        refusals: Number(row.cell('refusals')),
        transitions: Number(row.cell('transitions')),
        messages: row.cell('messages'),
      },
    )
  })
}

test('a session has the shape that is promised outside', async (context) => {
  const views = await viewsOf(
    context,
    'open ehlo starttls secured ehlo(a.example) auth login(alice) mail rcpt data accept(t1) quit',
  )
  assert.deepEqual(views.session('s1'), {
    id: 's1',
    openedAt: '2026-01-01T00:00:01.000Z',
    closedAt: '2026-01-01T00:00:12.000Z',
    listener: 'mx',
    node: 'mx',
    peer: { address: '192.0.2.1', port: 4000, name: null },
    helo: 'a.example',
    tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' },
    user: 'alice',
    tried: null,
    state: 'closed',
    outcome: 'accepted',
    reason: 'quit',
    rule: null,
    deferred: false,
    ended: 'quit',
    messages: ['t1'],
    accepted: 1,
    refusals: 0,
    refusal: null,
    tagged: 0,
    transitions: 12,
  })
})

test('sessions are found by what was said in them, refused or not', async (context) => {
  const views = await viewsOf(
    context,
    `s1:open s1:ehlo(one.example) s1:mail(a@example.net) s1:rcpt(bob@example.org) s1:data s1:accept(t1) s1:quit
     s2:open s2:ehlo(two.example) s2:mail(b@example.net) s2:norcpt(bobby@example.org) s2:quit
     s3:open(submission) s3:ehlo(two.example) s3:auth s3:login(carol@example.org) s3:nomail s3:end
     s4:open s4:renamed(198.51.100.7) s4:end s5:open`,
  )
  const found = (filter: Parameters<typeof views.sessions>[0]) =>
    [...views.sessions(filter)].map(({ id }) => id).join(' ')
  assert.equal(found({}), 's1 s2 s3 s4 s5')
  assert.equal(found({ limit: 2 }), 's4 s5')
  assert.equal(found({ sender: 'a@example.net' }), 's1')
  assert.equal(found({ sender: 'MALLORY@example.net' }), 's3')
  assert.equal(found({ sender: '*@example.net' }), 's1 s2 s3')
  assert.equal(found({ sender: '%@example.net' }), '')
  assert.equal(found({ recipient: 'bobby@*' }), 's2')
  assert.equal(found({ recipient: 'bob@example.org', sender: 'b@example.net' }), '')
  assert.equal(found({ helo: 'two.example' }), 's2 s3')
  assert.equal(found({ user: 'carol@example.org' }), 's3')
  assert.equal(found({ peer: '198.51.100.*' }), 's4')
  assert.equal(found({ outcome: 'refused' }), 's2 s3')
  assert.equal(found({ outcome: 'open' }), 's5')
  const opened = Date.parse(views.session('s3')!.openedAt)
  assert.equal(found({ since: opened }), 's3 s4 s5')
  assert.equal(found({ until: opened }), 's1 s2 s3')
})

test('sessions are found by the reason and the rule of anything that was refused in them', async (context) => {
  const views = await viewsOf(
    context,
    `s1:open s1:ehlo s1:mail s1:norcpt(bob@example.org spf-fail spf.fail) s1:quit
     s2:open s2:ehlo s2:mail s2:rcpt s2:data s2:reject(dmarc-reject dmarc.reject) s2:quit
     s3:open s3:ehlo s3:mail s3:norcpt(bob@example.org spf-fail spf.fail) s3:rcpt s3:data s3:accept(t3) s3:quit
     s4:open s4:ehlo s4:mail s4:norcpt(bob@example.org spf-fail spf.fail) s4:norcpt s4:quit
     s5:open s5:ehlo s5:mail s5:norcpt(bob@example.org spf-fail spf.fail) s5:end(too-many-errors)`,
  )
  const found = (filter: Parameters<typeof views.sessions>[0]) =>
    [...views.sessions(filter)].map(({ id, rule }) => `${id} ${rule}`)
  assert.deepEqual(found({}), ['s1 spf.fail', 's2 dmarc.reject', 's3 null', 's4 null', 's5 null'])
  const ofSpf = ['s1 spf.fail', 's3 null', 's4 null', 's5 null']
  assert.deepEqual(found({ rule: 'spf.fail' }), ofSpf)
  assert.deepEqual(found({ rule: '*.*', limit: 1 }), ['s5 null'])
  assert.deepEqual(found({ reason: 'spf-fail' }), ofSpf)
  assert.deepEqual(found({ rule: 'dmarc.*' }), ['s2 dmarc.reject'])
  assert.deepEqual(found({ reason: 'no-such-mailbox' }), ['s4 null'])
  assert.deepEqual(found({ reason: 'quit' }), ['s3 null'])
  assert.deepEqual(found({ reason: 'spf-fail', outcome: 'accepted' }), ['s3 null'])
  assert.deepEqual(found({ reason: 'too-many-errors' }), ['s5 null'])
  const { outcome, reason, refusals, refusal } = views.session('s3')!
  assert.deepEqual(
    { outcome, reason, refusals, refusal },
    { outcome: 'accepted', reason: 'quit', refusals: 1, refusal: 'spf-fail' },
  )
})

test('a session refused at the door, and one of wrong commands alone, are found by why', async (context) => {
  const views = await viewsOf(
    context,
    's1:door(too-many-sessions) s2:open s2:wrong(out-of-order) s2:quit s3:open s3:ehlo s3:wrong(out-of-order) s3:mail s3:rcpt s3:data s3:accept(t1) s3:quit',
  )
  const found = (reason: string) => [...views.sessions({ reason })].map(({ id }) => id).join(' ')
  assert.equal(found('too-many-sessions'), 's1')
  assert.equal(found('out-of-order'), 's2 s3')
})

test('logins that failed are found by the names that were tried, and are nobody’s', async (context) => {
  const views = await viewsOf(
    context,
    `s1:open s1:ehlo s1:auth s1:badlogin(Alice@example.org) s1:auth s1:badlogin(bob@example.org) s1:quit
     s2:open s2:ehlo s2:auth s2:badlogin(alice@example.org) s2:auth s2:login(alice@example.org) s2:quit
     s3:open s3:ehlo s3:auth s3:badlogin s3:quit
     s4:open s4:ehlo s4:auth s4:login(alice@example.org) s4:quit`,
  )
  const found = (filter: Parameters<typeof views.sessions>[0]) =>
    [...views.sessions(filter)].map(({ id, user, tried }) => `${id} ${user} ${tried}`)
  const ofAlice = [
    's1 null bob@example.org',
    's2 alice@example.org alice@example.org',
    's4 alice@example.org null',
  ]
  assert.deepEqual(found({ user: 'alice@example.org' }), ofAlice)
  assert.deepEqual(found({ user: 'alice@*' }), ofAlice)
  assert.deepEqual(found({ user: 'ALICE@example.org', limit: 2 }), ofAlice.slice(1))
  assert.deepEqual(found({ user: 'alice@example.org', limit: 3, before: atTheTop }), ofAlice.toReversed())
  assert.deepEqual(found({ user: 'bob@example.org' }), ofAlice.slice(0, 1))
  assert.deepEqual(found({ account: 'Alice@example.org' }), ofAlice.slice(1))
  assert.deepEqual(found({ account: 'bob@example.org' }), [])
  assert.equal(views.session('s3')?.tried, null)
})

test('sessions are found by the rules by which their mail is Junk, and only their own', async (context) => {
  const views = await viewsOf(
    context,
    `s1:open s1:took(t1 a@x.example spf.fail) s1:took(t2 a@x.example spf.fail helo.ours) s1:took(t3 a@x.example) s1:quit
     s2:open s2:took(t4 a@x.example) s2:quit s3:open s3:took(t5 a@x.example helo.ours)`,
  )
  const found = (filter: Parameters<typeof views.sessions>[0]) =>
    [...views.sessions(filter)].map(({ id, tagged }) => `${id} ${tagged}`).join(', ')
  assert.equal(found({}), 's1 2, s2 0, s3 1')
  assert.equal(found({ tag: 'spf.fail' }), 's1 2')
  assert.equal(found({ tag: '*', limit: 5 }), 's1 2, s3 1')
  assert.equal(found({ tag: 'helo.*', outcome: 'accepted' }), 's1 2')
  assert.equal(found({ tag: 'dmarc.*' }), '')
})

test('who was refused for now only is told apart by the last refusal', async (context) => {
  const views = await viewsOf(
    context,
    `s1:open s1:ehlo s1:mail s1:norcpt(bob@example.org greylisted reverseName.missing 451) s1:quit
     s2:open s2:ehlo s2:mail s2:norcpt(bob@example.org greylisted spf.none 451) s2:norcpt s2:quit
     s3:open s3:ehlo s3:mail s3:norcpt(bob@example.org greylisted spf.none 451) s3:rcpt s3:data s3:accept(t1) s3:quit
     s4:open s4:ehlo s4:mail s4:norcpt(bob@example.org greylisted spf.none 451) s4:end(too-many-errors)`,
  )
  const told = [...views.sessions()].map(({ id, outcome, deferred }) => `${id} ${outcome} ${deferred}`)
  assert.deepEqual(told, ['s1 refused true', 's2 refused false', 's3 accepted false', 's4 refused false'])
  assert.deepEqual(
    [...views.sessions({ reason: 'greylisted', outcome: 'refused' })].map(({ id, rule }) => `${id} ${rule}`),
    ['s1 reverseName.missing', 's2 null', 's4 null'],
  )
})

test('what is forgotten of a session is forgotten in every table', () => {
  const forgotten = { type: 'HistoryForgotten', data: { streams: ['smtp_session-s1'] } } as object as EventOf
  assert.deepEqual(
    new Set(sessions.fold(forgotten).map(({ table }) => table)),
    new Set(Object.keys(sessions.tables)),
  )
})

test('ids are completed from their beginning or their end', async (context) => {
  const views = await viewsOf(context, 'aa1:open aa2:open bx:open')
  assert.deepEqual(views.sessionIds('aa1'), ['aa1'])
  assert.deepEqual(views.sessionIds('b'), ['bx'])
  assert.deepEqual(views.sessionIds('X'), ['bx'])
  assert.deepEqual(views.sessionIds('aa'), ['aa1', 'aa2'])
  assert.deepEqual(views.sessionIds('q'), [])
  assert.deepEqual(views.sessionIds('%'), [])
})
