/** The commands for histories, as people type them, on a data directory without a server. */
import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { before, test } from 'node:test'
import { session } from '../../machines/session/index.ts'
import { placesIn } from '../../src/content/places.ts'
import { beginFile } from '../../src/content/writer.ts'
import { kindOf } from '../../src/log/port.ts'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'
import { folder, fsmtp } from '../authentication/command.ts'
import { tagsOf } from '../drawing/xml.ts'
import { appendOf, policyAppend, record } from './recorder.ts'
import { policy, policyHash, sessionSaid } from './sessions.ts'

const cwd = folder()
const small = Buffer.from('Subject: Hello\r\n\r\nHello.\r\n')
const large = Buffer.alloc(1_000_000, 'x'.repeat(70).concat('\r\n'))
const id = '01kdy4z8m20000abcdef'
const mails = [
  { message: '01kdy4z8m30000abcdef', bytes: small },
  { message: '01kdy4z8m40000abcdef', bytes: large },
].map(({ message, bytes }) => ({
  ...{
    message,
    bytes,
    size: bytes.length,
    recipients: ['ann@example.org', 'dan@elsewhere.example', 'ben@example.org'],
  },
  sha256: createHash('sha256').update(bytes).digest('hex'),
}))
const events = record(session, policy, sessionSaid(mails))

before(async () => {
  const directory = join(cwd, 'data')
  const log = await openSqliteLog({ directory })
  await mkdir(placesIn(directory).incoming, { recursive: true })
  const file = await beginFile(placesIn(directory), mails[1]!.message)
  await file.write(large)
  await file.finish()
  const contents = [{ id: mails[0]!.message, bytes: small }]
  await log.append([
    policyAppend(policyHash, policy),
    { stream: `smtp_session-${id}`, expected: -1, events, contents },
  ])
  await log.close()
})

