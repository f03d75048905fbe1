/** Mail found by the words it says, over the Web API. */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { test } from 'node:test'
import { placesIn } from '../../../src/content/places.ts'
import { searched } from '../../../src/http/api/searched.ts'
import type { Search } from '../../../src/searching/index.ts'
import { fsmtp, objects } from '../../server.ts'
import { sprawling } from '../../web/mails.ts'
import { type Api, apiServer, detailOf, eventually, type Json } from './asking.ts'

const box = '/mailboxes/alice@example.org'
const query = (asked: Readonly<Record<string, string>>) => `${box}/messages?${new URLSearchParams(asked)}`
const subjects = ({ items }: Json) => (items as readonly Json[]).map(({ subject }) => subject)

const utf8 = 'Content-Type: text/plain; charset=utf-8\r\n'
const letters = {
  plain: 'Subject: plain\r\nFrom: Ada <ada@example.net>\r\n\r\nDear Bob, the engine weaves patterns.\r\n',
  quoted: `Subject: quoted\r\n${utf8}Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe aus K=C3=B6ln, and a long bro=\r\nken word.`,
  base64: `Subject: base64\r\n${utf8}Content-Transfer-Encoding: base64\r\n\r\n${Buffer.from('Ваш код: ΟΔΟΣ 482913').toString('base64')}`,
  latin:
    'Subject: latin\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ncaf=E9 cr=E8me',
  html: 'Subject: html\r\nContent-Type: text/html\r\n\r\n<style>.secretclass { color: red }</style><p title="attributeword">Pass<b>word</b> reset</p><td>one</td><td>two</td> &Uuml;bung&nbsp;zwei &#x6d;ore',
  attached:
    'Subject: attached\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nsee below\r\n--x\r\nContent-Type: text/csv; name="invoice-2026.csv"\r\nContent-Disposition: attachment; filename="invoice-2026.csv"\r\n\r\nhiddenvalue\r\n--x--\r\n',
}

/** A page, however many looks it takes: a thread that gives way to everything may come no further than one mail in each. */
const whole = async (api: Api, path: string, limit = 50): Promise<Json & { items: readonly Json[] }> => {
  const [room, asked] = path.split('?')
  const query = new URLSearchParams(asked)
  const items: Json[] = []
  for (;;) {
    query.set('limit', String(limit - items.length))
    const page = await api.get(`${room}?${query}`)
    items.push(...(page.items as Json[]))
    if (page.searchedTo === null || items.length >= limit) return { ...page, items }
    query.set('cursor', String(page.next))
  }
}

test('words are found in texts as they are decoded, in names of attachments, in subject and From', async (t) => {
  const api = await apiServer(t)
  for (const letter of Object.values(letters)) await api.mail(letter)
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['engine', ['plain']],
    ['PATTERNS engine', ['plain']],
    ['engine nowhere', []],
    ['ada engine', ['plain']],
    ['plain engine', ['plain']],
    ['ada plain', ['plain']],
    ['GRÜSSE', ['quoted']],
    ['grüße köln', ['quoted']],
    ['ko\u0308ln', ['quoted']],
    ['broken', ['quoted']],
    ['КОД 482913', ['base64']],
    ['οδος', ['base64']],
    ['οδοσ', ['base64']],
    ['CAFÉ crème', ['latin']],
    ['password', ['html']],
    ['onetwo', []],
    ['übung zwei more', ['html']],
    ['secretclass', []],
    ['attributeword', []],
    ['<p', []],
    ['INVOICE-2026.csv', ['attached']],
    ['invoice below', ['attached']],
    ['hiddenvalue', []],
    ['e', ['attached', 'html', 'latin', 'base64', 'quoted', 'plain']],
  ]
  for (const [text, expected] of cases) {
    const found = await whole(api, query({ text }))
    assert.deepEqual(subjects(found), expected, text)
    assert.deepEqual(
      [found.next, found.searchedTo, found.passedOver],
      [null, null, { removed: 0, beginnings: 0, unreadable: 0 }],
    )
  }
  assert.deepEqual(subjects(await whole(api, query({ text: 'engine', subject: 'quoted' }))), [])
  assert.deepEqual(subjects(await whole(api, query({ text: 'e', search: 'la' }))), ['latin', 'plain'])
  assert.equal((await api.get(query({ subject: 'plain' }))).passedOver, null)
  const all = async (asked: Record<string, string>) =>
    subjects(await whole(api, `/messages?${new URLSearchParams(asked)}`))
  assert.deepEqual(await all({ text: 'GRÜSSE' }), ['quoted'])
  assert.deepEqual(await all({ text: 'e', subject: 'l' }), ['html', 'latin', 'plain'])
  assert.deepEqual(await all({ text: 'e', session: 'none' }), [])
})

test('the command finds the same, the newest last', async (t) => {
  const api = await apiServer(t)
  for (const letter of Object.values(letters)) await api.mail(letter)
  const { data } = api.server
  const typed = (...words: string[]) =>
    fsmtp(data, ['mailbox', 'alice@example.org', '--data', data, ...words])
  const found = await typed('--json', '--text', 'e', '--limit', '2')
  assert.deepEqual(objects(found), (await whole(api, query({ text: 'e' }), 2)).items.toReversed())
  assert.deepEqual(subjects({ items: objects(found) }), ['html', 'attached'])
  assert.match((await typed('--text', 'weaves', '--from', 'ada')).stdout, /plain/)
  const none = await typed('--text', 'nowhere')
  assert.deepEqual([none.code, none.stdout], [0, ''])
  assert.match(none.stderr, /^no message in the mailbox alice@example.org fits/)
  const wrong = await typed('--text', ' ')
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /give a word/)
  const everywhere = (...words: string[]) => fsmtp(data, ['messages', '--data', data, ...words])
  const accepted = await everywhere('--json', '--text', 'e', '--limit', '2')
  assert.deepEqual(objects(accepted), (await whole(api, '/messages?text=e', 2)).items.toReversed())
  assert.match((await everywhere('--text', 'weaves', '--sender', '*')).stdout, /plain/)
  assert.match((await everywhere('--text', 'nowhere')).stderr, /^no message fits/)
})

