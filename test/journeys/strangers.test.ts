/** Mail from strangers over real sockets: looked at with a name server of the test's own, judged by a policy, and never believed too soon. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { dkimSign } from 'mailauth/lib/dkim/sign.js'
import type { RateCount } from '../../machines/vocabulary/findings.ts'
import type { StoredEvent } from '../../src/log/port.ts'
import { acceptedAs, greeted, type Line, send } from '../client.ts'
import { startDns, type Zone } from '../dns/server.ts'
import {
  eventually,
  fsmtp,
  objects,
  scratch,
  serve,
  startTestServer,
  type TestServer,
  workplace,
} from '../server.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'der' },
})

/** good.example sends from 192.0.2.10, strict.example from nowhere; 192.0.2.66 is on the list. */
const zone = (): Zone => ({
  '10.2.0.192.in-addr.arpa': { PTR: ['mail.good.example'] },
  'mail.good.example': { A: ['192.0.2.10'] },
  'good.example': { A: ['192.0.2.10'], MX: [[10, 'mail.good.example']], TXT: ['v=spf1 ip4:192.0.2.10 -all'] },
  's1._domainkey.good.example': { TXT: [`v=DKIM1; k=rsa; p=${publicKey.toString('base64')}`] },
  '_dmarc.good.example': { TXT: ['v=DMARC1; p=reject'] },
  'strict.example': { A: ['192.0.2.99'], TXT: ['v=spf1 -all'] },
  '_dmarc.strict.example': { TXT: ['v=DMARC1; p=reject'] },
  'cautious.example': { A: ['192.0.2.99'], TXT: ['v=spf1 ?all'] },
  '_dmarc.cautious.example': { TXT: ['v=DMARC1; p=quarantine'] },
  'slow.example': { fails: 'silent' },
  '_dmarc.slow.example': { fails: 'silent' },
  '2.0.0.127.bl.example': { A: ['127.0.0.2'] },
  '66.2.0.192.bl.example': { A: ['127.0.0.2'] },
  '67.2.0.192.bl.example': { A: ['127.255.255.254'] },
})

type House = { readonly server: TestServer; readonly zone: Zone }
const proxied = { proxy: { trusted: ['127.0.0.1/32'], protocols: ['xclient'] } }
const anywhere = { allow: { networks: [] } }

const house = async (t: TestContext, policy: object = {}): Promise<House> => {
  const records = zone()
  const dns = await startDns(records)
  const server = await startTestServer({
    ...proxied,
    domains: [{ name: 'example.org', catchAll: 'ann@example.org' }],
    dns: { servers: [dns.address], timeout: '2s' },
    policy: { ...anywhere, ...policy },
  })
  t.after(async () => {
    await server.stop()
    await dns.close()
  })
  await server.addAccount({ addresses: ['ann@example.org'], password: 'a long password' })
  return { server, zone: records }
}

type Mail = {
  readonly address?: string
  readonly from?: string
  readonly to?: readonly string[]
  readonly content?: string
}
const said = (from: string): string => `From: <${from}>\r\nSubject: hello\r\n\r\nHow are you?`

/** As it comes from a host with this address. */
const lineFrom = async (server: TestServer, address: string): Promise<Line> => {
  const line = await greeted(server.port('mx'))
  assert.match(await line.say(`XCLIENT ADDR=${address}`), /^220/)
  await line.say('EHLO mail.good.example')
  return line
}
const bring = async (server: TestServer, { address = '192.0.2.10', ...mail }: Mail): Promise<string> => {
  const line = await lineFrom(server, address)
  const { from = 'bob@good.example', to = ['ann@example.org'] } = mail
  const reply = await send(line, mail.content ?? said(from), { from, to })
  line.hangUp()
  return reply
}

/** Of the newest such fact, once it is in the log. */
const factOf = (server: TestServer, type: string): Promise<StoredEvent['data']> =>
  server.until((events) => events.findLast((event) => event.type === type)?.data, { what: type })
const accepted = (reply: string): string => acceptedAs(reply) ?? assert.fail(reply)

