/** Mail that arrives here, and whose sender asked to be told (`NOTIFY=SUCCESS`): told once, wherever the sender is, whatever happens in between. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import PostalMime from 'postal-mime'
import { acceptedAs, greeted } from '../client.ts'
import { type ChildServer, eventually, fsmtp, objects, type Settings, serve, workplace } from '../server.ts'
import { farHost } from './far-host.ts'

type House = { readonly folder: string; up(): Promise<ChildServer> }

const house = async (t: TestContext, settings: Settings): Promise<House> => {
  const folder = workplace({
    hostname: 'mx.example.org',
    listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
    domains: [{ name: 'example.org', aliases: { sales: ['ann', 'bob'] } }],
    ...settings,
  })
  const up = async () => {
    const server = await serve(folder)
    t.after(() => server.child.kill('SIGKILL'))
    return server
  }
  return { folder, up }
}

const captured = { delivery: { route: 'capture' } }

const withAccounts = async (t: TestContext, settings: Settings): Promise<House> => {
  const found = await house(t, settings)
  for (const name of ['ann', 'bob']) {
    const added = await fsmtp(found.folder, ['user', 'add', `${name}@example.org`], {
      input: 'a long password\n',
    })
    assert.equal(added.code, 0, added.stderr)
  }
  return found
}

type Mail = { readonly from: string; readonly to: readonly string[] }
/** Addresses with their parameters. */
const submit = async (server: ChildServer, { from, to }: Mail): Promise<string> => {
  const line = await greeted(server.port('mx'))
  for (const command of [`MAIL FROM:${from}`, ...to.map((one) => `RCPT TO:${one}`)])
    assert.match(await line.say(command), /^250/)
  await line.say('DATA')
  const reply = await line.say('Subject: hi\r\nMessage-ID: <1@client.example>\r\n\r\nhello\r\n.')
  line.hangUp()
  return acceptedAs(reply) ?? assert.fail(reply)
}

type Row = Record<string, unknown> & { readonly id: string }
/** Receipts and other mail of ours, from the log's own view. */
const ours = async (folder: string): Promise<readonly Row[]> =>
  (objects(await fsmtp(folder, ['messages', '--json'])) as Row[]).filter(({ cause }) => cause !== null)
const causesOf = (rows: readonly Row[]): readonly unknown[] => rows.map(({ cause }) => cause)
const oursOf = (folder: string, count: number): Promise<readonly Row[]> =>
  eventually(
    async () => {
      const found = await ours(folder)
      return found.length >= count && found
    },
    { what: `${count} receipts` },
  )
const rawOf = async (folder: string, id: string): Promise<string> =>
  (await fsmtp(folder, ['message', id, '--raw'])).stdout
const receiptAbout = (message: string) => ({ message, kind: 'delivered' })
const clean = async (folder: string): Promise<void> => {
  const proved = await fsmtp(folder, ['verify'])
  assert.equal(proved.code, 0, proved.stdout)
}

for (const [what, settings] of [
  ['mail goes out', {}],
  ['nothing leaves', captured],
] as const)
  test(`where ${what}: one to a mailbox and to an alias of several is told of in the sender's mailbox`, async (t) => {
    const { folder, up } = await withAccounts(t, {
      ...settings,
      proxy: { trusted: ['127.0.0.1/32'], protocols: ['xclient'] },
    })
    const server = await up()
    const id = await submit(server, {
      from: '<ann@example.org> RET=FULL ENVID=QQ314159',
      to: [
        '<bob@example.org> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Robert@old.example',
        '<sales@example.org> NOTIFY=SUCCESS',
        '<postmaster@example.org>',
      ],
    })
    const [receipt] = await oursOf(folder, 1)
    assert.deepEqual(receipt?.cause, receiptAbout(id))
    const filed = objects(await fsmtp(folder, ['mailbox', 'ann@example.org', '--json']))
    assert.ok(filed.some(({ message }) => message === receipt.id))
    const raw = await rawOf(folder, receipt.id)
    assert.match(raw, /^Return-Path: <>/)
    assert.match(raw, /Original-Envelope-Id: QQ314159/)
    assert.match(
      raw,
      /Original-Recipient: rfc822; Robert@old\.example\r\nFinal-Recipient: rfc822; bob@example\.org\r\nAction: delivered/,
    )
    assert.match(raw, /Final-Recipient: rfc822; sales@example\.org\r\nAction: expanded/)
    assert.doesNotMatch(raw, /Final-Recipient: rfc822; (?:ann|postmaster)|\r\nhello\r\n/)
    const { inReplyTo } = await PostalMime.parse(raw)
    assert.equal(inReplyTo, '<1@client.example>')

    const trace = (await fsmtp(folder, ['message', id, '--trace'])).stdout
    assert.match(
      trace,
      new RegExp(`A notice of success was composed for <ann@example.org>: message ${receipt.id}`),
    )
    const shown = (await fsmtp(folder, ['message', receipt.id])).stdout
    assert.match(shown, new RegExp(`Cause: +a notice of success about message ${id}`))
    assert.match(shown, new RegExp(`fsmtp replay ${id}`))
    const replayed = await fsmtp(folder, ['replay', receipt.id])
    assert.match(replayed.stderr, new RegExp(`it is a report; .fsmtp replay ${id}. tells of what`))
    assert.equal((await fsmtp(folder, ['replay', id])).code, 0)
    assert.equal(await server.end(), 0)
    assert.equal((await ours(folder)).length, 1)
    await clean(folder)
  })

