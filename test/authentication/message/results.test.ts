import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import type { MessageFindings } from '../../../machines/vocabulary/findings.ts'
import { forgedFields } from '../../../src/authentication/message/forged.ts'
import { headOf } from '../../../src/authentication/message/head.ts'
import { type ResultsFacts, resultsLines } from '../../../src/authentication/message/results.ts'
import { requireModule } from '../../programs.ts'
import { eachRow } from '../../tables/table.ts'

const forged = (header: string) =>
  forgedFields(headOf(Buffer.from(`${header}\r\n\r\nbody`)), 'mx.example.org')
eachRow(new URL('forged.md', import.meta.url), 'Forged', ({ cell }) => {
  assert.equal(forged(cell('header')).length, Number(cell('found')))
})

test('what is left out is the field, no octet more', () => {
  const content = 'To: x\r\nAuthentication-Results: mx.example.org;\r\n dmarc=pass\r\nFrom: a\r\n\r\n'
  const [[start, end]] = forged(content.slice(0, -4)) as [[number, number]]
  assert.equal(content.slice(0, start) + content.slice(end), 'To: x\r\nFrom: a\r\n\r\n')
})

const authentication: MessageFindings = {
  dkim: [
    {
      result: 'pass',
      domain: 'example.org',
      selector: 's1',
      algorithm: 'rsa-sha256',
      bits: 2048,
      signature: 'abc/def+ghij',
    },
    {
      result: 'fail',
      domain: 'example.com',
      selector: 's2',
      identity: 'a b@example.com',
      about: 'bad signature',
    },
    { result: 'policy', domain: '', selector: '', about: '990 more' },
  ],
  arc: { result: 'pass', sealers: ['one.example'], dmarc: 'pass' },
  dmarc: {
    result: 'fail',
    domain: 'example.org',
    record: 'example.org',
    policy: 'reject',
    pct: 50,
    leftOut: true,
  },
}
const facts: ResultsFacts = {
  hostname: 'mx.example.net',
  sender: 'bob@example.org',
  helo: 'mail.example.org',
  address: '192.0.2.1',
  examined: {
    spf: { identity: 'mailfrom', domain: 'example.org', result: 'pass', mechanism: 'ip4:192.0.2.0/24' },
    reverseName: { result: 'confirmed', name: 'mail.example.org' },
  },
  authentication,
}

test('the lines, as they stand on top of a mail', () => {
  assert.equal(
    resultsLines(facts).replaceAll('\r\n', '\n').replaceAll('\t', '  '),
    `Authentication-Results: mx.example.net;
  iprev=pass (mail.example.org) policy.iprev=192.0.2.1;
  spf=pass smtp.mailfrom=bob@example.org;
  dkim=pass (2048 bits) header.d=example.org header.s=s1 header.a=rsa-sha256
  header.b="abc/def+ghij";
  dkim=fail (bad signature) header.d=example.com header.i="a b"@example.com
  header.s=s2;
  dkim=policy (990 more);
  dmarc=fail (p=reject pct=50 left out) header.from=example.org;
  arc=pass (i=1 one.example) smtp.remote-ip=192.0.2.1
Received-SPF: pass (example.org: may send for it) client-ip=192.0.2.1;
  envelope-from="bob@example.org"; helo=mail.example.org;
  receiver=mx.example.net; identity=mailfrom; mechanism="ip4:192.0.2.0/24";
`,
  )
})

test('without a sender it was the name of EHLO; without a signature there is none; where nothing was looked at, nothing is said', () => {
  const spf = { identity: 'helo', domain: 'mail.example.org', result: 'none' } as const
  const lines = resultsLines({ ...facts, sender: '', examined: { spf }, authentication: { dkim: [] } })
  assert.match(
    lines,
    /^Authentication-Results: mx\.example\.net;\r\n\tspf=none smtp\.helo=mail\.example\.org;\r\n\tdkim=none\r\n/,
  )
  assert.doesNotMatch(lines, /envelope-from/)
  assert.equal(resultsLines({ ...facts, examined: undefined, authentication: undefined }), '')
  assert.equal(
    resultsLines({ ...facts, examined: {}, authentication: {} }),
    'Authentication-Results: mx.example.net; none\r\n',
  )
})