test('a mail that its domain vouches for is taken, and what was found stands on top of it and in the log', async (t) => {
  const { server } = await house(t, { dnsbl: [{ zone: 'bl.example', on: 'refuse' }] })
  const message = `${said('bob@good.example')}\r\n`
  const key = { signingDomain: 'good.example', selector: 's1', privateKey }
  const { signatures } = await dkimSign(message, { ...key, signatureData: [key] })
  const id = accepted(await bring(server, { content: `${signatures}${message}`.trimEnd() }))
  const examined = (await factOf(server, 'ClientExamined')) as Record<string, Record<string, unknown>>
  assert.deepEqual(examined.reverseName, { result: 'confirmed', name: 'mail.good.example' })
  assert.equal(examined.helo?.result, 'resolved')
  assert.equal(examined.spf?.result, 'pass')
  const facts = (await factOf(server, 'MessageAccepted')) as {
    authentication: { dkim: { result: string }[]; dmarc: { result: string; by: string[] } }
    tags?: string[]
  }
  assert.deepEqual(
    facts.authentication.dkim.map(({ result }) => result),
    ['pass'],
  )
  assert.equal(facts.authentication.dmarc.result, 'pass')
  assert.deepEqual(facts.authentication.dmarc.by, ['spf', 'dkim'])
  assert.equal(facts.tags, undefined)
  assert.match(id, /^\w+$/)
})

test('who may not send for a domain is refused by the rule, and can ask about it', async (t) => {
  const { server } = await house(t, { spf: { fail: 'refuse' } })
  const reply = await bring(server, { from: 'eve@strict.example' })
  const session = (await factOf(server, 'ClientExamined')).session
  assert.equal(
    reply,
    `550 5.7.23 Your domain says that you may not send for it (SPF): strict.example [${session}]`,
  )
  const { rule, reason, code } = await factOf(server, 'RecipientRefused')
  assert.deepEqual({ rule, reason, code }, { rule: 'spf.fail', reason: 'spf-fail', code: 550 })
})

test('postmaster hears everybody, and finds it in Junk', async (t) => {
  const { server } = await house(t, { spf: { fail: 'refuse' } })
  accepted(
    await bring(server, {
      from: 'eve@strict.example',
      to: ['postmaster@example.org'],
      content: said('eve@nowhere.example'),
    }),
  )
  assert.deepEqual((await factOf(server, 'MessageAccepted')).tags, ['spf.fail'])
})

test('a client on a list is refused; an answer that is a complaint is no listing', async (t) => {
  const { server } = await house(t, { dnsbl: [{ zone: 'bl.example', on: 'refuse' }] })
  assert.match(
    await bring(server, { address: '192.0.2.66' }),
    /^550 5\.7\.1 Listed: 192\.0\.2\.66 by bl\.example/,
  )
  accepted(
    await bring(server, {
      address: '192.0.2.67',
      from: 'a@cautious.example',
      content: said('x@nowhere.example'),
    }),
  )
  const { listings } = (await factOf(server, 'ClientExamined')) as {
    listings: { result: string; codes: string[] }[]
  }
  assert.equal(listings[0]?.result, 'error')
  assert.deepEqual(listings[0]?.codes, ['127.255.255.254'])
  assert.match(server.notices.join('\n'), /bl\.example/)
})

test('DMARC is honoured: refused where the owner asks for it, Junk where he only warns', async (t) => {
  const { server } = await house(t)
  assert.match(
    await bring(server, { content: said('ceo@strict.example') }),
    /^550 5\.7\.26 The domain in From: asks to reject this \(DMARC\): strict\.example \[\w+\]$/,
  )
  const refused = await factOf(server, 'MessageRefused')
  assert.equal(refused.rule, 'dmarc.reject')
  assert.ok(refused.authentication)
  accepted(await bring(server, { content: said('ceo@cautious.example') }))
  assert.deepEqual((await factOf(server, 'MessageAccepted')).tags, ['dmarc.quarantine'])
})

test('a name server that is silent costs a bounded time, and the policy says what then', async (t) => {
  const { server } = await house(t, { spf: { temperror: 'defer' } })
  assert.match(await bring(server, { from: 'a@slow.example' }), /^451 4\.7\.24 SPF could not be looked up/)
  accepted(await bring(server, { content: said('a@slow.example') }))
  const { authentication } = (await factOf(server, 'MessageAccepted')) as {
    authentication: { dmarc: { result: string } }
  }
  assert.equal(authentication.dmarc.result, 'temperror')
})

