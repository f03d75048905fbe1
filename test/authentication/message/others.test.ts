/** Verdicts beside those of other people's programs, on mails that they made: dkimpy, opendkim and pyspf from Debian. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { MessageFindings } from '../../../machines/vocabulary/findings.ts'
import { MessageExaminer } from '../../../src/authentication/message/examiner.ts'
import { examineSpf } from '../../../src/authentication/message/spf.ts'
import { believed, opendkim } from '../../delivery/signing/verifiers.ts'
import { requireModule, requireProgram } from '../../programs.ts'
import { scratch } from '../../scratch.ts'
import { signedByOpendkim, startOpendkim } from './opendkim-signer.ts'
import { ed25519Key, rsaKey, signedMail } from './signer.ts'
import { type Zone, zoneResolver } from './zone.ts'

const rsa = rsaKey(2048)
const ed = ed25519Key()
const records: Readonly<Record<string, string>> = {
  'rsa1._domainkey.example.org': `v=DKIM1; k=rsa; p=${rsa.p}`,
  'ed1._domainkey.example.org': `v=DKIM1; k=ed25519; p=${ed.p}`,
}
const resolver = zoneResolver(
  Object.fromEntries(Object.entries(records).map(([name, text]) => [name, { TXT: [[text]] }])),
)
const examine = (content: Buffer): Promise<MessageFindings> => {
  const examiner = new MessageExaminer({ resolver, hostname: 'mx.example.net', draw: 0 })
  for (let at = 0; at < content.length; at += 100) examiner.push(content.subarray(at, at + 100))
  return examiner.end()
}

const script = new URL('others.py', import.meta.url).pathname
/** The answers to tasks, in their order; null after the test was marked as skipped. */
const ask = (t: TestContext, tasks: readonly object[]): readonly unknown[] | null => {
  const python = requireModule(t, 'dkim, spf')
  if (python === null) return null
  const input = tasks.map((task) => `${JSON.stringify(task)}\n`).join('')
  const { stdout, stderr } = spawnSync(python, [script], { input, encoding: 'utf8', maxBuffer: 1 << 28 })
  const answers = stdout
    .split('\n')
    .filter(Boolean)
    .map((line): unknown => JSON.parse(line))
  assert.equal(answers.length, tasks.length, stderr)
  return answers
}
const inBase64 = (content: Buffer | string): string => Buffer.from(content).toString('base64')
const fromBase64 = (answer: unknown): Buffer => Buffer.from(String(answer), 'base64')

const head =
  'From: Bob\r\n <bob@example.org>\r\nTo: ann@example.net\r\nSubject: h\u00e9llo  there\r\nDate: x\r\nMessage-ID: <1@example.org>\r\n\r\n'
const bodies = [
  '',
  '\r\n',
  '\r\n\r\n',
  'one',
  'one\r\n',
  'a  b\t c \t \r\n \r\n\r\n',
  ' \r\n',
  '\ta\r\n\r\nb\r\n',
  '\u96ea \u3000 \r\n',
]
const pem = rsa.private.export({ type: 'pkcs1', format: 'pem' }).toString()
const seed = ed.private.export({ type: 'pkcs8', format: 'der' }).subarray(16).toString('base64')

test('what dkimpy signs is believed', async (t) => {
  const forms = ['relaxed/relaxed', 'relaxed/simple', 'simple/relaxed', 'simple/simple']
  const tasks = forms.flatMap((canonicalization) =>
    bodies.flatMap((body) => [
      {
        do: 'sign',
        canonicalization,
        algorithm: 'rsa-sha256',
        selector: 'rsa1',
        key: pem,
        domain: 'example.org',
        message: inBase64(head + body),
      },
      {
        do: 'sign',
        canonicalization,
        algorithm: 'ed25519-sha256',
        selector: 'ed1',
        key: seed,
        domain: 'example.org',
        message: inBase64(head + body),
      },
    ]),
  )
  const signed = ask(t, tasks)
  if (signed === null) return
  for (const [at, mail] of signed.entries()) {
    const { dkim } = await examine(fromBase64(mail))
    assert.deepEqual(
      dkim?.map(({ result }) => result),
      ['pass'],
      `${JSON.stringify(tasks[at])} ${JSON.stringify(dkim)}`,
    )
  }
})

