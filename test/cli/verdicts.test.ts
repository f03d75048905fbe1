/** What the commands tell of strangers' mail, from a server that looked at it: in words, with the rule, as facts. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { signedMail } from '../authentication/message/signer.ts'
import { objects } from '../server.ts'
import { type Strangers, strangers } from './stranger.ts'

const policy = {
  allow: { networks: [], domains: ['friend.example'] },
  spf: { fail: 'refuse', neutral: 'tag' },
  author: { several: 'refuse' },
  dnsbl: [
    { zone: 'bl.example', on: 'refuse' },
    { zone: 'dom.example', of: 'domains', on: 'tag' },
  ],
  rates: [{ of: 'network', messages: 100, per: '1h', on: 'defer' }],
}
const mail = (from: string): string =>
  `From: ${from}\r\nTo: ann@example.org\r\nSubject: hello\r\n\r\nHow are you?`
const cautious = { address: '192.0.2.66', helo: 'cautious.example', from: 'eve@cautious.example' }

const cleaning: (() => unknown)[] = []
let place: Strangers
let good = ''
let junk = ''
const replies: Record<string, string> = {}

before(async () => {
  place = await strangers(
    { after: (work) => cleaning.push(work as () => unknown) },
    { policy, domains: [{ name: 'example.org', aliases: { postmaster: ['ann'] } }] },
  )
  const once = signedMail(`${mail('Bob <bob@good.example>')}\r\n`, place.keys.rsa, { d: 'good.example' })
  const twice = signedMail(once, place.keys.ed25519, { d: 'good.example', s: 's2', a: 'ed25519-sha256' })
  good = await place.taken({
    ...{ address: '192.0.2.10', helo: 'mail.good.example', from: 'bob@good.example' },
    content: twice.trimEnd(),
  })
  junk = await place.taken({ ...cautious, content: mail('"ceo@bank.example" <ceo@cautious.example>') })
  replies.spf = await place.bring({ ...cautious, from: 'eve@strict.example', content: '' })
  replies.dmarc = await place.bring({ ...cautious, content: mail('eve@strict.example') })
  replies.listed = await place.bring({ ...cautious, address: '192.0.2.77', content: '' })
  const from = { address: '192.0.2.67', helo: 'localhost', from: '' }
  replies.several = await place.bring({ ...from, content: mail('a@good.example, b@strict.example') })
})
after(async () => {
  for (const clean of cleaning) await clean()
})

/** The past is known once its view is: maybe not yet. */
const steady = (line: string): string => line.replace(/; \w+ of the sender’s mails accepted so far;.*/, '')

/** Without the time. */
const told = async (id: string): Promise<readonly string[]> =>
  (await place.said('message', id, '--trace')).map((line) => steady(line.slice(26)))

test('a trace says who the client is, what was found of the message, and where it went', async () => {
  const lines = await told(good)
  assert.deepEqual(lines.slice(lines.indexOf('Sender <bob@good.example> accepted') + 1, -1), [
    'The client was looked at: 192.0.2.10 has the name mail.good.example, which leads back to it; it called itself mail.good.example, which exists; SPF of good.example: pass (ip4:192.0.2.0/28); 192.0.2.10 is not on bl.example; good.example is not on dom.example; mail.good.example is not on dom.example; 1 message from 192.0.2.0/24 in 1h, with this one',
    'Recipient <ann@example.org> accepted: The domain is ours and the mailbox is known.',
    'The content began to come in',
    `Message ${good} accepted and stored: 815 bytes, 1 recipient`,
    'The message was looked at: From names one author, of good.example; DKIM signature of good.example (selector s2, ed25519-sha256): pass; DKIM signature of good.example (selector s1, rsa-sha256, 2048 bits): pass; not sealed by anybody on its way (ARC); DMARC of good.example: pass, by SPF and DKIM; for mail that fails its owner asks for rejection; good.example is not on dom.example',
    '<ann@example.org> filed in the mailbox ann@example.org',
  ])
})