test('for a recipient that is not here nobody is looked at', async (t) => {
  const { server } = await house(t, { spf: { fail: 'refuse' } })
  assert.match(
    await bring(server, { from: 'eve@strict.example', to: ['x@elsewhere.example'] }),
    /^550 5\.7\.1 Relaying denied/,
  )
  assert.ok((await server.events()).every(({ type }) => type !== 'ClientExamined'))
})

test('one more than the policy lets through is put off; what was refused does not count', async (t) => {
  const { server } = await house(t, {
    spf: { fail: 'refuse' },
    rates: [{ of: 'network', messages: 2, per: '1h', on: 'defer' }],
  })
  for (let at = 0; at < 3; at++) assert.match(await bring(server, { from: 'eve@strict.example' }), /^550/)
  accepted(await bring(server, {}))
  accepted(await bring(server, { address: '192.0.2.10' }))
  assert.match(
    await bring(server, {}),
    /^451 4\.7\.1 Too many messages, try again later: 3 from 192\.0\.2\.0\/24/,
  )
})

test('a stranger without a name is put off, and let in when he comes back', async (t) => {
  const { server } = await house(t, { reverseName: { missing: 'greylist' }, greylist: { delay: '0s' } })
  const mail = { address: '192.0.2.77', from: 'bob@cautious.example', content: said('x@nowhere.example') }
  // Nobody is put off before the view knows where it stands.
  const first = await eventually(
    async () => {
      const reply = await bring(server, { ...mail, from: `bob@n${Math.random()}.example` })
      return reply.startsWith('451') && reply
    },
    { what: 'somebody put off' },
  )
  assert.match(first, /^451 4\.7\.1 Not seen before, try again in some minutes \[\w+\]$/)
  assert.match(await bring(server, mail), /^451 4\.7\.1/)
  accepted(
    await eventually(
      async () => {
        const reply = await bring(server, mail)
        return reply.startsWith('250') && reply
      },
      { what: 'the one who came back let in' },
    ),
  )
})

test('several recipients wait for one look; the next mail of the session gets its own', async (t) => {
  const { server } = await house(t, { spf: { fail: 'refuse' } })
  const line = await lineFrom(server, '192.0.2.10')
  const text = said('bob@good.example')
  accepted(
    await send(line, text, {
      from: 'bob@good.example',
      to: ['ann@example.org', 'b@example.org', 'c@example.org'],
    }),
  )
  assert.match(
    await send(line, text, { from: 'eve@strict.example', to: ['ann@example.org'] }),
    /^550 5\.7\.23/,
  )
  await line.say('RSET')
  accepted(await send(line, text, { from: 'bob@good.example', to: ['ann@example.org'] }))
  line.hangUp()
  const looks = (await server.events()).filter(({ type }) => type === 'ClientExamined')
  assert.equal(looks.length, 3)
})

test('everything in one packet comes to the same', async (t) => {
  const { server } = await house(t, { spf: { fail: 'refuse' } })
  const line = await lineFrom(server, '192.0.2.10')
  line.send(
    `MAIL FROM:<bob@good.example>\r\nRCPT TO:<ann@example.org>\r\nDATA\r\n${said('bob@good.example')}\r\n.\r\nQUIT\r\n`,
  )
  const replies = [
    await line.read(),
    await line.read(),
    await line.read(),
    await line.read(),
    await line.read(),
  ]
  assert.deepEqual(
    replies.map((reply) => reply.slice(0, 3)),
    ['250', '250', '354', '250', '221'],
  )
  line.hangUp()
})