/** What strangers may have written, wherever they may have written it. */
const evil = fc.oneof(
  fc.constantFrom(
    '\r\nBcc: x',
    '"; dmarc=pass',
    '(',
    ')',
    '\\',
    '"',
    '; spf=pass',
    'x\0y',
    '\u2028',
    'ä@ö.example',
    ' '.repeat(400),
    'x'.repeat(5000),
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
)
const evilFacts = fc.record({ a: evil, b: evil, c: evil, d: evil, e: evil, f: evil }).map(
  ({ a, b, c, d, e, f }): ResultsFacts => ({
    hostname: 'mx.example.net',
    sender: a,
    helo: b,
    address: '192.0.2.1',
    examined: {
      spf: { identity: 'mailfrom', domain: c, result: 'fail', mechanism: d, about: e },
      reverseName: { result: 'confirmed', name: f },
    },
    authentication: {
      dkim: [{ result: 'fail', domain: a, selector: b, algorithm: c, identity: d, signature: e, about: f }],
      arc: { result: 'fail', sealers: [a], about: b },
      dmarc: { result: 'fail', domain: c, about: d },
    },
  }),
)

test('whatever strangers wrote, there are two fields of whole lines, and nothing more is said', () => {
  fc.assert(
    fc.property(evilFacts, (given) => {
      const lines = resultsLines(given)
      const fields = lines.replaceAll('\r\n\t', ' ').split('\r\n')
      assert.deepEqual(
        fields.map((field) => field.split(':')[0]),
        ['Authentication-Results', 'Received-SPF', ''],
      )
      assert.doesNotMatch(lines.replaceAll('\r\n', '').replaceAll('\t', ''), /[\x00-\x1f\x7f]/)
      for (const line of lines.split('\r\n')) assert.ok(Buffer.byteLength(line) < 998)
      // Without what is quoted and what is in comments only our own words are left.
      const bare = fields[0]!.replace(/\((?:[^()\\]|\\.)*\)|"(?:[^"\\]|\\.)*"/g, '')
      assert.deepEqual(bare.match(/(?<![.\w])(?:iprev|spf|dkim|dmarc|arc)=\w+/g), [
        'iprev=pass',
        'spf=fail',
        'dkim=fail',
        'dmarc=fail',
        'arc=fail',
      ])
    }),
    { numRuns: 1000, seed: 7 },
  )
})

const reader = `
import sys, json, authres
from authres import FeatureContext
import authres.dmarc, authres.arc, authres.dkim_b
context = authres.all_features()
for line in sys.stdin.read().split('\\x1e'):
    header = context.parse(line)
    print(json.dumps([header.authserv_id] + [[r.method, r.result, sorted((p.type + '.' + p.name, p.value) for p in r.properties)] for r in header.results]))
`

test("Debian's python3-authres reads what we write", (t) => {
  const python = requireModule(t, 'authres')
  if (python === null) return
  const many = [facts, ...fc.sample(evilFacts, { numRuns: 200, seed: 7 })]
  const isAscii = (text: string): boolean => /^[\x00-\x7f]*$/.test(text)
  const fields = many.map((one) => resultsLines(one).split('\r\nReceived-SPF')[0]!).filter(isAscii)
  const { stdout, stderr } = spawnSync(python, ['-c', reader], {
    input: fields.join('\x1e'),
    encoding: 'utf8',
  })
  const read = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(read.length, fields.length, stderr)
  assert.deepEqual(read[0], [
    'mx.example.net',
    ['iprev', 'pass', [['policy.iprev', '192.0.2.1']]],
    ['spf', 'pass', [['smtp.mailfrom', 'bob@example.org']]],
    [
      'dkim',
      'pass',
      [
        ['header.a', 'rsa-sha256'],
        ['header.b', 'abc/def+ghij'],
        ['header.d', 'example.org'],
        ['header.s', 's1'],
      ],
    ],
    [
      'dkim',
      'fail',
      [
        ['header.d', 'example.com'],
        ['header.i', '"a b"@example.com'],
        ['header.s', 's2'],
      ],
    ],
    ['dkim', 'policy', []],
    ['dmarc', 'fail', [['header.from', 'example.org']]],
    ['arc', 'pass', [['smtp.remote-ip', '192.0.2.1']]],
  ])
  for (const [name, ...found] of read) {
    assert.equal(name, 'mx.example.net')
    assert.deepEqual(
      found.slice(0, 2).map(([method]: [string]) => method),
      ['iprev', 'spf'],
    )
    assert.equal(found.at(-2)[0], 'dmarc')
  }
})
