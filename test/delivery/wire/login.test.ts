/** Name and password go over TLS, or to this machine itself. */
import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { HostFailed } from '../../../src/delivery/port.ts'
import { Dialogue } from '../../../src/delivery/wire/dialogue.ts'
import { logIn } from '../../../src/delivery/wire/login.ts'
import { isLoopback } from '../../../src/delivery/wire/tcp.ts'
import { Transcript } from '../../../src/delivery/wire/transcript.ts'

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
  const login = {
    credentials: { user: 'carol', password: 'secret' },
    extensions: new Map([['AUTH', 'PLAIN']]),
    host: at('192.0.2.1'),
    secured: false,
    within: 100,
  }
  await assert.rejects(
    logIn(dialogue, login),
    (error) => error instanceof HostFailed && error.fault.kind === 'login-failed',
  )
  assert.deepEqual(said, [])
  assert.notEqual(dialogue.fault, null)
})