test('who forges a domain does not use up its share: SPF or DKIM vouches for what is its own', async (t) => {
  const { server } = await house(t, {
    rates: [{ of: 'senderDomain', messages: 2, per: '1h', on: 'defer' }],
  })
  const forged = { address: '192.0.2.77', from: 'bob@good.example' }
  for (let sent = 0; sent < 2; sent++)
    accepted(await bring(server, { ...forged, content: said('x@y.example') }))
  const late = await bring(server, { ...forged, content: said('x@y.example') })
  assert.match(late, /^451 4\.7\.1 .*3 in the name of good\.example, which does not vouch for them/)
  // Signed, from wherever it comes; then by SPF.
  const key = { signingDomain: 'good.example', selector: 's1', privateKey }
  const message = `${said('bob@good.example')}\r\n`
  const { signatures } = await dkimSign(message, { ...key, signatureData: [key] })
  accepted(await bring(server, { ...forged, content: `${signatures}${message}`.trimEnd() }))
  accepted(await bring(server, {}))
  assert.match(await bring(server, {}), /^451 4\.7\.1 .*3 from good\.example/)
  const looks = await server.until((events) => {
    const found = events.filter(({ type }) => type === 'ClientExamined')
    return found.length >= 6 && found
  })
  const counts = looks
    .flatMap(({ data }) => data.rates as readonly RateCount[])
    .map(({ messages, vouched, ifVouched = null }) => [messages, vouched, ifVouched])
  assert.deepEqual(counts, [
    [1, false, 1],
    [2, false, 1],
    [3, false, 1],
    [3, false, 1],
    [2, true, null],
    [3, true, null],
  ])
})

test('a client that leaves while it is looked at leaves a whole history', async (t) => {
  const { server } = await house(t, { spf: { temperror: 'defer' } })
  const line = await lineFrom(server, '192.0.2.10')
  line.send('MAIL FROM:<a@slow.example>\r\nRCPT TO:<ann@example.org>\r\n')
  await line.read()
  line.hangUp()
  const types = await server.until((events) => {
    const found = events.map(({ type }) => type)
    return found.includes('SessionClosed') && found
  })
  // Nobody waits for what would have been found.
  assert.ok(!types.includes('ClientExamined'), types.join())
  const closed = await factOf(server, 'SessionClosed')
  assert.equal(closed.reason, 'disconnected')
})

test('a client that has said all it has to say, and closes its side, is heard to its end', async (t) => {
  const { server } = await house(t)
  const line = await lineFrom(server, '192.0.2.10')
  const envelope = 'MAIL FROM:<bob@good.example>\r\nRCPT TO:<ann@example.org>\r\n'
  line.send(`${envelope}DATA\r\n${said('bob@good.example')}\r\n.\r\nQUIT\r\n`)
  line.halfClose()
  const replies: string[] = []
  while (replies.length < 5) replies.push((await line.read()).slice(0, 3))
  assert.deepEqual(replies, ['250', '250', '354', '250', '221'])
  await factOf(server, 'ClientExamined')
})

for (const [trusted, expected] of [
  [['example.org'], undefined],
  [['other.example'], ['dmarc.quarantine']],
] as const)
  test(`what an alias handed on is believed where ${trusted[0]} is trusted to have looked`, async (t) => {
    const records = zone()
    records['_dmarc.good.example'] = { TXT: ['v=DMARC1; p=quarantine'] }
    records['s1._domainkey.example.org'] = records['s1._domainkey.good.example']!
    const dns = await startDns(records)
    const settings = { dns: { servers: [dns.address], timeout: '2s' } }
    const far = await startTestServer({
      ...settings,
      hostname: 'mx.far.example',
      domains: [{ name: 'far.example', catchAll: 'carol@far.example' }],
      policy: { ...anywhere, arc: { trusted } },
    })
    await far.addAccount({ addresses: ['carol@far.example'], password: 'a long password' })
    const key = join(scratch('seal'), 'key.pem')
    writeFileSync(key, privateKey, { mode: 0o600 })
    const near = await startTestServer({
      ...{ ...settings, ...proxied },
      domains: [
        { name: 'example.org', aliases: { sales: ['carol@far.example'] }, dkim: [{ selector: 's1', key }] },
      ],
      delivery: { routes: { 'far.example': `127.0.0.1:${far.port('mx')}` } },
      policy: anywhere,
    })
    t.after(async () => {
      await near.stop()
      await far.stop()
      await dns.close()
    })
    accepted(await bring(near, { to: ['sales@example.org'] }))
    const { authentication, tags } = (await factOf(far, 'MessageAccepted')) as {
      authentication: { arc: object; dmarc: { result: string } }
      tags?: string[]
    }
    assert.deepEqual(authentication.arc, { result: 'pass', sealers: ['example.org'], dmarc: 'pass' })
    assert.equal(authentication.dmarc.result, 'fail')
    assert.deepEqual(tags, expected)
  })