test('what opendkim signs is believed', { timeout: 120_000 }, async (t) => {
  const program = requireProgram(t, 'opendkim')
  if (program === null) return
  const at = scratch('opendkim')
  const key = join(at, 'key.pem')
  writeFileSync(key, pem, { mode: 0o600 })
  for (const forms of ['relaxed/relaxed', 'relaxed/simple', 'simple/simple', 'simple/relaxed']) {
    const daemon = await startOpendkim(program, { at, key, forms })
    try {
      for (const body of bodies.filter((text) => text.endsWith('\r\n'))) {
        const signed = await signedByOpendkim(daemon, head + body)
        assert.match(signed, new RegExp(`^DKIM-Signature: v=1; a=rsa-sha256; c=${forms};`))
        const { dkim } = await examine(Buffer.from(signed))
        assert.deepEqual(
          dkim?.map(({ result }) => result),
          ['pass'],
          `${forms} ${JSON.stringify(body)} ${signed}`,
        )
      }
    } finally {
      await daemon.stop()
    }
  }
})

/** Mails that were touched on their way, or not. */
const touched = fc.record({
  form: fc.constantFrom('relaxed/relaxed', 'relaxed/simple', 'simple/relaxed', 'simple/simple'),
  body: fc.constantFrom(...bodies.filter((text) => text.endsWith('\r\n'))),
  l: fc.constantFrom(null, null, null, '0', '2'),
  change: fc.constantFrom(
    ...([
      ['', ''],
      ['', ''],
      ['Bob', 'Eve'],
      ['there', 'there '],
      ['Subject: ', 'Subject:'],
      ['To:', 'TO:'],
      ['a  b', 'a b'],
    ] as const),
    ...([
      ['\r\n\r\n', '\r\nX: y\r\n\r\n'],
      ['one\r\n', 'one\r\n\r\n'],
      ['b=', 'b= '],
      ['d=example.org', 'd=example.com'],
      ['\r\n <bob', ' <bob'],
    ] as const),
    ...([
      ['Date', 'From: eve@example.com\r\nDate'],
      [' \r\n', '\r\n'],
      ['\u96ea', '\u3000'],
      ['bh=', 'bh=A'],
      ['s=rsa1', 's=no'],
    ] as const),
  ),
})

test('dkimpy and opendkim say the same of mails that were touched on their way', async (t) => {
  const program = requireProgram(t, 'opendkim')
  if (program === null) return
  const mails = fc.sample(touched, { numRuns: 120, seed: 7 }).map(({ form, body, l, change: [from, to] }) => {
    const unfolded = head.replace('\r\n <bob', ' <bob')
    const tags = { c: form, s: 'rsa1', h: 'from:to:subject:date:from', ...(l !== null && { l }) }
    return {
      body,
      l,
      form,
      from,
      mail: Buffer.from(signedMail(unfolded + body, rsa, tags).replace(from, () => to)),
    }
  })
  const theirs = ask(
    t,
    mails.map(({ mail }) => ({ do: 'verify', records, message: inBase64(mail) })),
  )
  if (theirs === null) return
  const at = scratch('opendkim')
  let passes = 0
  for (const [place, { mail, ...made }] of mails.entries()) {
    // Both believe the part that `l=` leaves; dkimpy also one that is longer than the body (RFC 6376 §3.5 says it must not be).
    const [finding] = (await examine(mail)).dkim ?? []
    const ours = finding?.result === 'pass' || (finding?.about ?? '').startsWith('l= ')
    assert.equal(ours, theirs[place], `dkimpy: ${JSON.stringify([made, finding])}`)
    passes += ours ? 1 : 0
    if (place % 3 !== 0 || made.l !== null) continue
    const said = await opendkim(mail, { program, signed: { at, records: new Map(Object.entries(records)) } })
    assert.equal(ours, believed.test(said), `opendkim: ${JSON.stringify([made, finding])} ${said}`)
  }
  assert.ok(passes > 20 && passes < 100, `${passes} of them pass`)
})

test('what dkimpy seals is believed, and what was changed then is not, by both', async (t) => {
  const results =
    'Authentication-Results: mx.one.example; dmarc=pass header.from=example.org; spf=pass smtp.mailfrom=example.org\r\n'
  const task = { do: 'seal', selector: 'rsa1', domain: 'example.org', key: pem, name: 'mx.one.example' }
  const once = ask(t, [{ ...task, message: inBase64(`${results}${head}one\r\n`) }])
  if (once === null) return
  const sealed = fromBase64(once[0])
  assert.deepEqual((await examine(sealed)).arc, { result: 'pass', sealers: ['example.org'], dmarc: 'pass' })
  const changes = [
    ['one', 'two'],
    ['dmarc=pass', 'dmarc=fail'],
    ['cv=none', 'cv=pass'],
    ['i=1', 'i=2'],
    ['Bob', 'Eve'],
    ['x', 'y'],
  ] as const
  const changed = changes.map(([from, to]) =>
    Buffer.from(sealed.toString('latin1').replace(from, to), 'latin1'),
  )
  const theirs = ask(
    t,
    changed.map((mail) => ({ do: 'chain', records, message: inBase64(mail) })),
  )
  for (const [at, mail] of changed.entries()) {
    const { result } = (await examine(mail)).arc!
    assert.equal(result, theirs?.[at], String(changes[at]))
  }
})

