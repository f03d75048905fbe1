/** Hosts that repeat the password they were given: it stands in nothing that is kept. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Concealment } from '../../../src/delivery/wire/concealment.ts'
import { replyBounds } from '../../../src/delivery/wire/replies.ts'
import { Peer } from '../peer.ts'
import {
  certificate,
  envelopeOfOne,
  meet,
  refusedMeeting,
  send,
  takenInTurn,
  two,
  upgraded,
  whenOver,
  withAuth,
} from './stage.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const login = { user: 'carol', password: 'correct-horse-9' }
const token = base64(`\0${login.user}\0${login.password}`)
const known = new Concealment(login)

/** The same lines again, as they may be kept. */
const kept = (concealment: Concealment, ...words: readonly string[]): readonly string[] =>
  concealment.said(words.map((each) => ({ label: '', words: each }))).map((line) => line.words)

/** Neither the password nor its base64 is in it, not even with white space taken out. */
const assertNothingIn = (value: unknown): void => {
  const text = JSON.stringify(value)
    .replace(/\\[nt]|\s/g, '')
    .toLowerCase()
  for (const form of [login.password, base64(login.password), token])
    assert.ok(!text.includes(form.replace(/=+$/, '').toLowerCase()), text)
}

const loggedIn = `${withAuth('AUTH PLAIN')}
  C: AUTH PLAIN ${token}
  S: 235 in`

test('in the refusal of the login: neither in the transcript nor in the fault', async () => {
  for (const words of [login.password, base64(login.password), token, login.password.toUpperCase()]) {
    await using peer = await Peer.listen(`${withAuth('AUTH PLAIN')}
      C: AUTH PLAIN ${token}
      S: 535-5.7.8 who is ${words}
      S: 535 5.7.8 ${words}?
      gone`)
    const fault = await refusedMeeting(peer.port, { options: { login } })
    assert.equal(fault.reply?.text, 'who is *** ***?')
    assert.deepEqual(fault.said.slice(-2), ['S: 535-5.7.8 who is ***', 'S: 535 5.7.8 ***?'])
    assertNothingIn(fault)
  }
})

test('in every later reply, of every message', async () => {
  await using peer = await Peer.listen(`${loggedIn}
    C: MAIL FROM:<a@us.example>
    S: 250 hello ${login.password}
    C: RCPT TO:<b@mx.example>
    S: 250 2.1.5 ${token}
    C: RCPT TO:<c@mx.example>
    S: 550-5.1.1 not for
    S: 550 5.1.1 ${base64(login.password)}
    C: DATA
    S: 354 go
    C> content
    S: 250 kept for ${login.password}
    C: MAIL FROM:<a@us.example>
    S: 451 ${login.password}
    C: RSET
    S: 250 ${login.password}
    C: MAIL FROM:<a@us.example>
    S: 550 5.7.1 ${token}`)
  const { wire, said } = await meet(peer.port, { options: { login } })
  const first = await send(wire, two)
  assert.deepEqual(
    first.outcomes.map(({ reply }) => reply?.text),
    ['kept for ***', 'not for ***'],
  )
  assert.ok(first.said.includes('S: 250 2.1.5 ***'), first.said.join('\n'))
  const second = await send(wire)
  assert.equal(second.outcomes[0]?.reply?.text, '***')
  const third = await send(wire)
  assert.equal(third.outcomes[0]?.reply?.text, '***')
  assertNothingIn([said, first, second, third])
  wire.destroy()
})

