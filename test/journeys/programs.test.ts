/** Mail sent with the programs people have, then looked at with ours. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { createTransport } from 'nodemailer'
import { makeCertificate } from '../../src/config/own-certificate.ts'
import { requireProgram } from '../programs.ts'
import {
  type ChildServer,
  eventually,
  type Finished,
  finished,
  fsmtp,
  objects,
  serve,
  workplace,
} from '../server.ts'

const folder = workplace({
  playground: true,
  hostname: 'localhost',
  domains: [],
  tls: { certificate: 'cert.pem', key: 'key.pem' },
})
let server: ChildServer
let password: string
before(async () => {
  const { cert, key } = await makeCertificate({ hostname: 'localhost', now: new Date() })
  writeFileSync(join(folder, 'cert.pem'), cert)
  writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 })
  server = await serve(folder)
  password = readFileSync(join(folder, 'data/demo-password'), 'utf8').trim()
})
after(async () => {
  assert.equal(await server.end(), 0)
})

const user = 'demo@localhost'
const lines = (subject: string): readonly string[] => [
  'Date: Thu, 1 Jan 2026 00:00:00 +0000',
  'Message-ID: <1@client.example>',
  'From: demo@localhost',
  'To: you@example.org',
  `Subject: ${subject}`,
  '',
  'A line.',
  '.',
  '..two dots, and a dot above',
  '',
  'The end.',
]
/** As it should be stored. */
const contentOf = (subject: string): string =>
  lines(subject)
    .map((line) => `${line}\r\n`)
    .join('')