test('of Junk it says by which rules, and each rule once', async () => {
  const lines = await told(junk)
  assert.deepEqual(
    lines.slice(-6, -1),
    [
      'It is Junk by the rule dnsbl dom.example: A DNS list has the peer’s address or a domain it named.',
      'It is Junk by the rule spf.neutral: The SPF record of the sender’s domain says nothing about the peer.',
      'It is Junk by the rule dmarc.quarantine: DMARC failed, and the owner of the author’s domain asks to treat such mail as suspicious.',
      '<ann@example.org> filed in the mailbox ann@example.org/Junk',
    ].toSpliced(0, 0, lines.at(-6)!),
  )
  assert.match(
    lines.at(-6)!,
    /^The message was looked at: From names one author, of cautious\.example; the display name reads like an address of bank\.example; no DKIM signature; .*; DMARC of cautious\.example: fail; for mail that fails its owner asks for quarantine; cautious\.example is on dom\.example \(127\.0\.0\.3\)$/,
  )
})

test('a message alone: each finding on a line; as JSON the facts', async () => {
  const lines = await place.said('message', junk)
  const of = (title: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${title}:`)).map((line) => line.slice(13))
  assert.equal(of('Found')[0], '192.0.2.66 has the name pool-66.example, which does not lead back to it')
  assert.equal(of('Found').length, 7)
  assert.deepEqual(
    of('Junk').map((line) => line.split(':')[0]),
    ['by the rule dnsbl dom.example', 'by the rule spf.neutral', 'by the rule dmarc.quarantine'],
  )
  assert.deepEqual(of('Recipient'), ['<ann@example.org> filed in the mailbox ann@example.org/Junk'])
  const [shape] = objects(await place.run('message', good, '--json'))
  const { examined, authentication, tags } = shape as Record<string, Record<string, unknown>>
  assert.deepEqual(Object.keys(examined ?? {}), ['spf', 'reverseName'])
  assert.deepEqual(Object.keys(authentication ?? {}), ['author', 'dkim', 'arc', 'dmarc', 'listings'])
  assert.deepEqual(tags, [])
})

const idOf = async (...filter: readonly string[]): Promise<string> => {
  const found = objects(await place.run('sessions', '--json', ...filter))
  assert.equal(found.length, 1)
  return String(found[0]?.id)
}

test('a replay has the findings in words, the reason as a sentence, and the rule', async () => {
  const lines = await place.said('replay', await idOf('--rule', 'spf.fail'))
  const at = lines.findIndex((line) => line.endsWith('ClientExamined'))
  assert.deepEqual(lines.slice(at + 2, at + 9), [
    '      name       the client’s address has the name pool-66.example, which does not lead back to it',
    '      helo       it called itself cautious.example, which exists',
    '      listing    192.0.2.66 is not on bl.example',
    '      listing    strict.example is not on dom.example',
    '      listing    cautious.example is on dom.example (127.0.0.3)',
    '      spf        SPF of strict.example: fail (all)',
    '      rate       3 messages from 192.0.2.0/24 in 1h, with this one',
  ])
  const because = lines.findIndex((line) => line.includes('because    spf-fail'))
  assert.deepEqual(lines.slice(because - 4, because + 2), [
    '      recipient  ann@example.org',
    '      place      kind mailbox, mailbox ann@example.org',
    '      code       550',
    '      enhanced   5.7.23',
    '      because    spf-fail: The SPF record of the sender’s domain forbids the peer.',
    '      rule       spf.fail: strict.example',
  ])
})

test('a refused message: what was found of it, and what its owner asks for', async () => {
  const lines = await place.said('replay', await idOf('--reason', 'dmarc-reject'))
  const at = lines.findIndex((line) => line.endsWith('MessageRefused'))
  const wanted = [
    '      author     From names one author, of strict.example',
    '      dkim       no DKIM signature',
    '      dmarc      DMARC of strict.example: fail; for mail that fails its owner asks for rejection',
    '      because    dmarc-reject: DMARC failed, and the owner of the author’s domain asks to reject such mail.',
    '      rule       dmarc.reject: strict.example',
  ]
  assert.deepEqual(
    lines.slice(at).filter((line) => wanted.includes(line)),
    wanted,
  )
})

test('what a list answers that is no listing is told as such', async () => {
  const id = await idOf('--rule', 'author.several')
  const lines = await place.said('replay', id)
  assert.ok(
    lines.includes(
      '      listing    bl.example gave no answer for 192.0.2.67 that counts (asked through a public resolver, which the list does not answer (127.255.255.254))',
    ),
    lines.join('\n'),
  )
  assert.ok(lines.includes('      name       the client’s address has no name'))
  assert.ok(lines.includes('      rule       author.several: 2 authors'))
})

test('every reply names the session in which it can be looked up', async () => {
  for (const [name, reason] of [
    ['spf', 'spf-fail'],
    ['dmarc', 'dmarc-reject'],
    ['listed', 'dnsbl-listed'],
    ['several', 'author-several'],
  ] as const)
    assert.match(replies[name]!, new RegExp(`\\[${await idOf('--reason', reason)}\\]$`))
})

test('sessions are listed with the rule that refused them', async () => {
  const [title, ...rows] = await place.said('sessions', '--outcome', 'refused')
  assert.match(title!, / OUTCOME +MESSAGES +RULE +WHY$/)
  assert.deepEqual(
    rows.map((row) => row.slice(title!.indexOf('RULE')).split(/ {2,}/)),
    [
      ['spf.fail', 'The SPF record of the sender’s domain forbids the peer.'],
      ['dmarc.reject', 'DMARC failed, and the owner of the author’s domain asks to reject such mail.'],
      ['dnsbl bl.example', 'A DNS list has the peer’s address or a domain it named.'],
      ['author.several', 'The message has several From fields or authors.'],
    ],
  )
  assert.doesNotMatch((await place.said('sessions', '--outcome', 'accepted'))[0]!, /RULE/)
})

test('messages and sessions are listed by the rule that made Junk, and shown as it', async () => {
  const [title, ...rows] = await place.said('messages', '--tag', 'spf.neutral')
  assert.equal(rows.length, 1)
  assert.match(rows[0]!, new RegExp(`^${junk} .* Junk +hello$`))
  assert.match(title!, / DELIVERY +SUBJECT$/)
  const all = await place.said('messages')
  assert.match(all.find((row) => row.startsWith(good))!, / filed +hello$/)
  const [by] = objects(await place.run('sessions', '--tag', '*', '--json'))
  assert.deepEqual([by?.messages, by?.tagged], [[junk], 1])
  assert.match((await place.said('sessions', '--tag', 'dmarc.*', '--tag', 'spf.*'))[1]!, / 1 Junk$/)
  assert.equal((await place.run('messages', '--tag', 'helo.*')).stdout, '')
})

test('Junk is a mailbox of its own, flagged; the mailbox itself says that it is there', async () => {
  const beside = await place.run('mailbox', 'ann@example.org')
  assert.match(beside.stdout, new RegExp(`^ 1  ${good} `, 'm'))
  assert.doesNotMatch(beside.stdout, /FLAGS/)
  assert.equal(beside.stderr, '1 message more in ann@example.org/Junk\n')
  const [title, row] = await place.said('mailbox', 'Ann@example.org/junk')
  assert.match(title!, / SIZE +FLAGS +SUBJECT$/)
  assert.match(row!, new RegExp(`^ 1  ${junk} .* \\$Junk +hello$`))
  const all = await place.said('mailboxes')
  assert.deepEqual(
    all.slice(1).map((line) => line.split(/ +/).slice(0, 2)),
    [
      ['ann@example.org', '1'],
      ['ann@example.org/Junk', '1'],
    ],
  )
})

test('who is let in by name, and who is heard all the same: the trace says by which rule', async () => {
  // On the list, and a friend.
  const friend = await place.taken({
    ...{ address: '192.0.2.77', helo: 'friend.example', from: 'f@friend.example' },
    content: mail('f@friend.example'),
  })
  const welcome = (await told(friend)).find((line) => line.startsWith('Recipient'))
  assert.equal(
    welcome,
    'Recipient <ann@example.org> accepted: The domain is ours and the mailbox is known. Let past all other rules by allow.domains friend.example.',
  )
  assert.ok((await told(friend)).some((line) => line.includes('192.0.2.77 is on bl.example (127.0.0.4)')))
  const plea = await place.taken({
    ...{ ...cautious, from: 'eve@strict.example', to: ['postmaster@example.org'] },
    content: mail('eve@nowhere.example'),
  })
  const lines = await told(plea)
  assert.ok(
    lines.includes(
      'It is Junk by the rule spf.fail: The SPF record of the sender’s domain forbids the peer.',
    ),
    lines.join('\n'),
  )
  assert.match(lines.at(-2)!, /^<postmaster@example\.org> .*ann@example\.org\/Junk$/)
})
