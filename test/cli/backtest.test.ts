/** `fsmtp backtest` on what a real server recorded. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { greeted, type Line, send } from '../client.ts'
import { startDns, type Zone } from '../dns/server.ts'
import { eventually, fsmtp, objects, serve, workplace } from '../server.ts'

const zone: Zone = {
  '10.2.0.192.in-addr.arpa': { PTR: ['mail.good.example'] },
  'mail.good.example': { A: ['192.0.2.10'] },
  'good.example': { A: ['192.0.2.10'], TXT: ['v=spf1 ip4:192.0.2.10 ip4:127.0.0.1 -all'] },
  'strict.example': { A: ['192.0.2.99'], TXT: ['v=spf1 -all'] },
  '_dmarc.strict.example': { TXT: ['v=DMARC1; p=reject'] },
  'cautious.example': { A: ['192.0.2.99'], TXT: ['v=spf1 ?all'] },
  '_dmarc.cautious.example': { TXT: ['v=DMARC1; p=quarantine'] },
  '2.0.0.127.bl.example': { A: ['127.0.0.2'] },
  '66.2.0.192.bl.example': { A: ['127.0.0.2'] },
}

/** In force while the mail came. */
const inForce = `
dnsbl: [ { zone: bl.example, on: refuse } ]
spf: { fail: refuse, neutral: tag }
rates: [ { of: address, messages: 3, per: 1h, on: defer } ]
karma: { below: -90, on: refuse }
reverseName: { missing: greylist }
allow: { networks: [] }
`

type House = {
  readonly folder: string
  readonly port: number
  readonly file: (name: string, text: string) => string
  readonly stop: () => Promise<unknown>
}

const house = async (t: TestContext): Promise<House> => {
  const dns = await startDns(zone)
  const folder = workplace({
    proxy: { trusted: ['127.0.0.1/32'], protocols: ['xclient'] },
    domains: [{ name: 'example.org', catchAll: 'ann@example.org' }],
    dns: { servers: [dns.address], timeout: '3s' },
    listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
    policy: './policy.yaml',
  })
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return name
  }
  file('policy.yaml', inForce)
  await fsmtp(folder, ['user', 'add', 'ann@example.org'], { input: 'a long password\n' })
  const server = await serve(folder)
  t.after(async () => {
    server.child.kill('SIGKILL')
    await dns.close()
  })
  return { folder, port: server.port('mx'), file, stop: () => server.end() }
}

const text = (from: string): string => `From: <${from}>\r\nSubject: hello\r\n\r\nHow are you?`
const to = ['ann@example.org']

const bring = async (line: Line, from: string, author = from): Promise<string> => {
  const reply = await send(line, text(author), { from, to })
  if (!reply.startsWith('250')) await line.say('RSET')
  return reply.slice(0, 3)
}
const lineFrom = async (port: number, address: string | null): Promise<Line> => {
  const line = await greeted(port)
  if (address !== null) await line.say(`XCLIENT ADDR=${address}`)
  await line.say('EHLO mail.good.example')
  return line
}
const leave = async (line: Line): Promise<void> => {
  await line.say('QUIT')
  line.hangUp()
}

/** Every sort of fate, by clients with another address and without. */
const fill = async (port: number): Promise<void> => {
  const seen: string[] = []
  for (const address of ['192.0.2.10', null]) {
    const line = await lineFrom(port, address)
    for (const from of ['bob@good.example', 'eve@strict.example', 'bob@good.example', 'x@cautious.example'])
      seen.push(await bring(line, from))
    seen.push(await bring(line, 'bob@good.example', 'ceo@strict.example'))
    await leave(line)
  }
  for (const from of ['bob@good.example', 'bob@good.example']) {
    const line = await lineFrom(port, '192.0.2.10')
    seen.push(await bring(line, from))
    await leave(line)
  }
  const listed = await lineFrom(port, '192.0.2.66')
  seen.push(await bring(listed, 'bob@good.example'))
  await leave(listed)
  assert.ok(seen.includes('250') && seen.includes('550') && seen.includes('451'), seen.join(' '))
}

