/** What is read over the Web API: the same as the commands print. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { machines } from '../../../machines/index.ts'
import { HistoryFile } from '../../../src/history/file.ts'
import type { Finding } from '../../../src/history/findings.ts'
import { verifyPages } from '../../../src/history/verify.ts'
import { acceptedAs, greeted, send } from '../../client.ts'
import { Teller } from '../../projections/marbles.ts'
import { type Api, apiServer, detailOf, type Json } from './asking.ts'

const mime = [
  'From: Ann <ann@example.net>',
  'Subject: Parts',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/html',
  '',
  '<script>alert(1)</script><p>Hi</p>',
  '--b',
  'Content-Type: text/html',
  'Content-Disposition: attachment; filename="../evil.html"',
  '',
  '<script>alert(2)</script>',
  '--b--',
].join('\r\n')

test('a message is listed, read, told of, and leads to its session', async (t) => {
  const api = await apiServer(t)
  const id = await api.mail(mime)
  const [listed] = await api.items('/messages')
  assert.equal(listed?.id, id)
  const one = await api.get(`/messages/${id}`)
  assert.equal(one.subject, 'Parts')
  assert.deepEqual(one.deliveries, [])
  const session = await api.get(`/sessions/${one.session}`)
  assert.deepEqual(session.messages, [id])
  const steps = await api.items(`/sessions/${one.session}/steps`)
  assert.equal(steps[0]?.event, 'SessionOpened')
  assert.ok(steps.every(({ diverged }) => diverged === null))
  const said = await api.items(`/sessions/${one.session}/transcript`)
  assert.ok(said.some(({ line }) => line === 'C: EHLO client.example'))
  const trace = await api.items(`/messages/${id}/trace`)
  assert.ok(trace.some(({ event }) => event === 'MessageAccepted'))
})

test('raw is text, parts are told and never shown', async (t) => {
  const api = await apiServer(t)
  const id = await api.mail(mime)
  const raw = await api.ask(`/messages/${id}/raw`)
  assert.equal(raw.headers['content-type'], 'text/plain; charset=utf-8')
  assert.equal(raw.headers['x-content-type-options'], 'nosniff')
  assert.match(raw.text, /^Return-Path: <a@b\.example>\r\nReceived: /)
  assert.ok(raw.text.endsWith(`${mime}\r\n`))
  const parts = await api.get(`/messages/${id}/parts`)
  assert.match(String(parts.html), /<p>Hi<\/p>/)
  assert.deepEqual((parts.headers as readonly Json[])[1], {
    ...{ name: 'subject', value: 'Parts', text: 'Parts' },
  })
  const [attachment] = parts.attachments as readonly Json[]
  assert.deepEqual([attachment?.part, attachment?.type], ['1', 'text/html'])
  const saved = await api.ask(`/messages/${id}/parts/1`)
  assert.equal(saved.headers['content-type'], 'application/octet-stream')
  assert.equal(saved.headers['content-disposition'], 'attachment; filename="_evil.html"')
  assert.equal(saved.text.trim(), '<script>alert(2)</script>')
  assert.equal((await api.ask(`/messages/${id}/parts/2`)).status, 404)
})

test('evidence is a history file with everything about the message, and the content of no other', async (t) => {
  const api = await apiServer(t)
  const id = await api.mail('Subject: One\r\n\r\nfirst')
  const { text, headers } = await api.ask(`/messages/${id}/evidence`)
  assert.equal(headers['content-type'], 'application/x-ndjson')
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Json)
  assert.equal(lines[0]?.format, 'fsmtp-history')
  assert.ok(lines.some(({ type }) => type === 'MessageAccepted'))
  assert.ok(lines.some(({ type }) => type === 'PolicyAdopted'))
})

test('a history file without all content, as it is given out, is one that verify finds well', async (t) => {
  const api = await apiServer(t)
  const line = await greeted(api.server.port('mx'))
  const [first, second] = [
    acceptedAs(await send(line, 'Subject: One\r\n\r\nfirst')),
    acceptedAs(await send(line, 'Subject: Two\r\n\r\nsecond')),
  ]
  await line.say('QUIT')
  await api.server.until((events) => events.some(({ type }) => type === 'SessionClosed'))
  await api.settled()
  const [session] = await api.items('/sessions')
  const verified = async (path: string) => {
    const { text } = await api.ask(path)
    const wrong: Finding[] = []
    const verifying = async (bytes: string) => {
      const file = new HistoryFile(async function* () {
        yield Buffer.from(bytes)
      })
      const { unchecked } = await verifyPages(() => file.pages(), file.log, {
        ...{ machines, books: null, content: file.content, found: (finding) => wrong.push(finding) },
      })
      return unchecked
    }
    return { unchecked: await verifying(text), wrong, text, verifying }
  }
  const history = await verified(`/sessions/${session?.id}/history`)
  assert.deepEqual([history.unchecked, history.wrong], [2, []])
  const evidence = await verified(`/messages/${first}/evidence`)
  assert.deepEqual([evidence.unchecked, evidence.wrong], [1, []])
  // The content that it promises must be there.
  await evidence.verifying(evidence.text.replace(/\n\{"content":[^\n]*/, ''))
  assert.deepEqual(
    evidence.wrong.map((finding) => finding.kind === 'content' && finding.message),
    [first],
  )
  assert.notEqual(first, second)
})