const run = (...words: string[]) => fsmtp(cwd, words)
const well = async (...words: string[]): Promise<string> => {
  const { code, out, err } = await run(...words)
  assert.equal(code, 0, `${words.join(' ')}: ${err}`)
  return out
}
const jsonOf = (out: string): Record<string, unknown>[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

test('replay tells each step, by session or message, whole or in part', async () => {
  const told = await well('replay', id)
  assert.match(told, /^session 01kdy4z8m20000abcdef {2}2026-01-02 {2}15 steps\n/)
  assert.match(told, /C: RCPT TO:<dan@elsewhere\.example>\n {6}addressed {3}RecipientRefused\n/)
  assert.match(told, /because {4}relaying-denied: The domain is not ours and the client is not logged in\.\n/)
  assert.match(told, /In the end: closed\. The session is over\./)
  const byMessage = await well('replay', mails[1]!.message, '--at', '2')
  assert.match(
    byMessage,
    /^message 01kdy4z8m40000abcdef came in this session:\nsession 01kdy4z8m20000abcdef .* 3 steps\n/,
  )
  assert.match(byMessage, /At that point: addressing\. A sender is accepted/)
  assert.equal((await run('replay', '01kdy4z8m')).code, 1)
  assert.deepEqual(await run('replay', 'nobody'), {
    ...{ code: 1, out: '' },
    err: 'fsmtp: no session, message or delivery has an id that begins with "nobody"; see `fsmtp sessions`\n',
  })
})

test('replay as JSON has the shape that was promised, as transcript the dialogue, as diagram the way', async () => {
  const steps = jsonOf(await well('replay', id, '--json'))
  assert.equal(steps.length, 15)
  for (const key of [
    'revision',
    'at',
    'input',
    'event',
    'from',
    'to',
    'effects',
    'reason',
    'facts',
    'changes',
    'next',
  ])
    assert.ok(key in steps[3]!, key)
  const lines = (await well('replay', id, '--transcript')).trimEnd().split('\n')
  assert.equal(lines[0], 'S: 220 mx.example.org ESMTP FSMTP')
  assert.equal(lines.at(-1), 'S: 221 2.0.0 Bye')
  const diagram = await well('replay', id, '--diagram', '--at', '2')
  assert.match(diagram, /arriving --> greeted: step 0 OPEN\n/)
  assert.match(diagram, /class arriving,greeted,identified,addressing taken\n/)
  const whole = await well('replay', id, '--diagram')
  assert.match(whole, /anytime --> closed: step 14 QUIT in identified<br\/>/)
  assert.match(whole, /identified --> closed: EHLO \[idleCommandsExhausted\]/)
  assert.match(
    whole,
    /addressed --> addressed: step 4, 10 RCPT \[recipientRefused\]<br\/>step 5, 11 RCPT<br\/>/,
  )
  assert.match(
    await well('replay', id, '--diagram', '--format', 'dot'),
    /"at any time" -> "closed" .*penwidth/,
  )
  const svg = tagsOf(await well('replay', id, '--diagram', '--format', 'svg')).map(({ text }) => text)
  assert.ok(svg.includes('step 14 QUIT in identified'))
})

test('verify says that all is well, and exits with 1 when it is not', async () => {
  assert.match(await well('verify'), /1 stream, 15 transitions, 2 messages.*\nall is well\n/)
  const [summary] = jsonOf(await well('verify', '--json'))
  const { ms, ...counts } = summary!
  assert.equal(typeof ms, 'number')
  assert.deepEqual(counts, {
    ...{ summary: true, streams: 1, transitions: 15, ok: 1, diverged: 0, undecodable: 0, unknownVersion: 0 },
    ...{ messages: 2, unaccounted: 0, damaged: 0, contentFaults: 0, unchecked: 0, views: 0 },
  })
})

test('an export replays and verifies without any data, and imports to the same bytes', async () => {
  await well('export', '--all', '--out', 'all.ndjson')
  const one = await well('export', id)
  await writeFile(join(cwd, 'one.ndjson'), one)
  assert.equal(one, await readFile(join(cwd, 'all.ndjson'), 'utf8'))
  const elsewhere = folder()
  const path = join(cwd, 'one.ndjson')
  assert.match((await fsmtp(elsewhere, ['replay', path, '--transcript'])).out, /^S: 220 mx\.example\.org/)
  assert.match((await fsmtp(elsewhere, ['verify', path])).out, /all is well/)
  assert.deepEqual(jsonOf((await fsmtp(elsewhere, ['import', path, '--json'])).out), [
    { added: 16, known: 0, withoutContent: 0, accounts: 0, unreplayed: 0 },
  ])
  assert.equal((await fsmtp(elsewhere, ['export', '--all'])).out, one)
  assert.match((await fsmtp(elsewhere, ['verify'])).out, /all is well/)
  assert.match(
    (await fsmtp(elsewhere, ['import', '-'], one)).out,
    /^0 events imported, 16 were there already\n/,
  )
  const other = one.replaceAll('client.example.net', 'another.example.net')
  const refused = await fsmtp(elsewhere, ['import', '-'], other)
  assert.equal(refused.code, 1)
  assert.match(
    refused.err,
    /stream smtp_session-01kdy4z8m20000abcdef is in the log already, with another event at revision 1/,
  )
})

test('a history that was changed is found, in a file and in a log; content that a file does not promise is not checked', async () => {
  const one = await well('export', id, '--no-content')
  const changed = one.replace('"during":"identified"', '"during":"greeted"')
  assert.notEqual(changed, one)
  const elsewhere = folder()
  await writeFile(join(elsewhere, 'changed.ndjson'), changed)
  const { code, out } = await fsmtp(elsewhere, ['verify', 'changed.ndjson', '--json'])
  assert.equal(code, 1)
  const found = jsonOf(out)
  assert.deepEqual(found[0], {
    ...{ kind: 'diverged', stream: `smtp_session-${id}`, revision: 14 },
    ...{ expected: { data: { during: 'greeted' } }, got: { data: { during: 'identified' } } },
  })
  assert.ok(!found.some(({ kind }) => kind === 'content'))
  assert.deepEqual([found.at(-1)?.contentFaults, found.at(-1)?.unchecked], [0, 2])
  await writeFile(join(elsewhere, 'without.ndjson'), one)
  const without = await fsmtp(elsewhere, ['verify', 'without.ndjson'])
  assert.equal(without.code, 0)
  assert.match(without.out, /\nnot checked: 2 contents, without which the file was written\nall is well\n/)
  await writeFile(join(elsewhere, 'lost.ndjson'), one.replace(',"contentOf":[]', ''))
  const lost = await fsmtp(elsewhere, ['verify', 'lost.ndjson', '--json'])
  assert.equal(lost.code, 1)
  assert.equal(jsonOf(lost.out).filter(({ kind }) => kind === 'content').length, 2)
  const imported = await fsmtp(elsewhere, ['import', 'changed.ndjson'])
  assert.equal(imported.code, 1)
  assert.match(imported.err, /^fsmtp: changed\.ndjson: line 17: smtp_session-\w+: diverged at revision 14/)
  assert.equal(existsSync(join(elsewhere, 'data')), false)
  const log = await openSqliteLog({ directory: join(elsewhere, 'data') })
  const last = events.at(-1)!
  const spoiled = events.with(-1, { ...last, data: { ...last.data, during: 'greeted' } })
  await log.append([policyAppend(policyHash, policy), appendOf(`smtp_session-${id}`, spoiled)])
  await log.close()
  assert.match(
    (await fsmtp(elsewhere, ['verify'])).out,
    /diverged at revision 14.*\n(.*\n)*not well: 1 diverged, 2 contents/,
  )
  assert.match(
    (await fsmtp(elsewhere, ['replay', id])).out,
    /not so {5}expected \{"data":\{"during":"greeted"\}\}/,
  )
})

test('a mailbox row that was lost, or invented, is in the ledger', async () => {
  const elsewhere = folder()
  await fsmtp(elsewhere, ['import', '-'], await well('export', '--all'))
  await fsmtp(elsewhere, ['mailboxes'])
  const views = new DatabaseSync(join(elsewhere, 'data', 'views.sqlite'))
  const { table } = views
    .prepare(`SELECT sql AS "table" FROM sqlite_schema WHERE type = 'view' AND name = 'mailbox_messages'`)
    .get() as { table: string }
  const own = /FROM\s+"?([\w-]+)"?/i.exec(table)![1]!
  views.exec(`DELETE FROM "${own}" WHERE id = '${mails[0]!.message}.1'`)
  const lost = await fsmtp(elsewhere, ['verify', '--json'])
  assert.equal(lost.code, 1)
  assert.deepEqual(jsonOf(lost.out)[0], {
    ...{ kind: 'unaccounted', message: mails[0]!.message, recipient: 'ann@example.org' },
    detail: 'it is not in mailbox ann@example.org',
  })
  assert.equal(jsonOf(lost.out).at(-1)?.unaccounted, 1)
  views.exec(`UPDATE "${own}" SET id = 'stranger.1' WHERE id = '${mails[0]!.message}.2'`)
  views.close()
  assert.equal(jsonOf((await fsmtp(elsewhere, ['verify', '--json'])).out).at(-1)?.unaccounted, 2)
})

test('events: all, a stream, a type, after a position, no more than asked for', async () => {
  const all = jsonOf(await well('events', '--json'))
  assert.equal(all.length, 16)
  assert.deepEqual(Object.keys(all[1]!), [
    'position',
    'id',
    'stream',
    'revision',
    'type',
    'version',
    'at',
    'data',
    'meta',
  ])
  assert.equal((all[1]!.meta as Record<string, string>).$correlationId, id)
  assert.equal(all[1]!.at, '2026-01-02T03:04:05.000Z')
  const short = (out: string) => jsonOf(out).map(({ position }) => position)
  assert.deepEqual(short(await well('events', '--json', '--after', '14')), [15, 16])
  assert.deepEqual(
    short(await well('events', '--json', '--type', 'MessageAccepted', 'SessionClosed')),
    [9, 15, 16],
  )
  assert.deepEqual(short(await well('events', '--json', '--stream', `policy-${policyHash}`)), [1])
  assert.deepEqual(short(await well('events', '--json', '--stream', 'smtp_session', '--limit', '2')), [2, 3])
  assert.match((await run('events', '--stream', 'policy-none')).err, /there is no stream policy-none/)
  assert.equal((await run('events', '--after', 'soon')).code, 2)
})

test('machines are listed and drawn in every format; counts come from the log', async () => {
  assert.match(await well('machines'), /session +1 +9 /)
  assert.match(await well('machines', 'session'), /^stateDiagram-v2\n/)
  assert.match(await well('machines', 'session', '--format', 'dot'), /^digraph "session"/)
  assert.ok(tagsOf(await well('machines', 'session', '--format', 'scxml')).length > 10)
  assert.equal(
    (JSON.parse(await well('machines', 'session', '--format', 'json')) as { name: string }).name,
    'session',
  )
  const said = tagsOf(await well('machines', 'session', '--counts')).map(({ text }) => text)
  assert.ok(said.includes('2 times, after 250 ms'))
  assert.equal((await run('machines', 'toaster')).code, 2)
})

test('--step needs a terminal; export needs to know what', async () => {
  assert.deepEqual(await run('replay', id, '--step'), {
    ...{ code: 2, out: '' },
    err: 'fsmtp: --step waits for keys, so it needs a terminal\n',
  })
  assert.equal((await run('export')).code, 2)
  assert.equal((await run('export', '--all', id)).code, 2)
  assert.match((await run('export', '--all', '--out', 'nowhere/file')).err, /cannot write nowhere\/file/)
})

test('content that is stored is never replaced, and a message id stands for one message', async () => {
  const elsewhere = folder()
  await fsmtp(elsewhere, ['import', '-'], await well('export', '--all'))
  const message = mails[1]!.message
  const stored = placesIn(join(elsewhere, 'data')).fileOf(message)
  const before = await readFile(stored)
  const forged = Buffer.alloc(70_000, 'y')
  const mail = {
    ...mails[1]!,
    size: forged.length,
    sha256: createHash('sha256').update(forged).digest('hex'),
  }
  const other = join(elsewhere, 'other')
  const log = await openSqliteLog({ directory: other })
  const life = record(session, policy, sessionSaid([mail]))
  await log.append([policyAppend(policyHash, policy), appendOf('smtp_session-other', life)])
  await log.close()
  const lines = (await fsmtp(elsewhere, ['export', '--all', '--no-content', '--data', other])).out.split('\n')
  const at = lines.findIndex((line) => line.includes('MessageAccepted'))
  const content = JSON.stringify({ content: message, base64: forged.toString('base64') })
  const { code, err } = await fsmtp(elsewhere, ['import', '-'], lines.toSpliced(at, 0, content).join('\n'))
  assert.equal(code, 1)
  assert.match(
    err,
    /line \d+: message 01kdy4z8m40000abcdef is in the log already, in stream smtp_session-\w+; nothing/,
  )
  assert.deepEqual(await readFile(stored), before)
})

test('a file under the name of new content stays as it is', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'fsmtp-content-'))
  t.after(() => rm(directory, { recursive: true }))
  const places = placesIn(directory)
  await mkdir(places.incoming, { recursive: true })
  for (const [text, options] of [
    ['one', {}],
    ['two', { onlyNew: true }],
  ] as const) {
    const file = await beginFile(places, 'abcdefghijk', options)
    await file.write(Buffer.from(text))
    if (text === 'one') await file.finish()
    else await assert.rejects(file.finish(), { code: 'EEXIST' })
    await file.discard()
  }
  assert.equal(await readFile(places.fileOf('abcdefghijk'), 'utf8'), 'one')
  assert.deepEqual(await readdir(places.incoming), [])
})

test('accounts come along with a whole log, and are counted', async () => {
  const [from, to] = [folder(), folder()]
  const log = await openSqliteLog({ directory: join(from, 'data') })
  const data = { account: 'ann@example.org', password: 'x', addresses: [] }
  const event = { id: randomUUID(), kind: kindOf('AccountAdded', 1, {}), at: 1_700_000_000_000, data }
  await log.append([appendOf('account-ann@example.org', [event])])
  await log.close()
  const { code, err } = await fsmtp(to, ['import', '-'], (await fsmtp(from, ['export', '--all'])).out)
  assert.deepEqual(
    [code, err],
    [0, 'fsmtp: 1 account came along, with its password; see `fsmtp user list`\n'],
  )
})