const settled = (folder: string): Promise<unknown> =>
  eventually(
    async () => objects(await fsmtp(folder, ['sessions', '--json'])).every(({ state }) => state === 'closed'),
    {
      what: 'all sessions closed',
    },
  )

test('a real history: the policy that was in force changes nothing, others say what they would', async (t) => {
  const { folder, port, file, stop } = await house(t)
  const run = (...words: string[]) => fsmtp(folder, ['backtest', '--policy', ...words])

  const early = await run('policy.yaml')
  assert.equal(early.code, 0)
  assert.match(early.stderr, /nothing to judge: no session on port 25 was recorded yet/)
  assert.equal(early.stdout, '')

  await fill(port)
  await settled(folder)

  const same = await run('policy.yaml', '--json')
  const [summary, ...others] = objects(same)
  assert.deepEqual(others, [], same.stdout)
  assert.equal(same.code, 0)
  assert.match(same.stderr, /policy\.yaml is the policy that is in force/)
  assert.deepEqual(
    { changed: summary?.changed, unjudged: summary?.unjudged, inForce: summary?.inForce },
    { changed: 0, unjudged: 0, inForce: true },
  )
  assert.equal(summary?.mails, 13)
  assert.equal(summary?.sessions, 5)

  const lax = file(
    'lax.yaml',
    'spf: { fail: tag }\nallow: { networks: [] }\ndmarc: { reject: ignore, quarantine: ignore }\n',
  )
  const told = await run(lax, '--examples', '1')
  assert.equal(told.code, 1)
  assert.match(told.stdout, /^MAILS +FARED +WOULD BE +BY +THEN BY\n/)
  assert.match(told.stdout, /\n +2 +refused +tagged +spf\.fail +spf\.fail\n/)
  assert.match(told.stdout, /\n +1 +refused +tagged +spf\.fail +dnsbl bl\.example\n/)
  assert.match(told.stdout, /13 mails in 5 sessions that began from \S+Z to \S+Z\n/)
  assert.match(told.stdout, /\d+ of 13 mails would have fared otherwise\n$/)
  const [, id, revision] = /fsmtp replay (\w+) --at (\d+)/.exec(told.stdout) ?? assert.fail(told.stdout)
  const replayed = await fsmtp(folder, ['replay', id!, '--at', revision!])
  assert.equal(replayed.code, 0, replayed.stderr)
  assert.match(replayed.stdout, /SenderAccepted/)

  const unasked = file(
    'unasked.yaml',
    'dnsbl: [ { zone: other.example, on: refuse } ]\nallow: { networks: [] }\n',
  )
  const doubted = await run(unasked)
  assert.match(doubted.stdout, /CANNOT BE JUDGED FOR\n/)
  assert.match(doubted.stdout, /dnsbl other\.example/)
  assert.match(doubted.stdout, /nobody looked, or asked that list/)
  assert.match(doubted.stdout, /content: stopped then before its content came/)

  await stop()
  const down = await run(lax, '--json')
  assert.equal(down.code, 1)
  assert.equal(objects(down).at(-1)?.summary, true)
  const later = await run(lax, '--since', '2099-01-01')
  assert.equal(later.code, 0)
  assert.match(later.stderr, /nothing to judge: no session on port 25 began in that time/)
})

test('a policy that is at fault is not tried', async (t) => {
  const { folder, file } = await house(t)
  const run = (...words: string[]) => fsmtp(folder, ['backtest', ...words])
  const broken = await run('--policy', file('broken.yaml', 'spf:\n  fial: refuse\n'))
  assert.equal(broken.code, 1)
  assert.equal(broken.stderr, 'fsmtp: broken.yaml:2:3: spf.fial: unknown key; did you mean fail?\n')
  assert.equal((await run('--policy', 'none.yaml')).stderr, 'fsmtp: none.yaml: there is no such file\n')
  assert.equal((await run()).code, 2)
  const many = await run('--policy', 'policy.yaml', '--examples', 'many')
  assert.equal(many.code, 2)
})
