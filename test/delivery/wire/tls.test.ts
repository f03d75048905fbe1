/** TLS with hosts that can, that cannot, and that do it wrong; and names and passwords, which go over it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeCertificate } from '../../../src/config/own-certificate.ts'
import { Peer } from '../peer.ts'
import { certificate, meet, nobody, plain, refusedMeeting, send, summary } from './stage.ts'

const offered = `
  S: 220 mx.example here
  C: EHLO us.example
  S: 250-mx.example
  S: 250 STARTTLS`

const secured = `${offered}
  C: STARTTLS
  S: 220 go
  starttls
  C: EHLO us.example
  S: 250-mx.example
  S: 250-PIPELINING
  S: 250 SIZE 1000`

const login = { user: 'carol', password: 'correct horse' }
const short = { patience: { handshake: 200, startTls: 200 } }

test('opportunistic, offered: any certificate will do', async () => {
  const other = await makeCertificate({ hostname: 'other.example', now: new Date('2001-01-01') })
  await using peer = await Peer.listen(
    `${secured}
    C: MAIL FROM:<a@us.example> SIZE=6
    C: RCPT TO:<b@mx.example>
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 354 go
    C> content
    S: 250 kept
    C: QUIT
    S: 221 bye`,
    { certificate: other },
  )
  const { wire, connected, secured: facts } = await meet(peer.port, { options: { tls: 'opportunistic' } })
  assert.deepEqual(connected, [
    { greeting: 'mx.example here', extensions: ['STARTTLS'], securing: true, tls: null },
  ])
  assert.deepEqual(facts, [{ tls: wire.tls, extensions: ['PIPELINING', 'SIZE'] }])
  assert.deepEqual(
    [wire.tls?.version, wire.tls?.servername, wire.extensions],
    ['TLSv1.3', 'localhost', ['PIPELINING', 'SIZE']],
  )
  assert.deepEqual(summary(await send(wire)), ['b@mx.example delivered 250'])
  await wire.quit()
  await peer.played()
})

test('opportunistic, not offered: in clear', async () => {
  await using peer = await Peer.listen(plain)
  const { wire, connected, secured: facts } = await meet(peer.port, { options: { tls: 'opportunistic' } })
  assert.deepEqual([wire.tls, connected[0]?.securing, facts], [null, false, []])
  wire.destroy()
})

test('never: not even where it is offered', async () => {
  await using peer = await Peer.listen(offered)
  const { wire, connected } = await meet(peer.port)
  assert.deepEqual([wire.tls, connected[0]?.securing], [null, false])
  wire.destroy()
})

test('required, with a good certificate', async () => {
  const own = await certificate()
  await using peer = await Peer.listen(secured, { certificate: own })
  const { wire } = await meet(peer.port, { options: { tls: 'required' }, settings: { ca: own.cert } })
  assert.equal(wire.tls?.version, 'TLSv1.3')
  wire.destroy()
})

test('required, the host named by an address: no name is sent, the address is checked', async () => {
  const own = await certificate()
  await using peer = await Peer.listen(secured, { certificate: own })
  const host = { name: '[127.0.0.1]', address: '127.0.0.1', port: peer.port }
  const { wire } = await meet(peer.port, { options: { tls: 'required', host }, settings: { ca: own.cert } })
  assert.equal(wire.tls?.servername, null)
  wire.destroy()
})

test('required, not offered', async () => {
  await using peer = await Peer.listen(`${plain}
    gone`)
  const fault = await refusedMeeting(peer.port, { options: { tls: 'required' } })
  assert.deepEqual([fault.kind, fault.during, fault.temporary], ['tls-not-offered', 'EHLO', true])
  await peer.played()
})

test('required, a certificate that nobody vouches for', async () => {
  await using peer = await Peer.listen(secured, { certificate: await certificate() })
  const fault = await refusedMeeting(peer.port, { options: { tls: 'required' } })
  assert.deepEqual([fault.kind, fault.during, fault.temporary], ['tls-failed', 'STARTTLS', true])
  assert.match(fault.text, /SELF_SIGNED/)
})

test('required, a certificate for another name', async () => {
  const own = await certificate()
  await using peer = await Peer.listen(secured, { certificate: own })
  const host = { name: 'mx.example', address: '127.0.0.1', port: peer.port }
  const fault = await refusedMeeting(peer.port, {
    options: { tls: 'required', host },
    settings: { ca: own.cert },
  })
  assert.equal(fault.kind, 'tls-failed')
  assert.match(fault.text, /ALTNAME/)
})

test('required, a certificate that has expired', async () => {
  const old = await makeCertificate({ hostname: 'localhost', now: new Date('2001-01-01') })
  await using peer = await Peer.listen(secured, { certificate: old })
  const fault = await refusedMeeting(peer.port, { options: { tls: 'required' }, settings: { ca: old.cert } })
  assert.equal(fault.kind, 'tls-failed')
  assert.match(fault.text, /expired/)
})

for (const reply of ['454 not now', '501 what', '250 fine'] as const) {
  test(`offered, then answered with ${reply}`, async () => {
    await using peer = await Peer.listen(`${offered}
      C: STARTTLS
      S: ${reply}
      gone`)
    const fault = await refusedMeeting(peer.port, { options: { tls: 'opportunistic' } })
    assert.deepEqual([fault.kind, fault.during, fault.temporary], ['tls-failed', 'STARTTLS', true])
    assert.equal(fault.reply?.code, Number(reply.slice(0, 3)))
    await peer.played()
  })
}

for (const [name, after] of [
  ['nonsense', 'raw "this is no handshake, whatever you say\\r\\n"\nsilence'],
  ['the end of the connection', 'close'],
  ['silence', 'silence'],
] as const) {
  test(`offered and taken, then ${name} instead of a handshake`, async () => {
    await using peer = await Peer.listen(`${offered}
      C: STARTTLS
      S: 220 go
      read 1
      ${after}`)
    const fault = await refusedMeeting(peer.port, { options: { tls: 'opportunistic' }, settings: short })
    assert.deepEqual([fault.kind, fault.during, fault.temporary], ['tls-failed', 'STARTTLS', true])
  })
}

for (const injected of ['250 injected\\r\\n', '250-inj', '\\r\\n'] as const) {
  test(`"${injected}" in clear behind the answer to STARTTLS`, async () => {
    await using peer = await Peer.listen(`${offered}
      C: STARTTLS
      raw "220 go\\r\\n${injected}"
      gone`)
    const fault = await refusedMeeting(peer.port, { options: { tls: 'opportunistic' } })
    assert.deepEqual([fault.kind, fault.during, fault.temporary], ['tls-injection', 'STARTTLS', true])
    await peer.played()
  })
}

test('stopped in the handshake', async () => {
  const control = new AbortController()
  await using peer = await Peer.listen(`${offered}
    C: STARTTLS
    S: 220 go
    silence`)
  const meeting = refusedMeeting(peer.port, { options: { tls: 'opportunistic', signal: control.signal } })
  await peer.hears('STARTTLS')
  control.abort()
  assert.equal((await meeting).kind, 'stopped')
})

test('implicit: TLS from the first byte; on loopback any certificate will do', async () => {
  await using peer = await Peer.listen(plain, { certificate: await certificate(), implicit: true })
  const { wire, connected, secured: facts } = await meet(peer.port, { options: { tls: 'implicit' } })
  assert.equal(wire.tls?.version, 'TLSv1.3')
  assert.deepEqual([connected[0]?.tls, connected[0]?.securing, facts], [wire.tls, false, []])
  wire.destroy()
})

test('implicit, where the host speaks in clear', async () => {
  await using peer = await Peer.listen(plain)
  const fault = await refusedMeeting(peer.port, { options: { tls: 'implicit' }, settings: short })
  assert.deepEqual([fault.kind, fault.during], ['tls-failed', 'connect'])
})

test('the connection lost after the handshake', async () => {
  await using peer = await Peer.listen(
    `${offered}
    C: STARTTLS
    S: 220 go
    starttls
    C: EHLO us.example
    reset`,
    { certificate: await certificate() },
  )
  const fault = await refusedMeeting(peer.port, { options: { tls: 'opportunistic' } })
  assert.deepEqual([fault.kind, fault.during], ['connection-lost', 'EHLO'])
})

const withAuth = (mechanisms: string): string => `
  S: 220 mx.example here
  C: EHLO us.example
  S: 250-mx.example
  S: 250 ${mechanisms}`

test('login with PLAIN: nothing secret is told', async () => {
  const token = Buffer.from('\0carol\0correct horse').toString('base64')
  await using peer = await Peer.listen(`${withAuth('AUTH LOGIN PLAIN')}
    C: AUTH PLAIN ${token}
    S: 235-you said ${token}
    S: 235 that is correct horse, in`)
  const { wire, said } = await meet(peer.port, { options: { login } })
  assert.deepEqual(said.slice(-3), ['C: AUTH PLAIN ***', 'S: 235-you said ***', 'S: 235 that is ***, in'])
  await peer.played()
  wire.destroy()
})

test('login with LOGIN, in the old spelling', async () => {
  await using peer = await Peer.listen(`${withAuth('AUTH=LOGIN')}
    C: AUTH LOGIN
    S: 334 VXNlcm5hbWU6
    C: ${Buffer.from('carol').toString('base64')}
    S: 334 UGFzc3dvcmQ6
    C: ${Buffer.from('correct horse').toString('base64')}
    S: 235 in`)
  const { wire, said } = await meet(peer.port, { options: { login } })
  assert.deepEqual(
    said.filter((line) => line.startsWith('C: ')),
    ['C: EHLO us.example', 'C: AUTH LOGIN', 'C: ***', 'C: ***'],
  )
  wire.destroy()
})

for (const reply of ['535 5.7.8 no', '454 4.7.0 not now', '334 more?'] as const) {
  test(`login answered with ${reply}`, async () => {
    await using peer = await Peer.listen(`${withAuth('AUTH PLAIN')}
      C: AUTH PLAIN *
      S: ${reply}
      gone`)
    const fault = await refusedMeeting(peer.port, { options: { login } })
    assert.deepEqual([fault.kind, fault.during, fault.temporary], ['login-failed', 'AUTH', true])
    assert.doesNotMatch(JSON.stringify(fault), /correct horse/)
    await peer.played()
  })
}

test('a host that offers no way to log in', async () => {
  await using peer = await Peer.listen(`${withAuth('AUTH CRAM-MD5 XOAUTH2')}
    gone`)
  const fault = await refusedMeeting(peer.port, { options: { login } })
  assert.deepEqual([fault.kind, fault.reply], ['login-failed', null])
  await peer.played()
})

test('login under TLS comes after the second EHLO, and to the second list of mechanisms', async () => {
  await using peer = await Peer.listen(
    `${offered}
    C: STARTTLS
    S: 220 go
    starttls
    C: EHLO us.example
    S: 250-mx.example
    S: 250 AUTH PLAIN
    C: AUTH PLAIN *
    S: 235 in`,
    { certificate: await certificate() },
  )
  const { wire } = await meet(peer.port, { options: { login, tls: 'opportunistic', signal: nobody } })
  await peer.played()
  wire.destroy()
})