const fileOf = (name: string, content: string): string => {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

const run = async (program: string, words: readonly string[], input = ''): Promise<Finished> => {
  const child = spawn(program, words, { cwd: folder, stdio: 'pipe' })
  child.stdin.on('error', () => {}).end(input)
  const ended = await finished(child)
  assert.equal(ended.code, 0, `${program} ${words.join(' ')}\n${ended.stdout}${ended.stderr}`)
  return ended
}

const asked = async (...words: string[]): Promise<Record<string, unknown>[]> => {
  const answer = await fsmtp(folder, [...words, '--json'])
  assert.equal(answer.code, 0, answer.stderr)
  return objects(answer)
}

type Expected = {
  readonly to: string
  readonly content: string
  readonly protocol: string
  readonly from?: string
}

/** Messages that arrived so far. */
const sent = new Set<string>()

/** The mail is in its mailbox, and is what was sent and nothing else but our lines on top. */
const arrived = async ({ to, content, protocol, from = user }: Expected): Promise<void> => {
  const [filed, ...others] = await asked('mailbox', to)
  assert.ok(filed, `nothing in ${to}`)
  assert.deepEqual(others, [])
  const id = String(filed.message)
  const { stdout: raw } = await fsmtp(folder, ['message', id, '--raw'])
  assert.ok(raw.endsWith(content), raw)
  const ours = raw.slice(0, raw.length - content.length)
  const trace = new RegExp(
    `^Return-Path: <${from}>\\r\\nReceived: from \\S+ \\([^\\r]*\\[127\\.0\\.0\\.1\\]\\)\\r\\n\\tby localhost with ${protocol} id ${id}[^\\r]*\\r\\n\\tfor <${to}>; [^\\r]+\\r\\n$`,
  )
  assert.match(ours, trace)
  sent.add(id)
}

const plain = { protocol: 'ESMTP' } as const
const secured = { protocol: 'ESMTPS' } as const
const loggedIn = { protocol: 'ESMTPSA' } as const
const at = (service: Parameters<ChildServer['port']>[0]): string => `127.0.0.1:${server.port(service)}`

const swaks = async (t: TestContext, to: string, words: (file: string) => string[]): Promise<boolean> => {
  const program = requireProgram(t, 'swaks')
  if (program === null) return false
  const file = fileOf(`${to}.txt`, lines(to).join('\n'))
  await run(program, ['--from', user, '--to', to, '--data', `@${file}`, ...words(file)])
  return true
}

test('swaks, plain', async (t) => {
  const to = 'swaks-plain@example.org'
  if (await swaks(t, to, () => ['--server', at('mx')]))
    await arrived({ to, content: contentOf(to), ...plain })
})

test('swaks, STARTTLS', async (t) => {
  const to = 'swaks-tls@example.org'
  if (await swaks(t, to, () => ['--server', at('mx'), '--tls']))
    await arrived({ to, content: contentOf(to), ...secured })
})

for (const mechanism of ['PLAIN', 'LOGIN'])
  test(`swaks, STARTTLS and AUTH ${mechanism}`, async (t) => {
    const to = `swaks-auth-${mechanism.toLowerCase()}@example.org`
    const login = ['--auth', mechanism, '--auth-user', user, '--auth-password', password]
    if (await swaks(t, to, () => ['--server', at('submission'), '--tls', ...login]))
      await arrived({ to, content: contentOf(to), ...loggedIn })
  })

const curl = async (t: TestContext, to: string, words: readonly string[]): Promise<boolean> => {
  const program = requireProgram(t, 'curl')
  if (program === null) return false
  const file = fileOf(`${to}.txt`, contentOf(to))
  await run(program, ['-sS', '--mail-from', user, '--mail-rcpt', to, '-T', file, ...words])
  return true
}

test('curl, smtp://', async (t) => {
  const to = 'curl-plain@example.org'
  if (await curl(t, to, [`smtp://${at('mx')}`])) await arrived({ to, content: contentOf(to), ...plain })
})

test('curl, smtp:// with STARTTLS and a login', async (t) => {
  const to = 'curl-tls@example.org'
  if (await curl(t, to, [`smtp://${at('submission')}`, '-k', '--ssl-reqd', '-u', `${user}:${password}`]))
    await arrived({ to, content: contentOf(to), ...loggedIn })
})

test('curl, smtps:// with a login', async (t) => {
  const to = 'curl-smtps@example.org'
  if (await curl(t, to, [`smtps://${at('submissions')}`, '-k', '-u', `${user}:${password}`]))
    await arrived({ to, content: contentOf(to), ...loggedIn })
})

const msmtp = async (t: TestContext, to: string, words: readonly string[]): Promise<boolean> => {
  const program = requireProgram(t, 'msmtp')
  if (program === null) return false
  await run(program, ['--host=127.0.0.1', `--from=${user}`, ...words, to], lines(to).join('\n'))
  return true
}

test('msmtp, plain', async (t) => {
  const to = 'msmtp-plain@example.org'
  if (await msmtp(t, to, [`--port=${server.port('mx')}`]))
    await arrived({ to, content: contentOf(to), ...plain })
})

for (const [what, service, starttls] of [
  ['STARTTLS', 'submission', 'on'],
  ['TLS', 'submissions', 'off'],
] as const)
  test(`msmtp, ${what} and a login`, async (t) => {
    const to = `msmtp-${service}@example.org`
    const tls = ['--tls=on', `--tls-starttls=${starttls}`, '--tls-certcheck=off']
    const login = ['--auth=on', `--user=${user}`, '--passwordeval=cat data/demo-password']
    if (await msmtp(t, to, [`--port=${server.port(service)}`, ...tls, ...login]))
      await arrived({ to, content: contentOf(to), ...loggedIn })
  })

test('nodemailer, over a pool, with a login', async () => {
  const transport = createTransport({
    host: '127.0.0.1',
    port: server.port('submission'),
    auth: { user, pass: password },
    tls: { rejectUnauthorized: false },
    pool: true,
    maxConnections: 1,
  })
  const everybody = ['nodemailer-1@example.org', 'nodemailer-2@example.org']
  for (const to of everybody) await transport.sendMail({ envelope: { from: user, to }, raw: contentOf(to) })
  transport.close()
  for (const to of everybody) await arrived({ to, content: contentOf(to), ...loggedIn })
})

const smtplib = `
import smtplib, ssl, sys
port, how, user, password, to = sys.argv[1:]
context = ssl._create_unverified_context()
kind = smtplib.SMTP_SSL if how == 'tls' else smtplib.SMTP
with kind('127.0.0.1', int(port), **({'context': context} if how == 'tls' else {})) as client:
    if how == 'starttls': client.starttls(context=context)
    if how != 'plain': client.login(user, password)
    client.sendmail(user, [to], sys.stdin.buffer.read())
`
for (const [how, service, expected] of [
  ['plain', 'mx', plain],
  ['starttls', 'submission', loggedIn],
  ['tls', 'submissions', loggedIn],
] as const)
  test(`Python's smtplib, ${how}`, async (t) => {
    const python = requireProgram(t, 'python3')
    if (python === null) return
    const to = `smtplib-${how}@example.org`
    const words = [String(server.port(service)), how, user, password, to]
    await run(python, ['-c', smtplib, ...words], contentOf(to))
    await arrived({ to, content: contentOf(to), from: user, ...expected })
  })

/** Types one line after each reply, as a person would. */
const typed = async (child: ChildProcess, said: readonly string[]): Promise<void> => {
  let heard = ''
  child.stdout?.setEncoding('latin1').on('data', (text: string) => {
    heard += text
  })
  const replies = (): number => heard.match(/^\d{3} /gm)?.length ?? 0
  for (const [at, line] of said.entries()) {
    await eventually(() => replies() > at, { what: `the reply before ${line}` })
    child.stdin?.write(line)
  }
  await eventually(() => replies() > said.length, { what: 'the last reply' })
}

const dialogue = (to: string, end: string): string[] => [
  `HELO terminal${end}`,
  `MAIL FROM:<${user}>${end}`,
  `RCPT TO:<${to}>${end}`,
  `DATA${end}`,
  `Subject: by hand${end}${end}typed${end}.${end}`,
  `QUIT${end}`,
]
const byHand = 'Subject: by hand\r\n\r\ntyped\r\n'

test('telnet, by hand', async (t) => {
  const telnet = requireProgram(t, 'telnet')
  if (telnet === null) return
  const to = 'telnet@example.org'
  const child = spawn(telnet, ['127.0.0.1', String(server.port('mx'))], { stdio: 'pipe' })
  t.after(() => child.kill())
  await typed(child, dialogue(to, '\n'))
  await arrived({ to, content: byHand, protocol: 'SMTP' })
})

test('printf into nc -N: everything at once, the line half closed', async (t) => {
  const nc = requireProgram(t, 'nc')
  if (nc === null) return
  const to = 'nc@example.org'
  const { stdout } = await run(
    nc,
    ['-N', '127.0.0.1', String(server.port('mx'))],
    dialogue(to, '\r\n').join(''),
  )
  assert.match(stdout, /^250 2\.6\.0 Accepted as \w+\r\n221 2\.0\.0 Bye\r\n$/m)
  await arrived({ to, content: byHand, protocol: 'SMTP' })
})

test('bash and /dev/tcp', async (t) => {
  const bash = requireProgram(t, 'bash')
  if (bash === null) return
  const to = 'bash@example.org'
  const script = `exec 3<>/dev/tcp/127.0.0.1/${server.port('mx')} && cat >&3 && cat <&3`
  const { stdout } = await run(bash, ['-c', script], dialogue(to, '\r\n').join(''))
  assert.match(stdout, /^221 2\.0\.0 Bye\r$/m)
  await arrived({ to, content: byHand, protocol: 'SMTP' })
})

test('fsmtp send', async () => {
  const to = 'own@example.org'
  const sent = await fsmtp(
    folder,
    ['send', '--from', user, '--to', to, '--raw', '-', '--via', at('mx'), '--json'],
    {
      input: contentOf(to),
    },
  )
  assert.equal(sent.code, 0, sent.stderr)
  await arrived({ to, content: contentOf(to), ...secured })
})

test('every one of these mails has its session, which can be lived again step by step', async () => {
  const sessions = (await asked('sessions')).filter(({ messages }) => (messages as string[]).length > 0)
  assert.deepEqual(new Set(sessions.flatMap(({ messages }) => messages as string[])), sent)
  for (const { id, outcome, transitions } of sessions) {
    assert.equal(outcome, 'accepted')
    const steps = await asked('replay', String(id))
    assert.equal(steps.length, transitions)
    assert.ok(steps.some(({ event }) => event === 'MessageAccepted'))
    assert.deepEqual([steps[0]?.from, steps.at(-1)?.to], ['arriving', 'closed'])
  }
})

test('everything these programs did can be proved', async () => {
  const [summary] = (await asked('verify')).slice(-1)
  const { diverged, undecodable, unknownVersion, unaccounted, damaged, contentFaults } = summary ?? {}
  const faults = { diverged, undecodable, unknownVersion, unaccounted, damaged, contentFaults }
  assert.deepEqual(new Set(Object.values(faults)), new Set([0]), JSON.stringify(summary))
  assert.ok(!JSON.stringify(await asked('events')).includes(password), 'no password is in the log')
})
