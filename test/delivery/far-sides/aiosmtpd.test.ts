/** With aiosmtpd at the far side, in SMTP and in LMTP: no pipelining, refusals recipient by recipient, limits. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { freePort, start } from '../../../bench/process.ts'
import { requireProgram } from '../../programs.ts'
import { scratch } from '../../server.ts'
import { assertSigned } from './arrived.ts'
import { atEnd, type House, house, next } from './house.ts'
import { international, type Mail, mails } from './mails.ts'

type Kept = {
  readonly sender: string
  readonly recipients: readonly string[]
  readonly options: readonly string[]
  readonly content: Buffer
}
type Far = { readonly house: House; kept(): readonly Kept[] }
type Settings = { readonly protocol: 'smtp' | 'lmtp'; readonly limit?: number; readonly utf8?: 'yes' | 'no' }

const program = new URL('host.py', import.meta.url).pathname

const keptIn = (folder: string): readonly Kept[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => {
      const mail = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Omit<Kept, 'content'> & {
        content: string
      }
      return { ...mail, content: Buffer.from(mail.content, 'base64') }
    })

const known = new Map<string, Promise<Far>>()
/** Each kind of host is started once; null after marking the test as skipped. */
const farSide = async (
  t: TestContext,
  { protocol, limit = 33_554_432, utf8 = 'yes' }: Settings,
): Promise<Far | null> => {
  if (requireProgram(t, 'aiosmtpd') === null) return null
  const words = [protocol, String(limit), utf8]
  const far = known.get(words.join()) ?? startFar(words)
  known.set(words.join(), far)
  return far
}

const startFar = async ([protocol = '', limit = '', utf8 = '']: readonly string[]): Promise<Far> => {
  const folder = scratch('aiosmtpd')
  const port = await freePort()
  const args = [program, protocol, String(port), folder, limit, utf8]
  const running = await start({ command: '/usr/bin/python3', args, port })
  atEnd(() => running.stop())
  return { house: await house(`${protocol}://127.0.0.1:${port}`), kept: () => keptIn(folder) }
}

for (const protocol of ['smtp', 'lmtp'] as const) {
  for (const [name, mail] of Object.entries(mails))
    test(`${protocol}: ${name} arrives as it left, and signed`, async (t) => {
      const far = await farSide(t, { protocol })
      if (far === null) return
      const message = await far.house.submit(mail, ['bob@far.example'])
      const attempt = await next(far.house.attempts(message))
      assert.deepEqual(attempt.outcomes, ['bob@far.example delivered 250'])
      const { content, sender, options } = far.kept().at(-1)!
      const left = await far.house.left(message, mail)
      assert.deepEqual(content, left)
      assert.equal(sender, 'ann@example.org')
      assert.ok(options.includes(`SIZE=${left.length}`), options.join(' '))
      assert.equal(options.includes('BODY=8BITMIME'), mail.parameters.includes('8BITMIME'))
      await assertSigned(t, content, far.house.keys)
    })

  test(`${protocol}: each recipient has an answer of its own; who was put off is asked again, alone`, async (t) => {
    const far = await farSide(t, { protocol })
    if (far === null) return
    const before = far.kept().length
    const to = ['ann', 'nobody', `busy-${protocol}`, 'carl'].map((name) => `${name}@far.example`)
    const attempts = far.house.attempts(await far.house.submit(mails.plain!, to))
    const first = await next(attempts)
    assert.deepEqual(
      [first.type, first.outcomes],
      [
        'Deferred',
        [
          'ann@far.example delivered 250',
          'nobody@far.example failed 550',
          `busy-${protocol}@far.example deferred 451`,
          'carl@far.example delivered 250',
        ],
      ],
    )
    assert.deepEqual(first.replies.get('nobody@far.example'), {
      code: 550,
      enhanced: '5.1.1',
      text: 'nobody of that name',
      command: 'RCPT',
    })
    const second = await next(attempts)
    assert.deepEqual(second.outcomes, [`busy-${protocol}@far.example delivered 250`])
    assert.deepEqual(
      far
        .kept()
        .slice(before)
        .map(({ recipients }) => recipients),
      [['ann@far.example', 'carl@far.example'], [`busy-${protocol}@far.example`]],
    )
  })

  test(`${protocol}: everybody refused, no content is sent`, async (t) => {
    const far = await farSide(t, { protocol })
    if (far === null) return
    const attempt = await next(
      far.house.attempts(await far.house.submit(mails.plain!, ['nobody@far.example'])),
    )
    assert.deepEqual([attempt.type, attempt.outcomes], ['Failed', ['nobody@far.example failed 550']])
    assert.doesNotMatch(attempt.dialogue, /C: DATA/)
  })

  test(`${protocol}: addresses and header beyond ASCII`, async (t) => {
    const far = await farSide(t, { protocol })
    if (far === null) return
    const to = ['j\u00f6rg@far.example', '\u96ea@far.example']
    const message = await far.house.submit(international, to)
    const attempt = await next(far.house.attempts(message))
    assert.deepEqual(
      attempt.outcomes,
      to.map((address) => `${address} delivered 250`),
    )
    const { content, recipients, options } = far.kept().at(-1)!
    assert.deepEqual(content, await far.house.left(message, international))
    assert.deepEqual(recipients, to)
    assert.ok(options.includes('SMTPUTF8'), options.join(' '))
    await assertSigned(t, content, far.house.keys)
  })

  test(`${protocol}: a host that knows no SMTPUTF8 is not asked`, async (t) => {
    const far = await farSide(t, { protocol, utf8: 'no' })
    if (far === null) return
    const attempt = await next(
      far.house.attempts(await far.house.submit(international, ['j\u00f6rg@far.example'])),
    )
    assert.deepEqual([attempt.type, attempt.outcomes], ['Failed', ['j\u00f6rg@far.example failed 550']])
    assert.doesNotMatch(attempt.dialogue, /C: MAIL/)
    assert.deepEqual(far.kept(), [])
  })

  test(`${protocol}: a mail beyond the limit of the host is refused before it is sent; another goes through`, async (t) => {
    const far = await farSide(t, { protocol, limit: 100_000 })
    if (far === null) return
    const send = async (mail: Mail) =>
      next(far.house.attempts(await far.house.submit(mail, ['bob@far.example'])))
    const attempt = await send(mails['a megabyte']!)
    assert.deepEqual([attempt.type, attempt.outcomes], ['Failed', ['bob@far.example failed 552']])
    assert.doesNotMatch(attempt.dialogue, /C: MAIL/)
    assert.equal((await send(mails.plain!)).type, 'Delivered')
    assert.equal(far.kept().length, 1)
  })
}

test('lmtp: an answer for each recipient after the content', async (t) => {
  const far = await farSide(t, { protocol: 'lmtp' })
  if (far === null) return
  const before = far.kept().length
  const to = ['ann', 'full', 'closed'].map((name) => `${name}@far.example`)
  const attempts = far.house.attempts(await far.house.submit(mails.plain!, to))
  const first = await next(attempts)
  assert.deepEqual(first.outcomes, [
    'ann@far.example delivered 250',
    'full@far.example deferred 452',
    'closed@far.example failed 550',
  ])
  assert.equal(first.replies.get('closed@far.example')?.command, 'content')
  assert.deepEqual((await next(attempts)).outcomes, ['full@far.example delivered 250'])
  assert.deepEqual(
    far
      .kept()
      .slice(before)
      .map(({ recipients }) => recipients),
    [['ann@far.example'], ['full@far.example']],
  )
})
