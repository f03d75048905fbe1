import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { InvalidArgumentError } from 'commander'
import { since, until } from '../../src/cli/moment.ts'
import { humanSize, visible } from '../../src/cli/terminal.ts'
import { kindOf } from '../../src/log/port.ts'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'
import { viewsFile } from '../../src/views/database.ts'
import { Teller } from '../projections/marbles.ts'
import { directoryFor } from '../projections/views.ts'

const program = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

type Said = { readonly code: number; readonly out: string; readonly err: string; readonly bytes: Buffer }

/** Runs `fsmtp` on a directory, with no configuration beside it. */
const fsmtp = (directory: string, ...words: string[]): Promise<Said> =>
  new Promise((done) => {
    const options = { cwd: directory, encoding: 'buffer', env: { ...process.env, NO_COLOR: '1' } } as const
    execFile(process.execPath, [program, '--data', directory, ...words], options, (error, out, err) => {
      const code = error === null ? 0 : Number(error.code)
      done({ code, out: out.toString(), err: err.toString(), bytes: out })
    })
  })

const jsonLines = ({ out }: Said): readonly Record<string, unknown>[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

const withLog = async (context: TestContext, line: string): Promise<string> => {
  const directory = directoryFor(context)
  const log = await openSqliteLog({ directory })
  await new Teller(log).tell(line)
  await log.close()
  return directory
}

const mail =
  'open ehlo mail norcpt rcpt data accept(t1 bob@example.org carol@example.com=>mx.example.com) quit s2:open s2:ehlo s2:nomail s2:quit'

test('sessions, messages and mailboxes as NDJSON have the promised shapes', async (context) => {
  const directory = await withLog(context, mail)
  const sessions = jsonLines(await fsmtp(directory, 'sessions', '--json'))
  assert.deepEqual(
    sessions.map(({ id, outcome, messages }) => [id, outcome, messages]),
    [
      ['s1', 'accepted', ['t1']],
      ['s2', 'refused', []],
    ],
  )
  for (const key of [
    'openedAt',
    'closedAt',
    'listener',
    'peer',
    'helo',
    'tls',
    'user',
    'state',
    'reason',
    'transitions',
  ])
    assert.ok(key in sessions[0]!, key)
  const [message] = jsonLines(await fsmtp(directory, 'messages', '--json'))
  for (const key of [
    'id',
    'acceptedAt',
    'session',
    'sender',
    'recipients',
    'size',
    'sha256',
    'subject',
    'messageId',
    'from',
  ])
    assert.ok(key in message!, key)
  const [filed] = jsonLines(await fsmtp(directory, 'mailbox', 'Bob+tag@EXAMPLE.org', '--json'))
  for (const key of ['id', 'message', 'mailbox', 'filedAt', 'from', 'subject', 'size', 'flags'])
    assert.ok(key in filed!, key)
  assert.deepEqual(
    jsonLines(await fsmtp(directory, 'sessions', '--json', '--outcome', 'refused')).map(({ id }) => id),
    ['s2'],
  )
})

test('tables have a title line and a line for each row', async (context) => {
  const directory = await withLog(context, mail)
  const { out, code } = await fsmtp(directory, 'messages')
  assert.equal(code, 0)
  const lines = out.trimEnd().split('\n')
  assert.match(lines[0]!, /^MESSAGE +ACCEPTED +SENDER +RECIPIENTS +SIZE +DELIVERY +SUBJECT$/)
  assert.match(
    lines[1]!,
    /^t1 +2026-01-01T00:00:07\.000Z +alice@example\.net +bob@example\.org \+1 +1\.0 kB +filed, queued +about t1$/,
  )
  assert.equal(lines.length, 2)
})

test('a session that was greylisted is refused for now, and says why', async (context) => {
  const line = 'open ehlo mail norcpt(bob@example.org greylisted reverseName.missing 451) quit'
  const directory = await withLog(context, line)
  const { out } = await fsmtp(directory, 'sessions', '--reason', 'greylisted')
  const [title, row] = out.trimEnd().split('\n')
  assert.match(title!, / OUTCOME +MESSAGES +RULE +WHY$/)
  assert.match(row!, / refused, for now +0 +reverseName\.missing +The sender was put off, /)
  const [json] = jsonLines(await fsmtp(directory, 'sessions', '--outcome', 'refused', '--json'))
  assert.deepEqual([json?.outcome, json?.deferred, json?.reason], ['refused', true, 'greylisted'])
})

test('a trace tells a message’s own story, and where each recipient’s mail is', async (context) => {
  const directory = await withLog(
    context,
    'open ehlo mail rcpt(x@example.org) data accept(t0) mail norcpt rcpt data accept(t1 bob@example.org carol@example.com=>mx.example.com) quit',
  )
  const told = jsonLines(await fsmtp(directory, 'message', 't1', '--trace', '--json')).map(({ text }) => text)
  assert.deepEqual(told, [
    '192.0.2.1:4000 connected to mx at 127.0.0.1:2525',
    'The client said EHLO client.example',
    'Sender <alice@example.net> accepted',
    'Recipient <nobody@example.org> refused with 550 5.0.0: The domain is ours, and it has no such account, alias or catch-all.',
    'Recipient <bob@example.org> accepted: The domain is ours and the mailbox is known.',
    'The content began to come in',
    'Message t1 accepted and stored: 1000 bytes, 2 recipients',
    '<bob@example.org> filed in the mailbox bob@example.org',
    '<carol@example.com> waiting for delivery to mx.example.com',
    'The session ended: The client said QUIT.',
  ])
})

/** A log with one message, 01jaaaaaaaaaaaaaaaaa, of these bytes. */
const withMessage = async (context: TestContext, bytes: Buffer): Promise<string> => {
  const directory = directoryFor(context)
  const log = await openSqliteLog({ directory })
  const peer = { address: '192.0.2.1', port: 4000, name: null }
  const data = {
    message: '01jaaaaaaaaaaaaaaaaa',
    sender: 'alice@example.net',
    user: null,
    recipients: [
      { address: 'bob@example.org', destination: { kind: 'mailbox', mailbox: 'bob@example.org' } },
    ],
    received: 0,
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    subject: 'x',
    from: null,
    messageId: null,
    trace: { by: 'mx.example.org', helo: 'client.example', peer, protocol: 'ESMTP', tls: null },
  }
  const event = {
    id: '00000000-0000-4000-8000-000000000001',
    kind: kindOf('MessageAccepted', 1, {}),
    at: Date.UTC(2026, 0, 1),
    data,
  }
  await log.append([
    { stream: 'smtp_session-s1', expected: -1, events: [event], contents: [{ id: data.message, bytes }] },
  ])
  await log.close()
  return directory
}

test('raw: our trace lines, then the bytes as they came in, and nothing else', async (context) => {
  const bytes = Buffer.concat([
    Buffer.from('Subject: x\r\n\r\n'),
    Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  ])
  const directory = await withMessage(context, bytes)
  const { bytes: out, code } = await fsmtp(directory, 'message', '01ja', '--raw')
  assert.equal(code, 0)
  const head = out.subarray(0, out.length - bytes.length).toString()
  assert.match(
    head,
    /^Return-Path: <alice@example\.net>\r\nReceived: from client\.example \(\[192\.0\.2\.1\]\)\r\n\tby mx\.example\.org with ESMTP id 01jaaaaaaaaaaaaaaaaa\r\n\tfor <bob@example\.org>; Thu, 1 Jan 2026 00:00:00 \+0000\r\n$/,
  )
  assert.deepEqual(out.subarray(-bytes.length), bytes)
})

test('text: what a message says, decoded, and nothing that steers the terminal', async (context) => {
  const part = (type: string, text: string) =>
    `--b\r\nContent-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${text}\r\n`
  const head = 'Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n'
  const parts = `${part('text/plain', 'Gr=C3=BC=C3=9Fe=\r\n, Bob\r\n=1B[2Jbye')}${part('text/html', '<b>no</b>')}--b--\r\n`
  const directory = await withMessage(context, Buffer.from(head + parts))
  const { out, code } = await fsmtp(directory, 'message', '01ja', '--text')
  assert.deepEqual([code, out], [0, 'Grüße, Bob\n�[2Jbye\n'])
  const [json] = jsonLines(await fsmtp(directory, 'message', '01ja', '--text', '--json'))
  assert.equal(json!.id, '01jaaaaaaaaaaaaaaaaa')
  const bare = await withMessage(
    context,
    Buffer.from(
      'Subject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Gr&uuml;<b>ße</b>, Bob</p>\r\n\x1b[2Jbye\r\n',
    ),
  )
  const made = await fsmtp(bare, 'message', '01ja', '--text')
  assert.deepEqual(
    [made.code, made.out],
    [0, '(it has no plain text: this is made from its HTML)\n\nGrüße, Bob\n�[2Jbye\n'],
  )
  const silent = await withMessage(context, Buffer.from('Subject: x\r\n\r\n\r\n'))
  const none = await fsmtp(silent, 'message', '01ja', '--text')
  assert.deepEqual([none.code, none.out], [1, ''])
  assert.match(none.err, /says nothing; `fsmtp message 01jaaaaaaaaaaaaaaaaa --raw` shows all of it\n$/)
})

test('what is not there is said in one line, with what to do, and exit 1', async (context) => {
  const directory = await withLog(context, `${mail} account(dora@example.org) open2:open open3:open`)
  const cases: readonly (readonly [words: readonly string[], code: number, err: RegExp])[] = [
    [
      ['mailbox', 'nobody@example.org'],
      1,
      /^fsmtp: there is no mailbox nobody@example\.org: .*fsmtp mailboxes`\n$/,
    ],
    [['message', 'zz'], 1, /^fsmtp: no message has an id that begins with "zz"; see `fsmtp messages`\n$/],
    [
      ['messages', '--session', 'open'],
      1,
      /^fsmtp: "open" stands for more than one session; give the whole id:\n {2}open2 {2}session with/,
    ],
    [
      ['views', 'rebuild', 'nonsense'],
      2,
      /^fsmtp: there is no view nonsense; there are sessions, messages, mailboxes, deliveries, destinations, state-flow, reputation, suppressions, policy-changes\n$/,
    ],
    [['message', 't1', '--raw', '--trace'], 2, /--raw prints the bytes/],
    [['message', 't1', '--text', '--trace'], 2, /--text prints what the message says/],
    [['messages', '--since', 'yesterday'], 2, /give a date/],
    [['messages', '--limit', '0'], 2, /whole number above 0/],
    [['sessions', '--outcome', 'lost'], 2, /accepted, refused, aborted, idle, open/],
    [['message', 't1', '--raw'], 1, /the content of message t1 is not where it should be/],
    [['mailbox', 'dora@example.org'], 0, /^the mailbox dora@example\.org is empty/],
    [['mailbox', 'bob@example.org', '--as-of', '2025-12-31'], 0, /was empty at 2025-12-31T23:59:59\.999Z/],
  ]
  for (const [words, code, err] of cases) {
    const said = await fsmtp(directory, ...words)
    assert.equal(said.code, code, `${words.join(' ')}: ${said.err}`)
    assert.match(said.err, err)
    assert.equal(said.out, '')
  }
})

test('no log at all', async (context) => {
  const { code, err } = await fsmtp(directoryFor(context), 'sessions')
  assert.equal(code, 1)
  assert.match(err, /there is no mail log in .*fsmtp serve/)
})

test('views: a stopped one is named, and exit 1', async (context) => {
  const directory = directoryFor(context)
  const log = await openSqliteLog({ directory })
  const teller = new Teller(log)
  await teller.tell('open accept(t1)')
  await teller.tellNonsense('smtp_session-s9', 'MessageAccepted', { message: 't2', recipients: [] })
  await log.close()
  const stopped = await fsmtp(directory, 'views', '--json')
  assert.equal(stopped.code, 1)
  const state = (said: Said) => jsonLines(said).map((view) => `${view.name} ${view.state} ${view.position}`)
  assert.deepEqual(state(stopped), [
    'deliveries live 3',
    'destinations live 3',
    'mailboxes live 3',
    'messages stopped 2',
    'policy-changes live 3',
    'reputation live 3',
    'sessions live 3',
    'state-flow live 3',
    'suppressions live 3',
  ])
  assert.match(stopped.err, /messages stopped at position 3/)
  const listed = await fsmtp(directory, 'messages', '--json')
  assert.deepEqual(
    jsonLines(listed).map(({ id }) => id),
    ['t1'],
  )
  assert.match(listed.err, /the view messages stopped at position 3/)
  assert.equal((await fsmtp(directory, 'mailboxes')).err, '')
})

test('views rebuild gives the same checksums; a damaged file is made anew', async (context) => {
  const directory = await withLog(context, mail)
  const sums = async () =>
    jsonLines(await fsmtp(directory, 'views', '--json')).map(({ name, checksum }) => `${name} ${checksum}`)
  const before = await sums()
  const { code, out } = await fsmtp(directory, 'views', 'rebuild')
  assert.equal(code, 0)
  assert.match(out, /^built again from the log: /)
  assert.deepEqual(await sums(), before)
  writeFileSync(viewsFile(directory), 'spoiled'.repeat(5_000))
  const { err, code: listed } = await fsmtp(directory, 'mailboxes')
  assert.equal(listed, 0)
  assert.match(err, /built again from the log/)
  assert.deepEqual(await sums(), before)
})

test('what came from outside cannot steer the terminal', () => {
  assert.equal(visible('a\u001b[31mred\u001b[0m b'), 'ared b')
  assert.equal(visible('line\r\nbreak\u0007 \u009b31m\u202eback'), 'line��break� �back')
  assert.doesNotMatch(visible('\u001b]0;title\u0007 \u009b2J \u001bc \r\n'), /[\u0000-\u001f\u0080-\u009f]/)
})

test('sizes as people read them', () => {
  const sizes = [0, 999, 1_000, 4_096, 99_949, 99_950, 999_499, 999_500, 50_000_000]
  assert.deepEqual(sizes.map(humanSize), [
    '0 B',
    '999 B',
    '1.0 kB',
    '4.1 kB',
    '99.9 kB',
    '100 kB',
    '999 kB',
    '1.0 MB',
    '50.0 MB',
  ])
})

test('times as people type them', () => {
  const iso = (at: number) => new Date(at).toISOString()
  assert.equal(iso(since('2026-01-31')), '2026-01-31T00:00:00.000Z')
  assert.equal(iso(until('2026-01-31')), '2026-01-31T23:59:59.999Z')
  assert.equal(iso(until('2026-01-31T08:30')), '2026-01-31T08:30:00.000Z')
  assert.equal(iso(since('2026-01-31T08:30:01.5+01:00')), '2026-01-31T07:30:01.500Z')
  assert.equal(iso(since('2026-01-31 08:30:00Z')), '2026-01-31T08:30:00.000Z')
  const before = Date.now()
  const hour = 3_600_000
  assert.ok(since('2h') >= before - 2 * hour && since('2h') <= Date.now() - 2 * hour)
  for (const wrong of ['', 'now', '2026-13-01', '2026-01-31T25:00', '5y', '31.1.2026'])
    assert.throws(() => since(wrong), InvalidArgumentError, wrong)
})