/** All ids of a list, a few at a time; `between` happens after the first page. */
const walked = async (api: Api, path: string, between: () => Promise<unknown>): Promise<string[]> => {
  const found: string[] = []
  for (let next: unknown = null, at = 0; at === 0 || next !== null; at++) {
    const cursor = next === null ? '' : `&cursor=${next}`
    const page = await api.get(`${path}limit=2${cursor}`)
    found.push(...(page.items as readonly Json[]).map(({ id }) => String(id)))
    next = page.next
    if (at === 0) await between()
  }
  return found
}

test('pages never shift while mail flows', async (t) => {
  const api = await apiServer(t)
  const ids: string[] = []
  for (let at = 0; at < 5; at++) ids.push(await api.mail())
  const newestFirst = ids.toReversed()
  assert.deepEqual(await walked(api, '/messages?', () => api.mail()), newestFirst)
  const filtered = await walked(api, '/messages?sender=a@b.example&', () => api.mail())
  assert.deepEqual(filtered.slice(-5), newestFirst)
  assert.equal(new Set(filtered).size, filtered.length)
})

test('a cursor is good for its own question only', async (t) => {
  const api = await apiServer(t)
  for (let at = 0; at < 3; at++) await api.mail()
  const { next } = await api.get('/messages?limit=1')
  assert.match(detailOf(await api.ask(`/messages?cursor=${next}&sender=x@y`)), /belongs to other filters/)
  assert.match(detailOf(await api.ask(`/sessions?cursor=${next}`)), /belongs to other filters/)
  assert.match(detailOf(await api.ask('/messages?cursor=x')), /none that this list has given/)
  const forged = Buffer.from(JSON.stringify([1, { toString: 1 }])).toString('base64url')
  assert.equal((await api.ask(`/messages?cursor=${forged}`)).status, 400)
})

test('what cannot be asked is told with what can', async (t) => {
  const api = await apiServer(t)
  for (const [path, words] of [
    ['/messages?recipent=x', /there is no parameter recipent; did you mean recipient\?/],
    ['/sessions?outcome=great', /^outcome: give one of accepted, refused/],
    ['/deliveries?since=yesterday', /^since: give a date \(2026-01-31\)/],
    ['/messages?limit=0', /^limit: give a whole number from 1 to 500/],
    ['/messages?limit=1&limit=2', /limit is given twice/],
    ['/messages?sender=', /^sender: is empty/],
    ['/webhooks?x=1', /there is no parameter x; this takes none/],
    ['/machines/session?format=png', /^format: give one of json, svg/],
    ['/events?type=MessageAcepted', /did you mean MessageAccepted\?/],
    ['/messages?position=999999999', /beyond the end of the log/],
  ] as const) {
    const answer = await api.ask(path)
    assert.equal(answer.status, 400, path)
    assert.match(detailOf(answer), words)
  }
  for (const path of ['/messages/nothing', '/sessions/x/steps', '/deliveries/x', '/machines/x', '/nothing'])
    assert.equal((await api.ask(path)).status, 404, path)
})

