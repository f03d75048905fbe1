/** A mailbox live: an account hears of its own mail the moment it comes, and of nobody else’s. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { type TestContext, test } from 'node:test'
import { acceptedAs, greeted, send } from '../client.ts'
import { eventually } from '../server.ts'
import { watchedServer } from './asking.ts'
import { pageHeaders, password, type Visitor, visitor } from './visitor.ts'

const [alice, bob] = ['alice@example.org', 'bob@example.org']

/** What one hears, as it comes; the status where nothing does. */
const following = async (
  t: TestContext,
  { port, path, who, last }: { port: number; path: string; who: Visitor; last?: number },
) => {
  const asked = request({
    ...{ host: '127.0.0.1', port, path: `/api/v1${path}`, agent: false },
    headers: {
      ...{ ...pageHeaders(port, who.cookie), accept: 'text/event-stream' },
      ...(last !== undefined && { 'last-event-id': String(last) }),
    },
  })
  t.after(() => asked.destroy())
  const heard: Record<string, unknown>[] = []
  const status = await new Promise<number>((resolve, reject) => {
    asked.once('error', reject).end()
    asked.once('response', (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('error', () => {})
      answer.on('data', (chunk: string) => {
        const lines = (text + chunk).split('\n')
        text = lines.pop()!
        for (const line of lines) if (line.startsWith('data: ')) heard.push(JSON.parse(line.slice(6)))
      })
      resolve(answer.statusCode ?? 0)
    })
  })
  return { status, heard }
}

test('an account hears of its own mailbox and its folders, and of nothing else', async (t) => {
  const { http, port, addAccount, until } = await watchedServer(t)
  for (const address of [alice, bob]) await addAccount({ addresses: [address], password })
  const [hers, his] = [await visitor(http, { user: alice }), await visitor(http, { user: bob })]
  const path = `/mailboxes/${alice}/events`
  assert.equal((await hers.ask(`/api/v1${path}`)).status, 406)
  assert.equal((await following(t, { port: http, path, who: his })).status, 404)
  const live = await following(t, { port: http, path, who: hers })
  assert.equal(live.status, 200)
  const received = async (...to: string[]): Promise<string> => {
    const line = await greeted(port('mx'))
    const id = acceptedAs(await send(line, 'Subject: in\r\n\r\nhello', { to })) ?? assert.fail()
    await line.say('QUIT')
    return id
  }
  await received(bob)
  const both = await received(bob, alice)
  const [mailboxes, id] = [[alice], `${both}.2`]
  await eventually(() => live.heard.length === 1)
  const [first] = live.heard
  assert.deepEqual(first, {
    ...{ position: first?.position, type: 'MessageAccepted', at: first?.at, mailboxes, message: both },
    id: null,
  })
  await eventually(async () => (await hers.ask(`/api/v1/mailboxes/${alice}/messages/${id}`)).status === 200)
  const headers = { 'content-type': 'application/json' }
  for (const body of [{ add: ['\\Seen'] }, { mailbox: `${alice}/Kept` }])
    await hers.ask(`/api/v1/mailboxes/${alice}/messages/${id}`, {
      ...{ method: 'PATCH', headers, body: JSON.stringify(body) },
    })
  await until((events) => events.some(({ type }) => type === 'MessageMoved'))
  await eventually(() => live.heard.length === 3)
  assert.deepEqual(
    live.heard.slice(1).map((one) => [one.type, one.mailboxes, one.id]),
    [
      ['MessageFlagged', mailboxes, id],
      ['MessageMoved', [alice, `${alice}/Kept`], id],
    ],
  )
  const again = await following(t, { ...{ port: http, path, who: hers }, last: Number(first?.position) })
  await eventually(() => again.heard.length === 2)
  assert.deepEqual(again.heard, live.heard.slice(1))
})