test('a sender elsewhere is told by mail, from nobody; a null sender, and who did not ask, are not', async (t) => {
  const far = await farHost()
  t.after(() => far.close())
  const { folder, up } = await withAccounts(t, {
    delivery: { routes: { 'far.example': `127.0.0.1:${far.port}` } },
  })
  const server = await up()
  await submit(server, { from: '<>', to: ['<ann@example.org> NOTIFY=SUCCESS'] })
  await submit(server, { from: '<eve@far.example>', to: ['<ann@example.org>'] })
  await submit(server, { from: '<eve@far.example>', to: ['<ann@example.org> NOTIFY=FAILURE,DELAY'] })
  const id = await submit(server, { from: '<eve@far.example>', to: ['<ann@example.org> NOTIFY=SUCCESS'] })
  await eventually(() => far.received.length > 0, { what: 'the receipt' })
  assert.equal(await server.end(), 0)
  assert.deepEqual(causesOf(await ours(folder)), [receiptAbout(id)])
  const [receipt, ...others] = far.received
  assert.deepEqual(others, [])
  assert.deepEqual([receipt?.sender, receipt?.recipients], ['', ['eve@far.example']])
  const { subject } = await PostalMime.parse(receipt!.content)
  assert.equal(subject, 'Delivered to ann@example.org: hi')
  await clean(folder)
})

test('a receipt that cannot be delivered is not told of: no bounce of a bounce', async (t) => {
  const far = await farHost({ recipient: () => '550 5.1.1 Nobody of that name' })
  t.after(() => far.close())
  const { folder, up } = await withAccounts(t, {
    delivery: { routes: { 'far.example': `127.0.0.1:${far.port}` } },
  })
  const server = await up()
  const id = await submit(server, { from: '<eve@far.example>', to: ['<ann@example.org> NOTIFY=SUCCESS'] })
  await eventually(
    async () => objects(await fsmtp(folder, ['deliveries', '--status', 'failed', '--json'])).length === 1,
    { what: 'the failure' },
  )
  assert.equal(await server.end(), 0)
  assert.deepEqual(causesOf(await ours(folder)), [receiptAbout(id)])
  await clean(folder)
})

test('a playground tells senders, too', async (t) => {
  const { folder, up } = await house(t, { playground: true, hostname: 'localhost', domains: [] })
  const server = await up()
  const id = await submit(server, { from: '<a@one.example>', to: ['<b@two.example> NOTIFY=SUCCESS'] })
  const [receipt] = await oursOf(folder, 1)
  assert.deepEqual(receipt?.cause, receiptAbout(id))
  const filed = objects(await fsmtp(folder, ['mailbox', 'a@one.example', '--json']))
  assert.deepEqual(
    filed.map(({ message }) => message),
    [receipt.id],
  )
  assert.equal(await server.end(), 0)
  await clean(folder)
})

test('killed somewhere between acceptance and receipt: each is made at the next start, and once', async (t) => {
  const { folder, up } = await withAccounts(t, captured)
  const first = await up()
  const mail = { from: '<ann@example.org>', to: ['<bob@example.org> NOTIFY=SUCCESS'] }
  const ids = await Promise.all(Array.from({ length: 12 }, () => submit(first, mail)))
  await first.end('SIGKILL')
  for (let start = 0; start < 2; start++) {
    const server = await up()
    const found = causesOf(await oursOf(folder, ids.length))
    assert.deepEqual(
      found.map((cause) => JSON.stringify(cause)).sort(),
      ids.map((id) => JSON.stringify(receiptAbout(id))).sort(),
    )
    assert.equal(await server.end(), 0)
  }
  assert.equal((await ours(folder)).length, ids.length)
  await clean(folder)
})

test('a history with a receipt is taken elsewhere; one without it makes it there', async (t) => {
  const { folder, up } = await withAccounts(t, captured)
  const server = await up()
  const id = await submit(server, { from: '<ann@example.org>', to: ['<bob@example.org> NOTIFY=SUCCESS'] })
  const [receipt] = await oursOf(folder, 1)
  assert.equal(await server.end(), 0)
  const lines = (await fsmtp(folder, ['export', '--all'])).stdout.split('\n')
  // As a crash in the middle leaves it: accepted, and not told.
  const cut = lines.filter((line) => !line.includes(receipt!.id))
  assert.ok(cut.length < lines.length)
  for (const [history, receipts] of [
    [lines, 1],
    [cut, 0],
  ] as const) {
    const other = await house(t, captured)
    const file = join(other.folder, 'history.ndjson')
    writeFileSync(file, history.join('\n'), 'latin1')
    const brought = await fsmtp(other.folder, ['import', file])
    assert.equal(brought.code, 0, brought.stderr)
    assert.equal((await ours(other.folder)).length, receipts)
    const again = await other.up()
    await oursOf(other.folder, 1)
    assert.equal(await again.end(), 0)
    assert.deepEqual(causesOf(await ours(other.folder)), [receiptAbout(id)])
    await clean(other.folder)
  }
})
