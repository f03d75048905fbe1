/** `fsmtp send`: what arrives of what was typed, what the server said of each recipient, and what is never sent. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort } from '../../bench/process.ts'
import { farHost } from '../journeys/far-host.ts'
import { eventually, fsmtp, objects, startTestServer, workplace } from '../server.ts'
import { eventsOf, playground } from './playground.ts'

const headerOf = (raw: string): string => raw.slice(0, raw.indexOf('\r\n\r\n') + 2)

test('Cc is shown, Bcc is not, and all get it; the session ends with QUIT', async (t) => {
  const ground = await playground(t)
  const { code, sent, stderr } = await ground.send(
    ...['--from', 'me@example.org', '--to', 'Ann <ann@example.org>', '--cc', 'bob@example.org'],
    ...['--bcc', 'eve@example.org', '--bcc', 'Eve Two <eve.two@EXAMPLE.org>', '--subject', 'Grüße'],
    ...['--header', 'X-A: one', '--header', 'X-A: two', '--text', 'hello'],
  )
  assert.equal(code, 0, stderr)
  const everybody = ['ann@example.org', 'bob@example.org', 'eve@example.org', 'eve.two@example.org']
  const { id, accepted, rejected, response } = sent
  assert.deepEqual({ accepted, rejected }, { accepted: everybody, rejected: [] })
  assert.equal(response, `250 2.6.0 Accepted as ${id}`)
  const [taken] = await eventsOf(ground, 'MessageAccepted')
  const recipients = taken!.data.recipients as readonly { readonly address: string }[]
  assert.deepEqual(
    recipients.map(({ address }) => address),
    everybody,
  )
  const raw = (await ground.run('message', String(id), '--raw')).stdout
  assert.match(raw, /^To: Ann <ann@example\.org>\r$/m)
  assert.match(raw, /^Cc: bob@example\.org\r$/m)
  assert.match(raw, /^Subject: =\?UTF-8\?Q\?Gr=C3=BC=C3=9Fe\?=\r$/m)
  assert.match(raw, /^X-A: one\r\nX-A: two\r$/m)
  assert.doesNotMatch(raw, /bcc|eve/i)
  const [closed] = await eventsOf(ground, 'SessionClosed')
  assert.equal(closed!.data.reason, 'quit')
})

test('no value begins a header line of its own, and Bcc is no header line', async (t) => {
  const ground = await playground(t)
  const bad = 'x\r\nBcc: eve@example.org'
  for (const [option, value] of [
    ['--from', `me@example.org${bad}`],
    ['--to', `ann@example.org${bad}`],
    ['--cc', `ann@example.org\nX: y`],
    ['--bcc', `ann@example.org\rX: y`],
    ['--subject', bad],
    ['--header', `X-A: ${bad}`],
    ['--header', `X\r\nBcc: eve@example.org`],
  ] as const) {
    const { code, stdout, stderr } = await ground.run(
      ...['send', '--via', ground.mx, '--to', 'you@example.org', option, value],
    )
    assert.equal(code, 2, `${option}: ${stdout}`)
    assert.match(stderr, new RegExp(`^fsmtp: ${option} holds a line break: .*; nothing was sent\n$`))
  }
  for (const line of ['Bcc: eve@example.org', 'bcc : eve@example.org', 'Resent-Bcc: a@b.example']) {
    const { code, stderr } = await ground.send('--to', 'you@example.org', '--header', line)
    assert.equal(code, 2)
    assert.match(stderr, /has no place in a header that others read; give --bcc ADDRESS/)
  }
  for (const [option, value] of [
    ['--to', 'Bob'],
    ['--cc', ''],
    ['--bcc', 'nobody <>'],
  ] as const) {
    const { code, stderr } = await ground.send('--to', 'you@example.org', option, value)
    assert.equal(code, 2)
    assert.match(
      Buffer.from(stderr, 'latin1').toString(),
      new RegExp(`^fsmtp: ${option} has no address in '`),
    )
  }
  assert.deepEqual(await eventsOf(ground, 'SessionOpened'), [])
})

test('what the server said of each recipient', async (t) => {
  const ground = await playground(t)
  const some = await ground.send('--to', '451@example.org', '--to', 'you@example.org')
  assert.equal(some.code, 1)
  assert.deepEqual(some.sent.rejected, ['451@example.org'])
  assert.deepEqual(some.sent.refusals, [
    { address: '451@example.org', reply: '451 4.0.0 You asked for a 451' },
  ])
  const text = await ground.run(
    'send',
    '--via',
    ground.mx,
    '--to',
    '552@example.org',
    '--to',
    'you@example.org',
  )
  assert.equal(text.code, 1)
  assert.match(
    text.stdout,
    /^\w+ {2}accepted for you@example\.org\nrefused for 552@example\.org: 552 5\.0\.0 You asked for a 552\n$/,
  )
  const all = await ground.send('--to', '451@example.org')
  assert.equal(all.code, 1)
  assert.deepEqual([all.sent.id, all.sent.response], [null, '451 4.0.0 You asked for a 451'])
  assert.equal(all.stderr, 'fsmtp: the server refused it: 451 4.0.0 You asked for a 451\n')
  const dropped = await ground.send('--to', '451@example.org', '--to', 'drop@example.org')
  assert.equal(dropped.code, 1)
  assert.equal(
    dropped.stderr,
    'fsmtp: the server refused it: 451 4.0.0 You asked for a 451; The host closed the connection in the middle of the dialogue (at RCPT)\n',
  )
})

test('a file is sent as it is, line ends made CRLF, dots kept; on standard input, too', async (t) => {
  const ground = await playground(t)
  const file = 'Subject: raw\n\n.dot\n..\nend'
  writeFileSync(join(ground.folder, 'mail.eml'), file)
  const { sent } = await ground.send('--raw', 'mail.eml', '--bcc', 'you@example.org')
  const words = ['send', '--via', ground.mx, '--to', 'you@example.org', '--raw', '-', '--json']
  const [piped] = objects(await fsmtp(ground.folder, words, { input: file }))
  for (const id of [sent.id, piped!.id]) {
    const raw = (await ground.run('message', String(id), '--raw')).stdout
    assert.ok(raw.endsWith(`\r\n${file.replaceAll('\n', '\r\n')}\r\n`), raw)
    assert.match(headerOf(raw), /^Received: /m)
  }
})

test('--route: this one mail really leaves, and its delivery is followed', async (t) => {
  const far = await farHost()
  t.after(() => far.close())
  const ground = await playground(t)
  const to = ['--to', 'bob@example.net', '--subject', 'out']
  const { code, sent, stderr } = await ground.send(...to, '--route', `127.0.0.1:${far.port}`, '--wait')
  assert.equal(code, 0, stderr)
  assert.equal(far.received.length, 1)
  assert.deepEqual(far.received[0]!.recipients, ['bob@example.net'])
  const [row] = await ground.deliveries('--message', String(sent.id))
  assert.equal(row!.status, 'delivered')
  const wrong = await ground.send(...to, '--route', 'somewhere')
  assert.deepEqual(
    [wrong.code, wrong.stderr],
    [2, "fsmtp: --route wants direct or HOST:PORT, not 'somewhere'\n"],
  )
})

test('a server that takes no --route is told nothing', async (t) => {
  const server = await startTestServer()
  t.after(() => server.stop())
  const via = `127.0.0.1:${server.port('mx')}`
  const words = ['send', '--via', via, '--to', 'ann@example.org', '--route', 'direct']
  const { code, stderr } = await fsmtp(workplace(), words)
  assert.equal(code, 1)
  assert.equal(
    stderr,
    `fsmtp: ${via} takes no --route: its answer to EHLO has no XROUTE, which playgrounds offer; nothing was sent\n`,
  )
  const types = await eventually(async () => {
    const found = (await server.events()).map(({ type }) => type)
    return found.includes('SessionClosed') && found
  })
  assert.ok(!types.some((type) => /^(?:Sender|Recipient|Message)/.test(type)), types.join(' '))
})

test('an account logs in under TLS, and a wrong password is said', async (t) => {
  const ground = await playground(t, {
    listeners: ['mx', 'submission'].map((service) => ({ service, address: '127.0.0.1', port: 0 })),
  })
  const added = await fsmtp(ground.folder, ['user', 'add', 'ann@localhost'], { input: 'a long password\n' })
  assert.equal(added.code, 0, added.stderr)
  const via = `127.0.0.1:${ground.server.port('submission')}`
  const words = ['send', '--via', via, '--user', 'ann@localhost', '--to', 'you@example.org', '--json']
  const { code, stderr } = await fsmtp(ground.folder, words, { input: 'a long password\n' })
  assert.equal(code, 0, stderr)
  assert.equal((await eventsOf(ground, 'TlsStarted')).length, 1)
  const wrong = await fsmtp(ground.folder, words, { input: 'another password\n' })
  assert.equal(wrong.code, 1)
  assert.match(wrong.stderr, /^fsmtp: the server refused it: .*"ann@localhost".* 535 5\.7\.8 /)
})

test('nobody there: is the server running?', async () => {
  const port = await freePort()
  const words = ['send', '--via', `127.0.0.1:${port}`, '--to', 'you@example.org']
  const { code, stderr } = await fsmtp(workplace(), words)
  assert.equal(code, 1)
  assert.match(
    stderr,
    /: connection refused \(ECONNREFUSED\); is the server running\? `fsmtp serve` starts it\n$/,
  )
})

test('what the server could not take is not sent, and not laid into its mouth', async (t) => {
  const ground = await playground(t, { limits: { messageSize: '1kb' } })
  const long = 'x'.repeat(2000)
  const { code, stderr } = await ground.send('--to', 'you@example.org', '--text', long)
  assert.equal(code, 1)
  assert.match(stderr, /^fsmtp: not sent, the message has \d+ bytes, the host takes 1024\n$/)
})

test('an empty sender is no null sender', async (t) => {
  const ground = await playground(t)
  const empty = await ground.send('--to', 'you@example.org', '--from', '')
  assert.deepEqual(
    [empty.code, empty.stderr],
    [2, "fsmtp: --from is empty; give an address, or '<>' for the null sender\n"],
  )
  assert.equal((await ground.send('--to', 'you@example.org', '--from', 'Bob')).code, 2)
  const none = await ground.send('--to', 'you@example.org', '--from', '<>')
  assert.equal(none.code, 0, none.stderr)
  assert.equal((await eventsOf(ground, 'MessageAccepted'))[0]!.data.sender, '')
})

test('another server on the port is told neither the mail nor the password, unless --via names it', async (t) => {
  const server = await startTestServer()
  t.after(() => server.stop())
  const listeners = ['mx', 'submission'].map((service) => ({
    ...{ service, address: '127.0.0.1' },
    port: server.port(service as 'mx'),
  }))
  const folder = workplace({ hostname: 'mx.example.net', listeners })
  for (const words of [[], ['--user', 'ann@example.org']]) {
    const { code, stderr } = await fsmtp(folder, ['send', '--to', 'ann@example.org', ...words], {
      input: 'secret\n',
    })
    assert.equal(code, 1)
    assert.match(
      stderr,
      /^fsmtp: 127\.0\.0\.1:\d+ is not the server of this configuration: it calls itself mx\.example\.org, not mx\.example\.net; .*; nothing was sent\n$/,
    )
  }
  const types = (await server.events()).map(({ type }) => type)
  assert.ok(
    !types.some((type) => /^(?:Sender|Message|Authentication|ClientAuth)/.test(type)),
    types.join(' '),
  )
  const words = ['send', '--to', 'x@example.org', '--via', `127.0.0.1:${server.port('mx')}`]
  assert.match((await fsmtp(folder, words)).stderr, /the server refused it: 550 /)
})

test('a server of the same name on other data is told nothing, unless --via names it', async (t) => {
  const ground = await playground(t)
  const folder = workplace({
    ...{ playground: true, hostname: 'localhost', domains: [] },
    listeners: [{ service: 'mx', address: '127.0.0.1', port: ground.server.port('mx') }],
  })
  const words = ['send', '--to', 'you@example.org']
  // Nothing was ever kept here: there is no other server to be meant.
  assert.equal((await fsmtp(folder, words)).code, 0)
  mkdirSync(join(folder, 'data'), { recursive: true })
  const { code, stderr } = await fsmtp(folder, words)
  assert.deepEqual(
    [code, stderr],
    [
      1,
      `fsmtp: ${ground.mx} is not the server of ${join(folder, 'data')}, on which none runs, but another one that calls itself localhost, too; start yours with \`fsmtp serve\`, or name the other with --via ${ground.mx}; nothing was sent\n`,
    ],
  )
  assert.equal((await fsmtp(folder, [...words, '--via', ground.mx])).code, 0)
  const named = await fsmtp(folder, [...words, '--data', 'other/data'])
  assert.equal(named.code, 1)
  assert.match(named.stderr, /is not the server of \S+\/other\/data, on which none runs/)
  const other = await playground(t)
  const served = await fsmtp(folder, [...words, '--data', join(other.server.folder, 'data')])
  assert.equal(served.code, 1)
  assert.match(
    served.stderr,
    /is not the server of \S+, which takes mail at port \d+: name .*; nothing was sent$/m,
  )
  assert.equal((await eventsOf(ground, 'MessageAccepted')).length, 2)
})

test('the server of this data directory is found, and takes it', async (t) => {
  const port = await freePort()
  const ground = await playground(t, { listeners: [{ service: 'mx', address: '127.0.0.1', port }] })
  const { code, stderr } = await ground.run('send', '--to', 'you@example.org')
  assert.equal(code, 0, stderr)
})

test('--via takes URLs: smtps is TLS from the first byte, whatever the port', async (t) => {
  const ground = await playground(t, {
    listeners: ['mx', 'submission', 'submissions'].map((service) => ({
      ...{ service, address: '127.0.0.1', port: 0 },
    })),
  })
  assert.equal(
    (await fsmtp(ground.folder, ['user', 'add', 'ann@localhost'], { input: 'a long password\n' })).code,
    0,
  )
  const sent = async (via: string, ...more: readonly string[]) =>
    fsmtp(ground.folder, ['send', '--via', via, '--to', 'you@example.org', ...more], {
      input: 'a long password\n',
    })
  const spot = (service: 'mx' | 'submission' | 'submissions') => `127.0.0.1:${ground.server.port(service)}`
  const login = ['--user', 'ann@localhost']
  for (const [via, more] of [
    [`smtp://${spot('mx')}`, []],
    [`smtp://${spot('submission')}`, login],
    [`smtps://${spot('submissions')}`, login],
  ] as const) {
    const { code, stderr } = await sent(via, ...more)
    assert.equal(code, 0, `${via}: ${stderr}`)
  }
  const clear = await sent(`smtps://${spot('mx')}`)
  assert.equal(clear.code, 1)
  assert.match(clear.stderr, /what the host sent is no TLS/)
  const form = 'fsmtp: --via wants HOST:PORT, smtp://HOST:PORT or smtps://HOST:PORT\n'
  for (const via of [`lmtp://${spot('mx')}`, 'smtp://', 'http://mx', 'smtps://mx?tls=never'])
    assert.deepEqual([via, (await sent(via)).stderr], [via, form])
  const secret = await sent(`smtp://ann:secret@${spot('mx')}`)
  assert.equal(secret.code, 2)
  assert.doesNotMatch(secret.stderr, /secret/)
  assert.match(secret.stderr, /^fsmtp: --via takes no user and password, .*--user/)
})

test('--wait tells each recipient of one delivery apart', async (t) => {
  const far = await farHost({
    recipient: (address) =>
      address.startsWith('no') ? '550 5.1.1 Nobody' : address.startsWith('later') ? '451 4.7.1 Later' : null,
  })
  t.after(() => far.close())
  const ground = await playground(t, { delivery: { retry: ['1s'], warnAfter: '2h', giveUpAfter: '1s' } })
  const to = ['ok', 'no', 'later'].flatMap((name) => ['--to', `${name}@example.net`])
  const words = ['send', '--via', ground.mx, ...to, '--route', `127.0.0.1:${far.port}`, '--wait']
  const { code, stdout } = await ground.run(...words)
  assert.equal(code, 1)
  const last = (name: string): string | undefined =>
    stdout
      .split('\n')
      .filter((line) => line.includes(` ${name}@example.net  `))
      .at(-1)
      ?.replace(/^\w+ {2}/, '')
  assert.match(last('ok') ?? stdout, /^ok@example\.net {2}delivered: 250 /)
  assert.match(last('no') ?? stdout, /^no@example\.net {2}failed: 550 5\.1\.1 Nobody$/)
  assert.match(last('later') ?? stdout, /^later@example\.net {2}expired: 451 4\.7\.1 Later$/)
  assert.equal(stdout.match(/ok@example\.net {2}delivered/g)?.length, 1)
})

test('words that are wrong in themselves end with 2; what had to be looked for and is not there, with 1', async () => {
  const folder = workplace()
  mkdirSync(join(folder, 'box'))
  const send = ['send', '--via', '127.0.0.1:1', '--to', 'you@example.org']
  const cases: readonly (readonly [code: number, words: readonly string[], err: RegExp])[] = [
    [1, [...send, '--attach', 'nowhere'], /^fsmtp: nowhere does not exist; nothing was sent\n$/],
    [1, [...send, '--attach', 'box'], /^fsmtp: box is a directory, not a file; nothing was sent\n$/],
    [1, [...send, '--raw', 'nowhere'], /^fsmtp: nowhere does not exist; /],
    [1, ['deliveries', '--config', 'nowhere'], /^fsmtp: nowhere: there is no such file; /],
    [1, ['deliveries', '--config', 'box'], /^fsmtp: box: cannot be read \(EISDIR\)\n$/],
    [1, ['import', 'nowhere'], /^fsmtp: there is no file nowhere\n$/],
    [
      2,
      [...send, '--via', 'somewhere'],
      /^fsmtp: --via wants HOST:PORT, smtp:\/\/HOST:PORT or smtps:\/\/HOST:PORT, not 'somewhere'\n$/,
    ],
    [2, ['deliveries', '--status', 'lost'], /queued, active, deferred/],
    [2, ['send'], /^fsmtp: say who gets it: --to ADDRESS\n$/],
  ]
  for (const [expected, words, err] of cases) {
    const { code, stderr } = await fsmtp(folder, words)
    assert.equal(code, expected, `${words.join(' ')}: ${stderr}`)
    assert.match(stderr, err)
  }
})
