/** What README shows is what is printed: its samples are held against a playground, but for ids, times and the like. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { playground } from './playground.ts'
import { strangers } from './stranger.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const samples = [...readme.matchAll(/^```\n(.*?)^```$/gms)].map(([, text]) => text!)

/** The sample that begins with this, line by line. */
const sampleWith = (beginning: RegExp): readonly string[] => {
  const [found, ...more] = samples.filter((text) => beginning.test(text))
  assert.ok(found !== undefined && more.length === 0, `one sample in README.md that begins with ${beginning}`)
  return found.trimEnd().split('\n')
}

/** Without what is another every time, as long as it was. */
const lasting = (line: string): string =>
  line
    .replace(/\b[0-9a-hjkmnp-tv-z]{26}\b/g, 'D'.repeat(26))
    .replace(/\b\d[0-9a-hjkmnp-tv-z]{19}\b/g, 'M'.repeat(20))
    .replace(/\d{4}-\d\d-\d\dT[\d:.]{12}Z/g, 'T'.repeat(24))
    .replace(/\b\d\d:\d\d:\d\d\.\d{3} {2}\+.*? {2}/, 'TIME  ')
    .replace(/\b[0-9a-f]{64}\b/, 'HASH')
    .replace(/[0-9a-f-]{36}@/, 'UUID@')
    .replace(/helo \S+, peer/, 'helo NAME, peer')
    .replace(/port \d+, name none/, 'port PORT, name none')
    .replace(/^ {6}(?:known|karma) .*/, '')

const words = (line: string): readonly string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!)

/** Commands of README that send: theirs is the default listener, ours is not. */
const sendings = [...readme.matchAll(/npx fsmtp (send [^`\n]*)/g)].map(([, line]) => words(line!.trim()))
const sendingTo = (recipient: string): readonly string[] => {
  const found = sendings.find((line) => line.includes(recipient))
  assert.ok(found, `README.md sends something to ${recipient}`)
  return found
}

test('the table of deliveries', async (t) => {
  const ground = await playground(t)
  await ground.run(...sendingTo('c@bounced.test'), '--via', ground.mx)
  for (const status of ['delivered', 'deferred', 'failed']) await ground.standing(status, 1)
  const { stdout } = await ground.run('deliveries')
  const [title, ...rows] = sampleWith(/^DELIVERY +QUEUED/).map(lasting)
  const [first, ...others] = stdout.trimEnd().split('\n').map(lasting)
  assert.equal(title, first)
  // Their order is that of their ids.
  assert.deepEqual(rows.toSorted(), others.toSorted())
})

test('three steps of a session', async (t) => {
  const ground = await playground(t)
  await ground.run(...sendingTo('451@example.org'), '--via', ground.mx)
  const { stdout } = await ground.run('sessions', '--json')
  const { id } = JSON.parse(stdout.trim()) as { id: string }
  const bytes = Buffer.from((await ground.run('replay', id)).stdout, 'latin1')
  const told = bytes
    .toString()
    .split('\n\n')
    .map((step) => step.split('\n').map(lasting))
  const steps = sampleWith(/^ {2}3 {2}/)
    .join('\n')
    .split('\n\n')
    .map((step) => step.split('\n').map(lasting))
  assert.equal(steps.length, 3)
  for (const step of steps) {
    const same = told.find(([first]) => first === step[0])
    assert.deepEqual(step, same)
  }
})

/** Of a replay, steps as README shows them; what is known of the past may not be known yet. */
const stepsIn = (text: string): readonly (readonly string[])[] =>
  text.split('\n\n').map((step) =>
    step
      .split('\n')
      .map(lasting)
      .filter((line) => line !== ''),
  )

test('two steps of a mail that is not from whom it says', async (t) => {
  const place = await strangers(t, {
    policy: { allow: { networks: [] }, dnsbl: [{ zone: 'zen.spamhaus.org', on: 'refuse' }] },
  })
  const reply = await place.bring({
    ...{ address: '192.0.2.20', helo: 'mail.offers.example', from: 'news@offers.example' },
    content: 'From: "Your bank" <service@bank.example>\r\nSubject: Your account\r\n\r\nPlease log in.',
  })
  const [, session = ''] = /\[(\w+)\]$/.exec(reply) ?? []
  const told = stepsIn((await place.said('replay', session)).join('\n'))
  const shown = stepsIn(sampleWith(/^ {2}5 {2}/).join('\n'))
  assert.equal(shown.length, 2)
  for (const step of shown)
    assert.deepEqual(
      step,
      told.find(([first]) => first === step[0]),
    )
})

test('a policy tried on the past', async (t) => {
  const tried =
    'spf: { fail: refuse }\ndmarc: { reject: refuse, quarantine: refuse }\nreverseName: { missing: tag }\n'
  const place = await strangers(t, { policy: { allow: { networks: [] } } }, { 'new.yaml': tried })
  const bring = (from: string, author = from): Promise<string> =>
    place.bring({
      ...{ address: '192.0.2.20', helo: 'mail.offers.example', from },
      content: `From: <${author}>\r\nSubject: Hello\r\n\r\nHello.`,
    })
  for (const from of ['one@strict.example', 'two@strict.example']) await bring(from, 'x@nowhere.example')
  await bring('news@cautious.example')
  await bring('news@offers.example')
  await bring('news@offers.example', 'service@bank.example')
  const { code, stdout } = await place.run('backtest', '--policy', 'new.yaml', '--examples', '1')
  assert.equal(code, 1)
  assert.deepEqual(stdout.trimEnd().split('\n').map(lasting), sampleWith(/^MAILS {2}FARED/).map(lasting))
})

/** Lines of README that hand over a mail as it is. */
const raw = [...readme.matchAll(/^(?:printf|python3) .*$/gm)].map(([line]) => line)

test('mails of the examples say who they are from', () => {
  assert.equal(raw.length, 2)
  for (const line of raw) assert.match(line, /'From: me@example\.org\\r\\nSubject: /)
})