const zone: Zone = {
  'a.example.org': { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] },
  'mx.example.org': { MX: [{ priority: 10, exchange: 'a.example.org' }] },
  'both.example.org': { A: ['192.0.2.2', '192.0.2.3'], TXT: [['v=spf1 a ~all']] },
  'broken.example.org': 'ESERVFAIL',
  'late.example.org': 'ETIMEOUT',
  'yes.example.org': { TXT: [['v=spf1 +all']] },
  'no.example.org': { TXT: [['v=spf1 -all']] },
  'maybe.example.org': { TXT: [['v=spf1 ip4:192.0.2.0/31 ?all']] },
  'loop.example.org': { TXT: [['v=spf1 include:loop.example.org -all']] },
  'bob.example.org': { A: ['127.0.0.2'] },
  '1.2.0.192.in-addr.arpa': { PTR: ['a.example.org', 'x.example.com'] },
}
const terms = fc.constantFrom(
  ...[
    '-all',
    '~all',
    '?all',
    'all',
    'a:a.example.org',
    '-a:both.example.org',
    'mx:mx.example.org',
    '?mx:mx.example.org/24',
  ],
  ...[
    'include:yes.example.org',
    'include:no.example.org',
    'include:maybe.example.org',
    'include:broken.example.org',
  ],
  ...[
    'include:loop.example.org',
    'include:nowhere.example.org',
    'ip4:192.0.2.1',
    '-ip4:192.0.2.0/24',
    'ip6:2001:db8::/32',
  ],
  ...[
    'ip4:192.0.2.1/33',
    'ip4:192.0.2',
    'ip6:192.0.2.1',
    'exists:%{l}.example.org',
    'exists:%{ir}.example.org',
    'ptr:example.org',
  ],
  ...[
    '-ptr',
    'redirect=yes.example.org',
    'redirect=no.example.org',
    'redirect=nowhere.example.org',
    'exp=x.example.org',
  ],
  ...[
    'a:late.example.org',
    'a:nowhere.example.org',
    'a:nowhere2.example.org',
    'foo=bar',
    'foo',
    'a:a.example.org//64',
    'all:x',
  ],
  ...['mx', 'a/0', 'exists:%{d}', 'exists:%{x}.org', 'include:', 'ip4:', 'redirect=%{d2}'],
)

test('pyspf says the same of records that were thrown together', async (t) => {
  const made = fc.sample(
    fc.record({
      list: fc.uniqueArray(terms, { minLength: 1, maxLength: 6 }),
      address: fc.constantFrom('192.0.2.1', '192.0.2.2', '198.51.100.7', '2001:db8::1', '2001:db9::1'),
      sender: fc.constantFrom('bob@example.org', 'alice@example.org'),
    }),
    { numRuns: 600, seed: 7 },
  )
  const questions = made.map(({ list, address, sender }) => ({
    ...{ address, sender, helo: 'mail.example.net' },
    zone: { ...zone, 'example.org': { TXT: [[`v=spf1 ${list.join(' ')}`]], A: ['198.51.100.9'] } },
  }))
  const theirs = ask(
    t,
    questions.map((question) => ({ do: 'ask', ...question })),
  )
  if (theirs === null) return
  const counted: Record<string, number> = {}
  const differing: string[] = []
  for (const [at, { zone: records, ...question }] of questions.entries()) {
    const { result, about } = await examineSpf({ ...question, resolver: zoneResolver(records) })
    counted[result] = (counted[result] ?? 0) + 1
    if (result !== theirs[at])
      differing.push(
        `${question.address} ${made[at]!.list.join(' ')}: ${result} (${about}), pyspf ${theirs[at]}`,
      )
  }
  assert.deepEqual(differing, [])
  for (const result of ['pass', 'fail', 'temperror', 'permerror', 'neutral'])
    assert.ok((counted[result] ?? 0) > 20, JSON.stringify(counted))
})
