/** Findings in words: each result of each kind says something of its own, and leans where it should. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Findings, MessageFindings } from '../../machines/vocabulary/findings.ts'
import {
  dkimResults,
  helloResults,
  reverseNameResults,
  spfResults,
} from '../../machines/vocabulary/findings.ts'
import { stepText } from '../../src/cli/replay-text.ts'
import { clientFindings, messageFindings } from '../../src/telling/findings-text.ts'

const ofClient = (findings: Findings): readonly string[] =>
  clientFindings(findings, '192.0.2.1').map(({ text }) => text)
const ofMessage = (findings: MessageFindings): readonly string[] =>
  messageFindings(findings).map(({ text }) => text)

for (const [findings, said] of [
  [
    { reverseName: { result: 'confirmed', name: 'a.example' } },
    '192.0.2.1 has the name a.example, which leads back to it',
  ],
  [{ reverseName: { result: 'missing', name: null } }, '192.0.2.1 has no name'],
  [{ helo: { result: 'ours', name: 'mx.example.org' } }, 'it called itself mx.example.org, which is us'],
  [
    { spf: { identity: 'helo', domain: 'a.example', result: 'fail', mechanism: 'all', about: 'ask us' } },
    'SPF of a.example, which it called itself: fail (all, ask us)',
  ],
  [
    {
      listings: [
        {
          zone: 'z.example',
          of: 'address',
          subject: '192.0.2.1',
          result: 'listed',
          codes: ['127.0.0.2'],
          meanings: ['SBL'],
        },
      ],
    },
    '192.0.2.1 is on z.example (SBL, 127.0.0.2)',
  ],
  [
    {
      listings: [
        {
          zone: 'z.example',
          of: 'domain',
          subject: 'a.example',
          result: 'set-aside',
          about: '127.0.0.1 is listed',
        },
      ],
    },
    'z.example was not asked for a.example: it had failed its test (127.0.0.1 is listed)',
  ],
  [
    {
      listings: [
        { zone: 'z.example', of: 'domain', subject: 'a.example', result: 'error', codes: ['10.0.0.1'] },
      ],
    },
    'z.example gave no answer for a.example that counts (10.0.0.1)',
  ],
  [
    { rates: [{ of: 'senderDomain', subject: 'a.example', messages: 12, per: 3_600_000 }] },
    '12 messages from a.example in 1h, with this one',
  ],
  [
    {
      rates: [
        {
          ...{ of: 'senderDomain', subject: 'a.example', messages: 12, per: 3_600_000 },
          ...{ vouched: false, ifVouched: 2 },
        },
      ],
    },
    '12 messages from a.example that it does not vouch for in 1h, with this one',
  ],
  [
    { rates: [{ of: 'senderDomain', subject: 'a.example', messages: 1, per: 60_000, vouched: true }] },
    '1 message from a.example that it vouches for in 1m, with this one',
  ],
  [
    { acquaintance: { waited: null, accepted: 0 } },
    'none of the sender’s mails accepted so far; it was never put off',
  ],
  [
    { acquaintance: { waited: 421_337, accepted: 2 } },
    '2 of the sender’s mails accepted so far; it was first put off 7m before',
  ],
  [
    { acquaintance: { waited: 12, accepted: 0 } },
    'none of the sender’s mails accepted so far; it was first put off 1s before',
  ],
  [{ karma: { network: '192.0.2.0/24', score: -12.345 } }, '192.0.2.0/24 has the score -12.3'],
] as const satisfies readonly (readonly [Findings, string])[])
  test(said, () => {
    assert.deepEqual(ofClient(findings), [said])
  })

for (const [findings, said] of [
  [
    { author: { result: 'none', domains: [], about: 'no From field' } },
    ['From names no author (no From field)'],
  ],
  [
    { author: { result: 'ambiguous', domains: ['a.example', 'b.example'], about: 'a group' } },
    ['different readers would see different authors in From (a.example, b.example, a group)'],
  ],
  [{ dkim: [] }, ['no DKIM signature']],
  [
    { dkim: [{ result: 'policy', domain: '', selector: '', about: 'too long' }] },
    ['DKIM signature: policy (too long)'],
  ],
  [
    {
      dkim: [
        {
          result: 'policy',
          domain: 'a.example',
          selector: 's',
          algorithm: 'rsa-sha256',
          bits: 512,
          about: 'a key of 512 bits',
        },
      ],
    },
    ['DKIM signature of a.example (selector s, rsa-sha256, 512 bits): policy (a key of 512 bits)'],
  ],
  [
    { arc: { result: 'pass', sealers: ['b.example', 'a.example'], dmarc: 'pass' } },
    ['ARC: pass, sealed by b.example, before that by a.example; the newest sealer had found DMARC pass'],
  ],
  [{ arc: { result: 'fail', sealers: [], about: 'no answer' } }, ['ARC: fail (no answer)']],
  [
    {
      dmarc: {
        result: 'fail',
        domain: 'a.b.example',
        record: 'b.example',
        policy: 'reject',
        pct: 20,
        leftOut: true,
      },
    },
    [
      'DMARC of a.b.example: fail (the record is that of b.example); for mail that fails its owner asks for rejection of 20 % of it, which leaves this mail out',
    ],
  ],
  [
    { dmarc: { result: 'pass', domain: 'b.example', record: 'b.example', policy: 'none', by: ['dkim'] } },
    ['DMARC of b.example: pass, by DKIM; for mail that fails its owner asks for nothing'],
  ],
  [{ dmarc: { result: 'none', domain: 'b.example' } }, ['DMARC of b.example: nothing is published']],
  [{ dmarc: { result: 'none', domain: null } }, ['DMARC: none (there is no one author to ask about)']],
  [
    { dmarc: { result: 'temperror', domain: 'b.example', about: 'timeout' } },
    ['DMARC of b.example: temperror (timeout)'],
  ],
  [
    {
      forged: [
        [0, 10],
        [20, 30],
      ],
    },
    ['2 fields in our name that others wrote, left out when it is read'],
  ],
  [{ forged: [] }, []],
] as const satisfies readonly (readonly [MessageFindings, readonly string[]])[])
  test(said[0] ?? 'nothing', () => {
    assert.deepEqual(ofMessage(findings), said)
  })

test('each result has words of its own; only what passed speaks for a mail, and what could not be asked speaks against none', () => {
  const texts = [
    ...reverseNameResults.flatMap((result) => clientFindings({ reverseName: { result, name: 'a.example' } })),
    ...helloResults.flatMap((result) => clientFindings({ helo: { result, name: 'a.example' } })),
    ...spfResults.flatMap((result) =>
      clientFindings({ spf: { identity: 'mailfrom', domain: 'a.example', result } }),
    ),
    ...dkimResults.flatMap((result) =>
      messageFindings({ dkim: [{ result, domain: 'a.example', selector: 's' }] }),
    ),
  ]
  assert.equal(new Set(texts.map(({ text }) => text)).size, texts.length)
  const leaning = (which: string | null): readonly string[] =>
    texts
      .filter((found) => found.leaning === which)
      .map(({ name, text }) => `${name} ${text.replace(/^.*[:,] /, '')}`)
  assert.deepEqual(leaning('good'), [
    'reverseName which leads back to it',
    'helo which exists',
    'helo its own address',
    'spf pass',
    'dkim pass',
  ])
  assert.deepEqual(
    leaning(null).filter((text) => !/ (none|neutral)$/.test(text)),
    [
      'reverseName the name of the client’s address could not be looked up',
      'helo which could not be looked up',
      'spf temperror',
      'dkim temperror',
    ],
  )
})

test('who answers for a mail is told in plain words too, without the names of standards', () => {
  const spf = spfResults.flatMap((result) =>
    clientFindings({ spf: { identity: 'mailfrom', domain: 'strict.test', result } }),
  )
  const ofMail = [
    ...dkimResults.flatMap((result) =>
      messageFindings({ dkim: [{ result, domain: 'a.example', selector: 's' }] }),
    ),
    ...messageFindings({ dkim: [] }),
    ...(['none', 'pass', 'fail', 'temperror', 'permerror'] as const).flatMap((result) =>
      messageFindings({ dmarc: { result, domain: 'a.example' } }),
    ),
    ...messageFindings({ dmarc: { result: 'none', domain: null } }),
    ...messageFindings({ dmarc: { result: 'fail', domain: 'a.example', policy: 'reject' } }),
    ...(['none', 'pass', 'fail'] as const).flatMap((result) =>
      messageFindings({ arc: { result, sealers: ['b.example'] } }),
    ),
  ]
  const plain = [...spf, ...ofMail].map((found) => found.plain ?? '')
  assert.equal(new Set(plain).size, plain.length)
  for (const text of plain) assert.match(text, /^(?!.*(?:SPF|DKIM|DMARC|ARC|undefined)).{20,}$/)
  assert.equal(
    spf.find(({ text }) => text.endsWith('fail'))?.plain,
    'The domain strict.test does not list this server as one of its senders, and says that it has no others',
  )
  assert.ok(
    plain.includes(
      'The author’s domain a.example does not vouch for this mail, and asks to refuse such mail',
    ),
  )
})

test('a history that somebody else wrote may hold anything: what is no finding is shown as it is', () => {
  const step = {
    ...{ revision: 5, at: '2026-01-01T00:00:00.000Z', input: 'EXAMINED', event: 'ClientExamined' },
    ...{ from: 'addressing', to: 'addressing', transition: null, effects: [], reason: null, changes: [] },
    ...{
      next: [],
      dialogue: [],
      diverged: null,
      facts: { session: 's', listings: 7, spf: 'yes', rule: 'x' },
    },
  }
  const lines = stepText(step, undefined, new Set())
  assert.deepEqual(
    lines.filter((line) => /listings|spf|rule/.test(line)),
    ['      listings   7', '      spf        yes', '      rule       x'],
  )
})
