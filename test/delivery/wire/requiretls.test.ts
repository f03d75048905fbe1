/** Mail that wants TLS all the way (RFC 8689): hosts that can, that cannot, and that are not who they should be. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeCertificate } from '../../../src/config/own-certificate.ts'
import { certificateBy, ourAuthority } from '../certificates.ts'
import { Peer } from '../peer.ts'
import { certificate, meet, modern, one, refusedMeeting, send, summary } from './stage.ts'

const offered = `
  S: 220 mx.example here
  C: EHLO us.example
  S: 250-mx.example
  S: 250-REQUIRETLS
  S: 250 STARTTLS
  C: STARTTLS
  S: 220 go
  starttls
  C: EHLO us.example`

const supporting = `${offered}
  S: 250-mx.example
  S: 250 REQUIRETLS`

const accepting = (mail: string): string => `
  C: ${mail}
  S: 250 ok
  C: RCPT TO:<b@mx.example>
  S: 250 ok
  C: DATA
  S: 354 go
  C> content
  S: 250 kept`

const secret = { ...one, requiretls: true }
const strict = { tls: 'opportunistic', requiretls: true } as const

test('a host that can is asked for the same', async () => {
  const pem = await certificate()
  await using peer = await Peer.listen(
    `${supporting}${accepting('MAIL FROM:<a@us.example> REQUIRETLS')}
    C: QUIT
    S: 221 bye`,
    { certificate: pem },
  )
  const { wire } = await meet(peer.port, { options: strict, settings: { ca: pem.cert } })
  assert.equal(wire.tls?.certificate, 'valid')
  assert.deepEqual(summary(await send(wire, secret)), ['b@mx.example delivered 250'])
  await wire.quit()
  await peer.played()
})

test('mail that does not want it does not ask for it', async () => {
  const pem = await certificate()
  await using peer = await Peer.listen(`${supporting}${accepting('MAIL FROM:<a@us.example>')}`, {
    certificate: pem,
  })
  const { wire } = await meet(peer.port, { options: { tls: 'required' }, settings: { ca: pem.cert } })
  assert.deepEqual(summary(await send(wire)), ['b@mx.example delivered 250'])
  await peer.played()
  wire.destroy()
})

test('a host that offers it in clear only is said goodbye to, for good', async () => {
  const pem = await certificate()
  await using peer = await Peer.listen(
    `${offered}
    S: 250-mx.example
    S: 250 PIPELINING
    C: QUIT
    S: 221 bye
    gone`,
    { certificate: pem },
  )
  const fault = await refusedMeeting(peer.port, { options: strict, settings: { ca: pem.cert } })
  assert.deepEqual(
    [fault.kind, fault.temporary, fault.reply?.code, fault.reply?.enhanced, fault.reply?.text],
    ['requiretls-not-offered', false, 550, '5.7.30', 'REQUIRETLS support required'],
  )
  await peer.played()
})

for (const tls of ['opportunistic', 'required', 'never'] as const)
  test(`a host without TLS, on a route whose TLS is ${tls}`, async () => {
    await using peer = await Peer.listen(`${modern}
      gone`)
    const fault = await refusedMeeting(peer.port, { options: { ...strict, tls } })
    assert.deepEqual(
      [fault.kind, fault.during, fault.temporary, fault.reply?.enhanced],
      ['requiretls-without-tls', 'EHLO', false, '5.7.10'],
    )
    await peer.played()
  })

for (const [name, made] of [
  [
    'for another name',
    async () => certificateBy({ authority: await ourAuthority(), names: ['other.example'] }),
  ],
  [
    'with the name as common name only',
    async () => certificateBy({ authority: await ourAuthority(), names: [], commonName: 'localhost' }),
  ],
  [
    'that has expired',
    async () =>
      certificateBy({ authority: await ourAuthority(), names: ['localhost'], until: new Date('2001-01-01') }),
  ],
  ['of nobody we know', () => makeCertificate({ hostname: 'localhost', now: new Date() })],
] as const)
  test(`a certificate ${name}`, async () => {
    await using peer = await Peer.listen(
      `${offered}
      gone`,
      { certificate: await made() },
    )
    const ca = (await ourAuthority()).cert
    const fault = await refusedMeeting(peer.port, { options: strict, settings: { ca } })
    assert.deepEqual(
      [fault.kind, fault.during, fault.temporary, fault.reply?.enhanced],
      ['requiretls-without-tls', 'STARTTLS', false, '5.7.10'],
    )
    assert.match(fault.text, /certificate/)
  })

test('STARTTLS that fails for now is a fault for now', async () => {
  await using peer = await Peer.listen(`
    S: 220 mx.example here
    C: EHLO us.example
    S: 250-mx.example
    S: 250 STARTTLS
    C: STARTTLS
    S: 454 not now
    gone`)
  const fault = await refusedMeeting(peer.port, { options: strict })
  assert.deepEqual([fault.kind, fault.temporary], ['tls-failed', true])
})

test('TLS from the first byte is verified on loopback, too', async () => {
  const pem = await certificate()
  const script = `
    S: 220 mx.example here
    C: EHLO us.example
    S: 250-mx.example
    S: 250 REQUIRETLS`
  await using peer = await Peer.listen(script, { certificate: pem, implicit: true })
  const options = { ...strict, tls: 'implicit' } as const
  const { wire } = await meet(peer.port, { options, settings: { ca: pem.cert } })
  assert.equal(wire.tls?.certificate, 'valid')
  wire.destroy()
  const fault = await refusedMeeting(peer.port, { options })
  assert.equal(fault.kind, 'requiretls-without-tls')
})

test('over a connection that was made for other mail, nothing is said where it does not fit', async () => {
  const pem = await certificate()
  await using peer = await Peer.listen(
    `${supporting}
    C: QUIT
    S: 221 bye`,
    { certificate: pem },
  )
  const { wire } = await meet(peer.port, { options: { tls: 'opportunistic' } })
  assert.equal(wire.tls?.certificate, 'DEPTH_ZERO_SELF_SIGNED_CERT')
  const { outcomes, fault, said } = await send(wire, secret)
  assert.deepEqual(
    [outcomes[0]?.result, outcomes[0]?.reply?.enhanced, fault, said],
    ['failed', '5.7.30', null, []],
  )
  await wire.quit()
  await peer.played()
})

test('a notice asks for it where it can, and goes where it cannot (RFC 8689 §5)', async () => {
  const pem = await certificate()
  const notice = { ...secret, sender: '' }
  await using able = await Peer.listen(`${supporting}${accepting('MAIL FROM:<> REQUIRETLS')}`, {
    certificate: pem,
  })
  const first = await meet(able.port, { options: { tls: 'opportunistic' } })
  assert.deepEqual(summary(await send(first.wire, notice)), ['b@mx.example delivered 250'])
  first.wire.destroy()
  await using plain = await Peer.listen(`
    S: 220 mx.example here
    C: EHLO us.example
    S: 250-mx.example
    S: 250 REQUIRETLS${accepting('MAIL FROM:<>')}`)
  const second = await meet(plain.port)
  assert.deepEqual(summary(await send(second.wire, notice)), ['b@mx.example delivered 250'])
  second.wire.destroy()
})
