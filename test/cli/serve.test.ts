/** What keeps a server from starting is said by its true name. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { configText, fsmtp, serve, workplace } from '../server.ts'

test('a second server on the same data and the same port names the process that has the data', async (t) => {
  const folder = workplace()
  const first = await serve(folder)
  t.after(() => first.end())
  const listeners = [{ service: 'mx', address: '127.0.0.1', port: first.port('mx') }]
  writeFileSync(join(folder, 'again.yaml'), configText({ listeners }))
  const again = ['serve', '--config', 'again.yaml']
  const { code, stderr } = await fsmtp(folder, again)
  assert.equal(code, 1)
  assert.match(stderr, new RegExp(`^fsmtp: .*/data is in use by process ${first.child.pid}; stop it, or `))
  const elsewhere = await fsmtp(folder, [...again, '--data', 'other'])
  assert.equal(elsewhere.code, 1)
  assert.match(elsewhere.stderr, /^fsmtp: cannot listen on 127\.0\.0\.1 port \d+: another program listens/)
})