test('in the greeting and in the answer to EHLO, by a host that knew it before; what is offered counts all the same', async () => {
  const own = { user: 'carol', password: 'pipelining' }
  await using peer = await Peer.listen(
    `raw "220 Pipelining here\\r\\n"
    ${upgraded.replace('S: 220 mx.example here', '')}
    S: 250-hello pipelining
    S: 250-PIPELINING
    S: 250-AUTH PLAIN
    S: 250 X-PIPELINING-TOO
    C: AUTH PLAIN *
    S: 235 in
    ${envelopeOfOne}
    S: 250 ok
    S: 250 ok
    S: 550 no`,
    { certificate: await certificate() },
  )
  const { wire, said, connected, secured } = await meet(peer.port, {
    options: { login: own, tls: 'opportunistic' },
  })
  assert.equal(connected[0]?.greeting, '*** here')
  assert.deepEqual(secured[0]?.extensions, ['***', 'AUTH', 'X-***-TOO'])
  assert.deepEqual(wire.extensions, secured[0]?.extensions)
  const sent = await send(wire)
  assert.deepEqual(
    sent.outcomes.map(({ result }) => result),
    ['failed'],
  )
  assert.doesNotMatch(JSON.stringify([said, connected, secured, sent]), /pipelining/i)
  await peer.played()
  wire.destroy()
})

for (const [how, script, kind] of [
  ['a goodbye', `S: 421 bye ${login.password}`, 'host-closing'],
  ['what is no reply', `S: the password is ${login.password}`, 'protocol'],
  ['no answer', `S: 354 ${token}`, 'protocol'],
  ['a reply that contradicts itself', `S: 250-${login.password}\nS: 550 ${token}`, 'protocol'],
  ['the middle of a reply', `S: 250-${login.password}\nclose`, 'connection-lost'],
] as const)
  test(`in ${how}`, async () => {
    await using peer = await Peer.listen(`${loggedIn}
      C: MAIL FROM:<a@us.example>
      ${script}
      gone`)
    const { wire } = await meet(peer.port, { options: { login } })
    const sent = await send(wire)
    assert.equal(sent.fault?.kind, kind)
    assert.match(sent.said.at(-1) ?? '', /^S: .*\*\*\*/)
    assertNothingIn(sent)
  })

