/** A server that keeps large messages in a bucket: taken, shown, lost by nobody, and clear about what is wrong. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { acceptedAs, greeted, type Line, send } from '../client.ts'
import { type S3StandIn, testKeys } from '../s3/stand-in.ts'
import { standIn, withEnvironment } from '../s3/target.ts'
import {
  type ChildServer,
  eventually,
  fsmtp,
  objects,
  scratch,
  serve,
  startTestServer,
  workplace,
} from '../server.ts'

const playground = { playground: true, hostname: 'localhost', domains: [] }
const settings = ({ url }: S3StandIn, content = url) => ({
  ...playground,
  content,
  listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
})
const secrets = [testKeys.secretAccessKey, encodeURIComponent(testKeys.secretAccessKey)]

const served = async (t: TestContext, folder: string): Promise<ChildServer> => {
  const server = await serve(folder)
  t.after(async () => {
    if (server.child.exitCode === null && server.child.signalCode === null) await server.end('SIGKILL')
  })
  return server
}
const linesOf = (bytes: number): string =>
  (
    randomBytes(bytes / 2)
      .toString('hex')
      .match(/.{1,76}/g) ?? []
  ).join('\r\n')
const large = (subject: string, bytes = 300_000): string => `Subject: ${subject}\r\n\r\n${linesOf(bytes)}`
const accepted = async (line: Line, content: string): Promise<string> => {
  const reply = await send(line, content)
  return acceptedAs(reply) ?? assert.fail(reply)
}

test('a large mail is kept in the bucket and shown from there, to two readers at once, with and without the server', async (t) => {
  const bucket = await standIn(t)
  const folder = workplace(settings(bucket))
  const server = await served(t, folder)
  const line = await greeted(server.port('mx'))
  const content = large('in a bucket', 9_000_000)
  const [id, small] = [await accepted(line, content), await accepted(line, 'Subject: small\r\n\r\nx')]
  line.hangUp()
  assert.deepEqual([...bucket.vault.objects.keys()], [`content/${id.slice(8, 10)}/${id}`])
  assert.deepEqual(readdirSync(join(folder, 'data/content')), ['bucket.json'])

  const raw = async (message: string): Promise<string> => {
    const shown = await fsmtp(folder, ['message', message, '--raw'])
    assert.equal(shown.code, 0, shown.stderr)
    return shown.stdout
  }
  for (const shown of await Promise.all([raw(id), raw(id)])) assert.ok(shown.endsWith(`${content}\r\n`))
  assert.match(await raw(small), /Subject: small/)
  const sound = await fsmtp(folder, ['verify'])
  assert.match(sound.stdout, /all is well/)

  assert.equal(await server.end(), 0)
  assert.ok((await raw(id)).endsWith(`${content}\r\n`))
  bucket.vault.objects.clear()
  const unsound = await fsmtp(folder, ['verify'])
  assert.equal(unsound.code, 1)
  assert.match(unsound.stdout, /its content is missing/)
})

test('50 MB pass through the server in the memory of two parts', {
  skip: !existsSync('/proc/self/status'),
}, async (t) => {
  const bucket = await standIn(t)
  const server = await served(t, workplace(settings(bucket)))
  const memory = (what: 'VmRSS' | 'VmHWM'): number => {
    const status = readFileSync(`/proc/${server.child.pid}/status`, 'utf8')
    return Number(new RegExp(`${what}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024
  }
  const line = await greeted(server.port('mx'))
  // What the client takes for itself, it takes with the first parts.
  await accepted(line, large('before', 17_000_000))
  const before = memory('VmRSS')
  await accepted(line, large('after', 49_000_000))
  line.hangUp()
  const grown = memory('VmHWM') - before
  assert.ok(grown < 30, `${grown} MiB`)
})

test('histories are imported into the bucket, and a copy of the directory says that the bucket stays where it is', async (t) => {
  const [bucket, other] = [await standIn(t), await standIn(t)]
  const folder = workplace(settings(bucket))
  const server = await served(t, folder)
  const line = await greeted(server.port('mx'))
  const content = large('moved')
  const id = await accepted(line, content)
  line.hangUp()
  await server.end()
  const exported = join(folder, 'all.ndjson')
  assert.equal((await fsmtp(folder, ['export', '--all', '--out', exported])).code, 0)

  const elsewhere = workplace(settings(other))
  const imported = await fsmtp(elsewhere, ['import', exported])
  assert.equal(imported.code, 0, imported.stderr)
  assert.deepEqual([...other.vault.objects.keys()], [...bucket.vault.objects.keys()])
  assert.ok((await fsmtp(elsewhere, ['message', id, '--raw'])).stdout.endsWith(`${content}\r\n`))

  const copied = await fsmtp(elsewhere, ['backup', 'copy'])
  assert.equal(copied.code, 0, copied.stderr)
  assert.match(copied.stderr, /large messages are in s3:\/\/AKTEST:\*\*\*@mail.* and stay there/)
  assert.deepEqual(existsSync(join(elsewhere, 'copy/content/bucket.json')), false)
})

test('messages kept in files before are still found', async (t) => {
  const bucket = await standIn(t)
  const folder = workplace(settings(bucket, 'files'))
  const before = await served(t, folder)
  const line = await greeted(before.port('mx'))
  const content = large('in a file')
  const id = await accepted(line, content)
  line.hangUp()
  await before.end()
  const elsewhere = workplace(settings(bucket))
  const shown = await fsmtp(elsewhere, ['message', id, '--raw', '--data', join(folder, 'data')])
  assert.ok(shown.stdout.endsWith(`${content}\r\n`), shown.stderr)
})

test('the bucket goes away while mail is taken: 451, nothing is lost, and on again when it is back', async (t) => {
  const bucket = await standIn(t)
  const server = await startTestServer(settings(bucket))
  t.after(() => server.stop())
  const line = await greeted(server.port('mx'))
  const kept = [await accepted(line, large('before'))]
  await bucket.stop()
  assert.match(await send(line, large('down')), /^451 4\.3\.0 /)
  kept.push(await accepted(line, 'Subject: small ones need no bucket\r\n\r\nx'))
  await bucket.start()
  kept.push(await accepted(line, large('after')))

  void bucket.faults.next('any', { status: 403, code: 'AccessDenied' }, 10)
  assert.match(await send(line, large('denied')), /^451 4\.3\.0 /)
  bucket.faults.end()
  void bucket.faults.next('PutObject', { status: 507, code: 'XMinioStorageFull' }, 10)
  assert.match(await send(line, large('full')), /^452 4\.3\.1 /)
  bucket.faults.end()
  kept.push(await accepted(line, large('at the end')))
  line.hangUp()

  const stored = (await server.events()).filter(({ type }) => type === 'MessageAccepted')
  assert.deepEqual(
    stored.map(({ data }) => data.message),
    kept,
  )
  assert.equal(bucket.vault.objects.size, 3)
  assert.ok(server.notices.some((notice) => /access is denied/.test(notice)))
  for (const notice of server.notices) for (const secret of secrets) assert.ok(!notice.includes(secret))
})

test('a client that drops the line inside a large message, and one that is refused, leave nothing', async (t) => {
  const bucket = await standIn(t)
  const server = await startTestServer({ ...settings(bucket), limits: { messageSize: '20mb' } })
  t.after(() => server.stop())
  const inside = async (): Promise<Line> => {
    const line = await greeted(server.port('mx'))
    for (const command of ['MAIL FROM:<a@b.example>', 'RCPT TO:<c@d.example>', 'DATA'])
      await line.say(command)
    line.send(`${large('half', 9_000_000)}\r\n`)
    await eventually(() => bucket.vault.uploads.size === 1, { what: 'the upload' })
    return line
  }
  const dropped = await inside()
  dropped.hangUp()
  await eventually(() => bucket.vault.uploads.size === 0, { what: 'giving it up' })

  const refused = await inside()
  refused.send(`${linesOf(12_000_000)}\r\n`)
  await eventually(() => bucket.vault.uploads.size === 0, { what: 'giving it up' })
  assert.match(await refused.say('.'), /^552 5\.3\.4 /)
  refused.hangUp()
  assert.equal(bucket.vault.objects.size, 0)
})

test('what is wrong with the bucket at the start is said in one line, without the secret, and nothing is served', async (t) => {
  const bucket = await standIn(t)
  const nobody = await standIn(t)
  await nobody.stop()
  const { url, endpoint, faults } = bucket
  const wrongs: readonly (readonly [string, RegExp])[] = [
    [nobody.url, /does not answer; is the endpoint right, and is it up\? \(ECONNREFUSED\)$/m],
    [url.replace('@mail', '@other'), /there is no bucket other; make it first/],
    [url.replace('AKTEST', 'AKOTHER'), /the access key is not known there/],
    [`s3://AKTEST:wrong@mail?endpoint=${endpoint}&region=us-east-1`, /the secret does not fit the key/],
    [url.replace('us-east-1', 'mars-1'), /the bucket is not in region mars-1/],
  ]
  const refusal = async (content: string): Promise<string> => {
    const folder = workplace(settings(bucket, content))
    const { code, stdout, stderr } = await fsmtp(folder, ['serve'])
    assert.deepEqual([code, stdout], [1, ''])
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr)
    for (const secret of [...secrets, ':wrong']) assert.ok(!stderr.includes(secret), stderr)
    assert.ok(!existsSync(join(folder, 'data/control.sock')))
    return stderr
  }
  for (const [content, said] of wrongs) assert.match(await refusal(content), said)
  void faults.next('PutObject', { status: 403, code: 'AccessDenied' }, 9)
  assert.match(await refusal(url), /cannot write trial\/.*: access is denied; the key needs s3:ListBucket/)
})

test('without a key anywhere, that is what is said', async (t) => {
  const bucket = await standIn(t)
  const home = scratch('home')
  withEnvironment(t, {
    ...{ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_PROFILE: undefined },
    ...{ HOME: home, AWS_EC2_METADATA_DISABLED: 'true', AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: undefined },
  })
  const folder = workplace(settings(bucket, `s3://mail?endpoint=${bucket.endpoint}&region=us-east-1`))
  const { code, stderr } = await fsmtp(folder, ['serve'])
  assert.equal(code, 1)
  assert.match(stderr, /there is no access key; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/)
})

test('the secret is shown by no command', async (t) => {
  const bucket = await standIn(t)
  const folder = workplace(settings(bucket))
  assert.ok(readFileSync(join(folder, 'fsmtp.yaml'), 'utf8').includes(secrets[1]!))
  for (const words of [
    ['config', 'show'],
    ['config', 'show', '--json'],
    ['config', 'check'],
  ]) {
    const { stdout, stderr, code } = await fsmtp(folder, words)
    assert.equal(code, 0, stderr)
    for (const secret of secrets) assert.ok(!(stdout + stderr).includes(secret))
  }
  const shown = objects(await fsmtp(folder, ['config', 'show', '--json']))
  assert.match(JSON.stringify(shown), /s3:\/\/AKTEST:\*\*\*@mail/)
})
