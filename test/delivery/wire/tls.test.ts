/** TLS with hosts that can, that cannot, and that do it wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeCertificate } from '../../../src/config/own-certificate.ts'
import { Peer } from '../peer.ts'
import { certificate, meet, offered, plain, refusedMeeting, send, summary, upgraded } from './stage.ts'

const secured = `${upgraded}
  S: 250-mx.example
  S: 250-PIPELINING
  S: 250 SIZE 1000`

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
  assert.deepEqual([fault.kind, fault.during, fault.temporary], ['certificate-invalid', 'STARTTLS', true])
  assert.equal(
    fault.text,
    'the certificate of this host is not valid: it is signed by itself, by no authority that is known here (DEPTH_ZERO_SELF_SIGNED_CERT)',
  )
})

test('required, a certificate for another name', async () => {
  const own = await certificate()
  await using peer = await Peer.listen(secured, { certificate: own })
  const host = { name: 'mx.example', address: '127.0.0.1', port: peer.port }
  const fault = await refusedMeeting(peer.port, {
    options: { tls: 'required', host },
    settings: { ca: own.cert },
  })
  assert.equal(fault.kind, 'certificate-invalid')
  assert.match(
    fault.text,
    /: it is for [^;]*localhost[^;]*, not for mx\.example \(ERR_TLS_CERT_ALTNAME_INVALID\)$/,
  )
})

test('required, a certificate that has expired', async () => {
  const old = await makeCertificate({ hostname: 'localhost', now: new Date('2001-01-01') })
  await using peer = await Peer.listen(secured, { certificate: old })
  const fault = await refusedMeeting(peer.port, { options: { tls: 'required' }, settings: { ca: old.cert } })
  assert.equal(fault.kind, 'certificate-invalid')
  assert.match(fault.text, /: it has expired \(CERT_HAS_EXPIRED\)$/)
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
    `${upgraded}
    reset`,
    { certificate: await certificate() },
  )
  const fault = await refusedMeeting(peer.port, { options: { tls: 'opportunistic' } })
  assert.deepEqual([fault.kind, fault.during], ['connection-lost', 'EHLO'])
})