test('in what is no reply, where it is cut for the fault’s text', async () => {
  await using peer = await Peer.listen(`${loggedIn}
    C: MAIL FROM:<a@us.example>
    S: ${'x'.repeat(110)} ${login.password}
    gone`)
  const { wire } = await meet(peer.port, { options: { login } })
  const { fault } = await send(wire)
  assert.match(fault?.text ?? '', /x{110} \*\*\*"$/)
})

test('in an answer that nobody asked for, between two messages', async () => {
  await using peer = await Peer.listen(`${loggedIn}
    ${takenInTurn}
    C> content
    S: 250 kept`)
  const { wire } = await meet(peer.port, { options: { login } })
  await send(wire)
  peer.say(`250 ${login.password}\r\n`)
  await whenOver(wire)
  const sent = await send(wire)
  assert.equal(sent.fault?.kind, 'protocol')
  assert.match(sent.fault?.reply?.text ?? '', /^\*\*\*$/)
  assertNothingIn(sent)
})

test('in other cases, with white space, over the lines of one reply', () => {
  assert.deepEqual(kept(known, 'is Correct-HORSE-9 right?'), ['is *** right?'])
  assert.deepEqual(kept(known, 'corr ect-\thorse -9.'), ['***.'])
  assert.deepEqual(kept(known, 'you: correct-', 'horse-9', 'fine'), ['you: ***', '***', 'fine'])
  assert.deepEqual(kept(known, token.slice(0, 9), token.slice(9)), ['***', '***'])
  assert.deepEqual(kept(known, login.password + login.password), ['***'])
  assert.deepEqual(kept(known, 'horse-9', 'correct-'), ['horse-9', 'correct-'])
})

test('in the base64 of something else, whatever stands before it', () => {
  for (const before of ['', 'x', 'xy', 'carol\0carol\0', 'carol:']) {
    const [text] = kept(known, base64(`${before}${login.password}`))
    assert.match(text ?? '', /\*\*\*/, before)
    assertNothingIn(text)
    // What is left at the edges is less than one character of it.
    assert.doesNotMatch(Buffer.from(text?.split('***')[0] ?? '', 'base64').toString(), /cor/, before)
  }
})

test('a password with characters that mean something in patterns, beyond ASCII, or that are white space', () => {
  for (const password of [
    'a.*b|[c]',
    '(((',
    '\\d+\\',
    '$^?{1}/',
    'p\u00e4ssw\u00f6rt',
    '\u{1f511}\u{1f511}\u{1f511}',
  ])
    assert.deepEqual(
      kept(new Concealment({ user: 'u', password }), `it is ${password}`, 'abcd'),
      ['it is ***', 'abcd'],
      password,
    )
  assert.deepEqual(kept(new Concealment({ user: 'u', password: ' edge ' }), 'it is  edge'), ['it is  ***'])
})

test('one that may begin inside another', () => {
  const own = new Concealment({ user: 'u', password: 'abaab' })
  assert.deepEqual(kept(own, 'abaabaab.'), ['***.'])
})

test('no password, or an empty one, hides nothing', () => {
  const lines = ['250 all is well', '', 'AAA= ***']
  for (const nothing of [null, { user: '', password: '' }, { user: 'carol', password: '' }])
    assert.deepEqual(kept(new Concealment(nothing), ...lines), lines)
})

test('a very short password is hidden where it stands alone', () => {
  const a = new Concealment({ user: 'carol', password: 'a' })
  assert.deepEqual(kept(a, 'a mail, (a), "A" and 1a'), ['*** mail, (***), "***" and 1a'])
  assert.deepEqual(kept(a, `${base64('a')} YQ`), ['*** ***'])
  assert.deepEqual(kept(a, base64('\0carol\0a')), ['***'])
  const white = new Concealment({ user: 'carol', password: '  ' })
  assert.deepEqual(kept(white, 'all  is   well'), ['all  is   well'])
})

test('the code is no word: a password of three digits leaves it', async () => {
  const own = { user: 'carol', password: '250' }
  await using peer = await Peer.listen(`${withAuth('AUTH PLAIN')}
    C: AUTH PLAIN *
    S: 235 in
    C: MAIL FROM:<a@us.example>
    S: 250 2.5.0 250 it is
    C: RCPT TO:<b@mx.example>
    S: 550 no`)
  const { wire } = await meet(peer.port, { options: { login: own } })
  assert.ok((await send(wire)).said.includes('S: 250 2.5.0 *** it is'))
  wire.destroy()
})

test('where a long line is cut, no beginning of it is left', () => {
  for (let before = replyBounds.kept - 20; before <= replyBounds.kept; before++) {
    const [text = ''] = kept(known, `${'x'.repeat(before)}${login.password} and more`)
    assert.match(text, /^x+(\*\*\*( a?n?d? ?)?)?$/)
  }
})

test('a host’s lines are cut behind the longest secret, not in it', async () => {
  await using peer = await Peer.listen(`${loggedIn}
    C: MAIL FROM:<a@us.example>
    S: 550 ${'x'.repeat(replyBounds.kept - 10)}${login.password}`)
  const { wire } = await meet(peer.port, { options: { login } })
  const sent = await send(wire)
  assert.match(sent.said.at(-1) ?? '', /^S: 550 x+(\*\*\*)?$/)
  wire.destroy()
})

test('whatever a host says around it, it is not kept', () => {
  const noise = fc.string({ unit: 'grapheme', maxLength: 20 })
  const password = fc.string({ minLength: 4, maxLength: 12, unit: 'grapheme-ascii' })
  fc.assert(
    fc.property(password, noise, noise, fc.nat(12), (secret, before, after, cut) => {
      const plain = secret.replace(/\s+/g, '')
      fc.pre(plain.length >= 4 && !plain.includes('*'))
      const text = `${before}${secret}${after}`
      const at = before.length + Math.min(cut, secret.length)
      const own = new Concealment({ user: 'u', password: secret })
      const lines = kept(own, text.slice(0, at), text.slice(at))
      const rest = lines.join('').replace(/\s+/g, '').toLowerCase()
      assert.ok(!rest.includes(plain.toLowerCase()), JSON.stringify(lines))
    }),
  )
})