test('pages go on where the one before ended, and a cursor holds for its own words alone', async (t) => {
  const api = await apiServer(t)
  for (const at of [1, 2, 3, 4, 5, 6]) await api.mail(`Subject: ${at}\r\n\r\n${at % 2 ? 'odd' : 'even'} one`)
  const first = await whole(api, query({ text: 'odd' }), 2)
  assert.deepEqual(subjects(first), ['5', '3'])
  await api.mail('Subject: 7\r\n\r\nodd one')
  const cursor = String(first.next)
  const second = await whole(api, query({ text: 'odd', cursor }), 2)
  assert.deepEqual([subjects(second), second.next], [['1'], null])
  assert.equal((await api.ask(query({ text: 'even', limit: '2', cursor }))).status, 400)
})

test('what cannot be read is passed over, and said; strange mail keeps nobody from what is behind it', async (t) => {
  const api = await apiServer(t)
  await api.mail('Subject: below\r\n\r\na needle')
  const lost = await api.mail(`Subject: lost\r\n\r\na needle\r\n${'more hay here\r\n'.repeat(10_000)}`)
  await api.mail('Subject: =?utf-8?b?////?=\r\nContent-Type: multipart/mixed; boundary=\r\n\r\n--\r\n=C3')
  await api.mail(sprawling)
  await api.mail(`Subject: ends\r\n\r\n${'\r\n'.repeat(4_000_000)}`)
  rmSync(placesIn(api.server.data).fileOf(lost))
  const looked = async (text: string) => {
    const items: Json[] = []
    const passed = { removed: 0, beginnings: 0, unreadable: 0 }
    for (let cursor: unknown = ''; cursor !== null; ) {
      const page = await api.get(query({ text, ...(cursor !== '' && { cursor: String(cursor) }) }))
      items.push(...(page.items as Json[]))
      for (const [why, count] of Object.entries(page.passedOver as Json))
        passed[why as keyof typeof passed] += Number(count)
      cursor = page.next
    }
    return { found: subjects({ items }), ...passed }
  }
  const { found, removed, beginnings, unreadable } = await looked('needle')
  assert.deepEqual([found, removed], [['below'], 1])
  // Ten thousand parts, and eight megabytes of line ends, are not read to their end.
  assert.equal(beginnings + unreadable, 2)
  assert.deepEqual((await looked('lost')).found, ['lost'])
})

test('a look ends after a moment and says how far it came; who looks can leave', async () => {
  const rows = Array.from({ length: 500 }, (_, at) => ({ id: `m${500 - at}`, at: 1_000 - at }))
  const looks: { readonly mails: number; readonly within: number }[] = []
  let signal: AbortSignal | undefined
  const look: Search['look'] = async (asked) => {
    looks.push({ mails: asked.mails.length, within: asked.within })
    signal = asked.signal
    // In the second look the time is over.
    const isSecond = looks.length === 2
    const began = performance.now()
    if (isSecond) await eventually(() => performance.now() - began > asked.within)
    return asked.mails
      .slice(0, isSecond ? 10 : undefined)
      .map(({ message }) => (message === 'm495' ? 'fits' : 'not'))
  }
  const leaving = new AbortController()
  const page = await searched(
    { look, caller: 'one', signal: leaving.signal },
    {
      ...{
        words: 'x',
        limit: 5,
        before: { id: '~', at: 2_000 },
        placeOf: (row: (typeof rows)[number]) => row,
      },
      mailOf: ({ id }) => ({ message: id, size: 1, from: null, subject: null }),
      page: async ({ id }, limit) => {
        const from = rows.findIndex((row) => row.id === id) + 1
        const some = rows.slice(from, from + limit)
        return { rows: some, rest: some.at(-1) ?? null }
      },
    },
  )
  assert.deepEqual(page.items, [rows[5]])
  assert.deepEqual([page.end, page.searched], [rows[209], rows[209]])
  assert.deepEqual(
    looks.map(({ mails }) => mails),
    [200, 200],
  )
  assert.ok(looks.every(({ within }) => within <= 500))
  leaving.abort()
  assert.equal(signal?.aborted, true)
  const late = { look: async () => assert.fail('nobody waits'), caller: 'one', signal: leaving.signal }
  const row = { id: 'm', at: 1 }
  const none = await searched(late, {
    ...{
      words: 'x',
      limit: 5,
      before: row,
      placeOf: () => row,
      page: async () => ({ rows: [row], rest: null }),
    },
    mailOf: ({ id }) => ({ message: id, size: 1, from: null, subject: null }),
  })
  assert.deepEqual([none.items, none.end], [[], row])
})

test('what is no question is refused, with what to do', async (t) => {
  const api = await apiServer(t)
  await api.mail()
  const wrong = async (text: string) => detailOf(await api.ask(query({ text })))
  assert.match(await wrong(' \u200b '), /^text: has no word in it/)
  assert.match(await wrong('a b c d e f g h i j k'), /^text: give at most 10 words/)
  assert.equal((await api.ask(`/mailboxes/nobody@example.org/messages?text=x`)).status, 404)
  const acted = await api.ask(`${box}/actions`, {
    method: 'POST',
    body: { action: 'delete', dryRun: true, filter: { text: 'x' } },
  })
  assert.equal(acted.status, 400)
})
