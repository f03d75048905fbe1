/** What keeps a server from starting is said by its true name. */
import assert from 'node:assert/strict'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort } from '../../bench/process.ts'
import { parseConfig } from '../../src/config/load.ts'
import { PortInUse } from '../../src/listening.ts'
import { configText, eventually, fsmtp, serve, workplace } from '../server.ts'

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
  const { message } = new PortInUse({ address: '127.0.0.1', port: 2525 }, 'EADDRINUSE').inPlayground
  const [, own = ''] = /`({ playground.*})`, into fsmtp\.yaml$/.exec(message) ?? []
  const { config } = parseConfig(own, { shown: null, file: null, folder, data: null })
  assert.deepEqual(
    config.listeners.map(({ service, port }) => [service, port]),
    [
      ['mx', 3525],
      ['http', 9025],
    ],
  )
})

test('a server that finds in the middle of its start that it cannot serve says so and ends, and leaves the data to the next', async () => {
  const folder = workplace()
  const port = await freePort()
  // Both are free as long as neither is taken: what is looked at before says nothing of it.
  for (const service of ['submission', 'http']) {
    const twice = [
      { service: 'mx', address: '127.0.0.1', port },
      { service, address: '::ffff:127.0.0.1', port },
    ]
    writeFileSync(join(folder, 'fsmtp.yaml'), configText({ listeners: twice }))
    const { code, stderr } = await fsmtp(folder, ['serve'])
    assert.equal(code, 1)
    assert.match(
      stderr,
      new RegExp(`^fsmtp: cannot listen on \\S+ port ${port}: another program listens`, 'm'),
    )
    assert.doesNotMatch(stderr, /^ +at /m)
    assert.doesNotMatch(stderr, /a connection failed/)
  }
  const keyless = configText({
    listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
    returnPathKey: 'none.key',
  })
  writeFileSync(join(folder, 'fsmtp.yaml'), keyless)
  const { code, stderr } = await fsmtp(folder, ['serve'])
  assert.deepEqual([code, /^fsmtp: \S+none\.key does not exist; /.test(stderr)], [1, true], stderr)
  writeFileSync(join(folder, 'fsmtp.yaml'), configText())
  const server = await serve(folder)
  assert.equal(await server.end(), 0)
})

test('a fault of the configuration is said once to who asks that it be read again', async (t) => {
  const folder = workplace()
  const server = await serve(folder)
  t.after(() => server.child.kill('SIGKILL'))
  const file = join(folder, 'fsmtp.yaml')
  writeFileSync(file, `${configText({ limits: { zzzzzz: 1 } })}\n`)
  server.child.kill('SIGHUP')
  const isSaid = (words: RegExp) => eventually(() => words.test(server.output()), { within: 30_000 })
  await isSaid(/the configuration stays as it was/)
  writeFileSync(file, `${configText({ limits: { yyyyyy: 1 } })}\n`)
  await isSaid(/limits\.yyyyyy.*the policy stays as it was/)
  const after = server.output().split('the configuration stays as it was')[1] ?? ''
  assert.doesNotMatch(after, /zzzzzz/)
  const faults = (): number => server.output().match(/limits\.yyyyyy/g)?.length ?? 0
  const before = faults()
  writeFileSync(file, `${configText({ policy: { spf: { fail: 'refuse' } } })}\n`)
  await isSaid(/the policy was read again/)
  writeFileSync(file, `${configText({ limits: { yyyyyy: 1 } })}\n`)
  await eventually(() => faults() > before, { what: 'the same fault, made again' })
  assert.equal(await server.end(), 0)
})

test('a mistake in the policy is told, that it was put right as well, and the same mistake again', async (t) => {
  const folder = workplace({ policy: './policy.yaml' })
  const file = join(folder, 'policy.yaml')
  const [right, wrong] = ['spf: { fail: refuse }\n', 'spf: { fial: refuse }\n']
  /** At once: nobody finds half of it. */
  const write = (text: string): void => {
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  }
  write(right)
  const server = await serve(folder)
  t.after(() => server.child.kill('SIGKILL'))
  const lines = (words: RegExp): readonly string[] =>
    server
      .output()
      .split('\n')
      .filter((line) => words.test(line))
  const told = () => lines(/spf\.fial.*the policy stays as it was/)
  const well = () => lines(/the policy can be read again, and is the one in force/)
  for (const times of [1, 2]) {
    write(wrong)
    await eventually(() => told().length >= times, { what: `that it is told, ${times}` })
    write(right)
    await eventually(() => well().length >= times, { what: `that it is put right, ${times}` })
  }
  assert.deepEqual([told().length, well().length], [2, 2], server.output())
  const [, hash] = /fsmtp policy (\w+)/.exec(well()[0]!) ?? []
  const { code, stdout, stderr } = await fsmtp(folder, ['policy', `${hash}`])
  assert.equal(code, 0, stderr)
  assert.match(stdout, /refuse/)
  assert.deepEqual(lines(/the policy was read again/), [])
  assert.equal(await server.end(), 0)
})