test('messages and sessions are asked for by the rule that made Junk', async (t) => {
  const api = await apiServer(t)
  await new Teller(api.server.running.log).tell(
    `s1:open s1:took(t1 a@x.example spf.fail) s1:quit s2:open s2:took(t2 a@x.example) s2:quit
     s3:open s3:ehlo s3:mail s3:norcpt(bob@example.org greylisted spf.none 451) s3:quit`,
  )
  await api.settled()
  const idsOf = async (path: string) => (await api.items(path)).map(({ id }) => id)
  assert.deepEqual(await idsOf('/messages?tag=spf.*'), ['t1'])
  assert.deepEqual(await idsOf('/sessions?tag=*'), ['s1'])
  assert.deepEqual(await idsOf('/sessions?reason=greylisted'), ['s3'])
  assert.deepEqual(
    [(await api.get('/messages/t1')).tags, (await api.get('/messages/t2')).tags],
    [['spf.fail'], []],
  )
  assert.equal((await api.get('/sessions/s3')).deferred, true)
})

test('machines come in every format, with counts laid over pictures', async (t) => {
  const api = await apiServer(t)
  await api.mail()
  assert.deepEqual(
    (await api.items('/machines')).map(({ name }) => name),
    ['session', 'delivery'],
  )
  for (const [format, type, words] of [
    ['json', 'application/json; charset=utf-8', /"transitions"/],
    ['svg', 'image/svg+xml', /^<svg/],
    ['mermaid', 'text/plain; charset=utf-8', /stateDiagram/],
    ['dot', 'text/plain; charset=utf-8', /^digraph/],
    ['scxml', 'application/xml; charset=utf-8', /<scxml/],
  ] as const) {
    const answer = await api.ask(`/machines/session?format=${format}`)
    assert.equal(answer.headers['content-type'], type)
    assert.match(answer.text, words)
  }
  assert.match((await api.ask('/machines/session?format=mermaid&counts=true')).text, /1 time, after/)
  assert.equal((await api.ask('/machines/session?format=scxml&counts=true')).status, 400)
  const { flow: counted, ...machine } = await api.get('/machines/session?format=json&counts=true')
  assert.deepEqual(machine, await api.get('/machines/session'))
  assert.deepEqual(counted, await api.get('/machines/session/flow'))
  assert.ok(((counted as Json).items as readonly Json[]).some(({ count }) => count === 1))
  const flow = await api.items('/machines/session/flow')
  assert.ok(flow.some(({ input, count }) => input === 'EHLO' && count === 1))
  const lately = await api.get('/machines/session/flow?since=1h')
  assert.deepEqual(lately.items, flow)
  assert.match(String(lately.since), /:\d0:00\.000Z$/)
  assert.deepEqual(lately.states, [{ state: 'closed', count: 1 }])
  const before = await api.get('/machines/session/flow?until=2d')
  assert.deepEqual([before.items, before.states], [[], lately.states])
  const bare = await api.ask('/machines/session?format=mermaid&counts=true&until=2d')
  assert.match(bare.text, /never/)
  assert.doesNotMatch(bare.text, /1 time, after/)
  assert.equal((await api.ask('/machines/session?format=mermaid&until=2d')).status, 400)
})

test('views say how they are, and are built again', async (t) => {
  const api = await apiServer(t)
  await api.mail()
  const before = (await api.items('/views')).find(({ name }) => name === 'mailboxes')
  const { status, json } = await api.ask('/views/mailboxes/rebuild', { method: 'POST' })
  assert.deepEqual([status, json], [202, { name: 'mailboxes' }])
  assert.equal((await api.ask('/views/nothing/rebuild', { method: 'POST' })).status, 404)
  const generation = Number(before?.generation)
  const { eventually } = await import('./asking.ts')
  await eventually(async () => {
    const after = (await api.items('/views')).find(({ name }) => name === 'mailboxes')
    return Number(after?.generation) > generation
  })
  assert.equal((await api.items('/messages')).length, 1)
})

test('an event of one stream is found by its revision', async (t) => {
  const api = await apiServer(t)
  const id = await api.mail()
  const { session } = await api.get(`/messages/${id}`)
  const stream = `smtp_session-${session}`
  const [third] = await api.items(`/events?stream=${stream}&revision=2&limit=1`)
  assert.deepEqual([third?.stream, third?.revision], [stream, 2])
  assert.equal((await api.ask('/events?revision=2')).status, 400)
})
