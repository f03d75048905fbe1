/** Name and password go over TLS, or to this machine itself; and what hosts say to them. */
import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { HostFailed } from '../../../src/delivery/port.ts'
import { Dialogue } from '../../../src/delivery/wire/dialogue.ts'
import { logIn } from '../../../src/delivery/wire/login.ts'
import { isLoopback } from '../../../src/delivery/wire/tcp.ts'
import { Transcript } from '../../../src/delivery/wire/transcript.ts'
import { Peer } from '../peer.ts'
import { certificate, meet, refusedMeeting, upgraded, withAuth } from './stage.ts'

const login = { user: 'carol', password: 'correct horse' }

const at = (address: string) => ({ name: 'relay.example', address, port: 25 })

test('which addresses are this machine', () => {
  for (const address of ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])
    assert.ok(isLoopback(at(address)), address)
  for (const address of ['10.127.0.1', '192.0.2.1', '::2', '2001:db8::127'])
    assert.ok(!isLoopback(at(address)), address)
})

test('in clear to another machine: nothing is said', async () => {
  const said: string[] = []
  const transcript = new Transcript((line) => said.push(line))
  const dialogue = new Dialogue(new Socket(), { transcript, during: 'EHLO' })
  const unsafe = {
    credentials: login,
    extensions: new Map([['AUTH', 'PLAIN']]),
    host: at('192.0.2.1'),
    secured: false,
    within: 100,
  }
  await assert.rejects(
    logIn(dialogue, unsafe),
    (error) => error instanceof HostFailed && error.fault.kind === 'login-failed',
  )
  assert.deepEqual(said, [])
  assert.notEqual(dialogue.fault, null)
})

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
    `${upgraded}
    S: 250-mx.example
    S: 250 AUTH PLAIN
    C: AUTH PLAIN *
    S: 235 in`,
    { certificate: await certificate() },
  )
  const { wire } = await meet(peer.port, { options: { login, tls: 'opportunistic' } })
  await peer.played()
  wire.destroy()
})
