/** A thread reads mail for words: whatever is in it, whoever leaves, it goes on behind it. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { Cells } from '../../src/searching/cells.ts'
import { type Seen, TooManyWaiting } from '../../src/searching/index.ts'
import { lookAt } from '../../src/searching/looking.ts'
import { sprawling } from '../web/mails.ts'
import { all, placeOf } from './place.ts'

const words = ['needle']
const saying = 'Subject: x\r\n\r\na needle'

test('each mail fits or does not, as far as it can be read', async (t) => {
  const { mail, lost, search } = await placeOf(t)
  const mails = [
    mail(saying),
    mail('Subject: x\r\n\r\nhay'),
    lost(),
    lost({ subject: 'A NEEDLE' }),
    lost({ from: 'Ann Needle <a@b.example>' }),
    mail('Subject: =?utf-8?q?a_n=65edle?=\r\n\r\nhay'),
    mail(''),
    mail(`Subject: long\r\n\r\n${'hay '.repeat(5_000_000)}needle`),
    mail(`Subject: long\r\n\r\nneedle ${'hay '.repeat(5_000_000)}`),
  ]
  assert.deepEqual(await search().look({ words, mails, ...all }), [
    ...['fits', 'not', 'gone', 'fits', 'fits', 'fits', 'not', 'cut', 'fits'],
  ])
})

const lines = '\r\n'.repeat(20_000_000)
const deep = Array.from(
  { length: 3_000 },
  (_, at) => `--b${at}\r\nContent-Type: multipart/mixed; boundary=b${at + 1}\r\n\r\n`,
).join('')
const html = (text: string): string => `Content-Type: text/html\r\n\r\n${text}`
const hostile: Readonly<Record<string, string>> = {
  'forty megabytes of line ends': `Subject: x\r\n\r\n${lines}`,
  'line ends for a header': `Subject: x\r\n${'\n'.repeat(9_000_000)}`,
  'ten thousand parts': sprawling,
  'three thousand multiparts': `Content-Type: multipart/mixed; boundary=b0\r\n\r\n${deep}`,
  'a header of megabytes': `${'X-Filler: y\r\n'.repeat(400_000)}\r\nx`,
  'one field of megabytes': `Subject: ${'=?utf-8?q?=C3?= '.repeat(200_000)}\r\n\r\nx`,
  'a hundred thousand addresses': `From: ${'a,'.repeat(100_000)}\r\n\r\nx`,
  'tags that never end': html('<a "'.repeat(500_000)),
  'comments that never end': html('<!--'.repeat(500_000)),
  'styles that never end': html('<style>'.repeat(300_000)),
  'signs by the hundred thousand': html('&#x1F600;'.repeat(200_000)),
  'letters that become eighteen': html('\ufdfa'.repeat(600_000)),
  // To put all of them in order at once would take hours, and nothing would end it.
  'marks without end': `Content-Type: text/plain; charset=utf-8\r\n\r\na${'\u0301\u0316'.repeat(500_000)}`,
  'attachments with names': `Content-Type: multipart/mixed; boundary=b\r\n\r\n${`--b\r\nContent-Type: a/b; name="${'n'.repeat(9_000)}"\r\n\r\n`.repeat(2_000)}`,
  'no lines at all': Buffer.alloc(20_000_000, 'x').toString(),
}

test('no mail hangs the search, whatever was put into it', async (t) => {
  const { mail, search } = await placeOf(t)
  const { look } = search()
  const last = mail(saying)
  const mails = [...Object.values(hostile).map(mail), last]
  const seen: Seen[] = []
  while (seen.length < mails.length) {
    const found = await look({ words, mails: mails.slice(seen.length), ...all })
    assert.ok(found.length > 0)
    seen.push(...found)
  }
  assert.equal(seen.at(-1), 'fits')
  assert.equal(seen.slice(0, -1).includes('fits'), false)
  assert.equal(seen.includes('gone'), false)
})

test('a mail that takes too much memory or time is passed over, and the next one has its turn', async (t) => {
  const { mail, search } = await placeOf(t)
  const small = search({ memory: 24, patience: 60_000 })
  const greedy = mail(`To: ${'a,'.repeat(30_000)}\r\n`.repeat(16))
  assert.deepEqual(await small.look({ words, mails: [mail(saying), greedy, mail(saying)], ...all }), [
    ...['fits', 'unread'],
  ])
  assert.deepEqual(await small.look({ words, mails: [mail(saying)], ...all }), ['fits'])
  const hasty = search({ patience: 1 })
  const slow = mail(html('ü&eacute;<b>'.repeat(2_000_000)))
  assert.deepEqual(await hasty.look({ words, mails: [slow], ...all }), ['unread'])
})

const content = (texts: Readonly<Record<string, () => string>>) => ({
  read: async (id: string) => Buffer.from(texts[id]!()),
  stream: async (id: string) => Readable.from([Buffer.from(texts[id]!())]),
})
const known = (message: string) => ({ message, size: 1, from: null, subject: null })

test('it ends when enough fit, when the time is over, and when nobody waits', async () => {
  const mails = ['a', 'b', 'c', 'd'].map(known)
  const texts = { a: () => saying, b: () => '', c: () => saying, d: () => saying }
  const looked = async (more: object, from = texts): Promise<readonly Seen[]> => {
    const cells = new Cells(mails.length)
    await lookAt(content(from), { words, mails, ...all, ...more }, cells)
    return cells.found()
  }
  assert.deepEqual(await looked({}), ['fits', 'not', 'fits', 'fits'])
  assert.deepEqual(await looked({ enough: 2 }), ['fits', 'not', 'fits'])
  assert.deepEqual(await looked({ within: 0 }), ['fits'])
  const cells = new Cells(mails.length)
  const stopping = {
    ...texts,
    b: () => {
      new Cells(cells.shared).stop()
      return ''
    },
  }
  await lookAt(content(stopping), { words, mails, ...all }, cells)
  assert.deepEqual(cells.found(), ['fits', 'not'])
  const broken = {
    ...texts,
    a: () => {
      throw new Error('the disk is gone')
    },
  }
  assert.deepEqual(await looked({}, broken), ['unread', 'not', 'fits', 'fits'])
})

test('who leaves is waited for by nobody, whether the look has begun or not', async (t) => {
  const { mail, search } = await placeOf(t)
  const { look } = search()
  const hay = mail(`Subject: x\r\n\r\n${'hay '.repeat(20_000)}`)
  const mails = Array.from({ length: 50_000 }, () => hay)
  const [first, second] = [new AbortController(), new AbortController()]
  const begun = look({ words, mails, ...all, signal: first.signal })
  const waiting = look({ words, mails, ...all, signal: second.signal })
  const next = look({ words, mails: [mail(saying)], ...all })
  second.abort(new Error('gone before'))
  await assert.rejects(waiting, /gone before/)
  first.abort(new Error('gone'))
  await assert.rejects(begun, /gone/)
  assert.deepEqual(await next, ['fits'])
  await assert.rejects(look({ words, mails, ...all, signal: first.signal }), /gone/)
})

test('one caller does not fill the line', async (t) => {
  const { mail, search } = await placeOf(t)
  const { look } = search()
  const order = { words, mails: [mail(saying)], ...all }
  const looks = Array.from({ length: 12 }, () => look({ ...order, caller: 'one' }))
  const other = look({ ...order, caller: 'other' })
  const ended = await Promise.allSettled(looks)
  assert.deepEqual(
    ended.flatMap((one) => (one.status === 'rejected' ? [one.reason instanceof TooManyWaiting] : [])),
    [true],
  )
  assert.deepEqual(await other, ['fits'])
})