test('a verdict that somebody else wrote in our name is left out when the mail is read', async (t) => {
  const folder = workplace({
    listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
    domains: [{ name: 'example.org', catchAll: 'ann@example.org' }],
    dns: { servers: ['127.0.0.1:9'], timeout: '100ms' },
    policy: anywhere,
  })
  await fsmtp(folder, ['user', 'add', 'ann@example.org'], { input: 'a long password\n' })
  const server = await serve(folder)
  t.after(() => server.child.kill('SIGKILL'))
  const line = await greeted(server.port('mx'))
  const forged = 'Authentication-Results: MX.example.org;\r\n\tdmarc=pass header.from=bank.example\r\n'
  const others = 'Authentication-Results: mx.elsewhere.example; spf=pass\r\n'
  const id = accepted(await send(line, `Subject: x\r\n${forged}${others}${said('ceo@bank.example')}`))
  line.hangUp()
  const { stdout } = await fsmtp(folder, ['message', id, '--raw'])
  assert.equal(stdout.match(/^Authentication-Results: mx\.example\.org;/gim)?.length, 1)
  assert.ok(!stdout.includes('dmarc=pass'))
  assert.ok(stdout.includes(`Subject: x\r\n${others}From: <ceo@bank.example>`))
  assert.equal(await server.end(), 0)
  assert.equal((await fsmtp(folder, ['verify'])).code, 0)
})

test('a policy that is edited holds for the next session; one that is broken changes nothing', async (t) => {
  const dns = await startDns(zone())
  const folder = workplace({
    ...proxied,
    domains: [{ name: 'example.org', catchAll: 'ann@example.org' }],
    dns: { servers: [dns.address], timeout: '2s' },
    policy: './policy.yaml',
    listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
  })
  const policy = join(folder, 'policy.yaml')
  writeFileSync(policy, 'allow: { networks: [] }\n')
  await fsmtp(folder, ['user', 'add', 'ann@example.org'], { input: 'a long password\n' })
  const server = await serve(folder)
  t.after(async () => {
    server.child.kill('SIGKILL')
    await dns.close()
  })
  const attempt = async (): Promise<string> => {
    const line = await greeted(server.port('mx'))
    await line.say('XCLIENT ADDR=192.0.2.10')
    await line.say('EHLO mail.good.example')
    const reply = await send(line, said('x@nowhere.example'), {
      from: 'eve@strict.example',
      to: ['ann@example.org'],
    })
    line.hangUp()
    return reply
  }
  assert.match(await attempt(), /^250/)
  writeFileSync(policy, 'spf: { fial: refuse }\n')
  await eventually(() => server.output().includes('did you mean fail?'), {
    what: 'the fault said',
  })
  assert.match(await attempt(), /^250/)
  writeFileSync(policy, 'allow: { networks: [] }\nspf: { fail: refuse }\n')
  await eventually(() => server.output().includes('the policy was read again'), {
    what: 'the policy taken',
  })
  assert.match(await attempt(), /^550 5\.7\.23/)
  assert.equal(await server.end(), 0)
  const changes = objects(await fsmtp(folder, ['events', '--type', 'PolicyChanged', '--json']))
  assert.equal(changes.length, 2)
  const { data } = changes.at(-1) as { readonly data: { readonly policy: string } }
  assert.ok(
    server.output().includes(`fsmtp policy ${data.policy}`),
    'the policy named that holds from now on',
  )
  const verified = await fsmtp(folder, ['verify'])
  assert.equal(verified.code, 0, verified.stdout)
  // What was found stands on top, under our own name alone.
  const [listed] = objects(await fsmtp(folder, ['messages', '--json', '--limit', '1']))
  const raw = await fsmtp(folder, ['message', String(listed?.id), '--raw'])
  assert.match(raw.stdout, /\r\nAuthentication-Results: mx\.example\.org;/)
  assert.match(raw.stdout, /\r\nReceived-SPF: fail /)
})
